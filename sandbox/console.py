"""What bin/up says: a spinner and ticks in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from sandbox.instance import Instance


class Progress:
    """One line for each step that is done, one spinner for the step under way."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self.status: Status | None = None
        self.lock = Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Says that a step has begun, and when it is done how long it took."""
        started = time.monotonic()
        self.begin(name)
        yield
        self.done(name, time.monotonic() - started)

    def begin(self, name: str) -> None:
        with self.lock:
            if not self.console.is_terminal:
                return
            if self.status is None:
                self.status = self.console.status(name)
                self.status.start()
            self.status.update(escape(name))

    def done(self, name: str, seconds: float) -> None:
        self.say(f"[green]✓[/] {escape(name)} [dim]{seconds:.1f} s[/]")

    def say(self, text: str) -> None:
        """A line in rich's markup."""
        with self.lock:
            self.console.print(text, soft_wrap=True)

    def note(self, text: str) -> None:
        """A line of plain text about what goes on."""
        self.say(f"[dim]·[/] {escape(text)}")

    def warn(self, text: str) -> None:
        if text:
            self.say(f"[yellow]![/] {escape(text)}")

    def welcome(
        self, instance: Instance, password: str | None, checkout: Path | None, seconds: float
    ) -> None:
        """Where everything is, how to sign in, and what to do next."""
        signing_in = (
            f"admin / [bold]{escape(password)}[/]  (shown this once)"
            if password
            else "admin  (for a new password: bin/manage changepassword admin)"
        )
        lines = [
            "",
            f"[bold]Edaha runs[/], {seconds:.1f} s after it was started.",
            f"  Dashboard  {instance.dashboard_url}",
            f"  Sign in    {signing_in}",
            f"  Previews   http://<branch>.localhost:{instance.router_port}",
            f"  AWS        {instance.aws_url}",
        ]
        if checkout:
            lines += [
                "",
                "The dashboard shows the pull requests of a sample application. Push to one:",
                f"  cd {escape(str(checkout))}",
                "  edit app/menu.json, then: git commit -am 'New prices' && git push",
            ]
        self.say("\n".join([*lines, "", "[dim]Ctrl-C stops everything started here.[/]"]))

    def end(self) -> None:
        """Takes the spinner away."""
        with self.lock:
            if self.status is not None:
                self.status.stop()
                self.status = None
