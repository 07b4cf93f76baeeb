"""What a running step tells people: log lines, and steps with times."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

from django.utils import timezone

from ..adapters import wakeups
from ..adapters.buildkit import Line, Step
from ..models import BuildStep, Deployment
from ..models.logwriter import LogWriter
from ..redaction import Redactor
from . import secrets


class Report:
    """Use as a context manager, while holding the deployment's lease.

    Whatever it is told, it takes secrets out of.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._log = LogWriter(deployment, self._written)
        self._build_offset = 0
        self._concealed: set[str | bytes] = set()
        self._known: Redactor | None = None

    def __enter__(self) -> "Report":
        self._log.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._log.__exit__(kind, problem, trace)
        wakeups.notify(deployment=self._deployment.pk, branch=self._deployment.branch_id)

    def conceal(self, values: Iterable[str | bytes]) -> None:
        """These, too, are told to nobody from now on."""
        self._concealed |= set(values)
        self._known = None

    def redacted(self, text: str) -> str:
        """`text` as it may be shown."""
        return self._redactor().redact(text)

    def _redactor(self) -> Redactor:
        # Late, since it may ask AWS: not before the work's heart beats.
        if self._known is None:
            self._known = secrets.redactor(self._deployment.branch, self._concealed)
            self._log.conceal(self._known)
        return self._known

    def say(self, text: str) -> None:
        """Edaha's own words, line by line."""
        self._redactor()
        for line in text.splitlines():
            self._log.line(line)

    def flush(self) -> None:
        """Have everything written: before a move, after which somebody else may write the log."""
        self._log.flush()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step of Edaha's own, with its times and its end."""
        step, _ = BuildStep.objects.update_or_create(
            deployment=self._deployment,
            number=self._next_number(),
            defaults={"name": name, "started_at": timezone.now()},
        )
        self._changed()
        try:
            yield
        except Exception as problem:
            step.error = self.redacted(str(problem))
            raise
        finally:
            # Whoever took the work over meanwhile has begun the list of steps anew.
            BuildStep.objects.filter(pk=step.pk).update(
                completed_at=timezone.now(), error=step.error
            )
            self._changed()

    def begin_step(self, name: str) -> None:
        """A step that ends in another call, with `end_step`."""
        BuildStep.objects.create(
            deployment=self._deployment,
            number=self._next_number(),
            name=self.redacted(name),
            started_at=timezone.now(),
        )
        self._changed()

    def end_step(self, name: str, error: str = "") -> None:
        self._deployment.steps.filter(name=self.redacted(name), completed_at=None).update(
            completed_at=timezone.now(), error=self.redacted(error)
        )
        self._changed()

    def forget_steps(self) -> None:
        """Begin the list of steps anew: an earlier try was interrupted."""
        self._deployment.steps.all().delete()

    def begin_build(self) -> None:
        """BuildKit's steps are numbered from the next number on."""
        self._build_offset = self._next_number() - 1

    def build_change(self, change: Step | Line) -> None:
        """Take over what BuildKit tells."""
        self._redactor()
        if isinstance(change, Line):
            number = change.step + self._build_offset if change.step else 0
            at = change.at.timestamp() if change.at else None
            self._log.line(change.text, step=number, at=at)
            return
        BuildStep.objects.update_or_create(
            deployment=self._deployment,
            number=change.number + self._build_offset,
            defaults={
                "name": self.redacted(change.name)[:500],
                "started_at": change.started_at,
                "completed_at": change.completed_at,
                "cached": change.cached,
                "error": self.redacted(change.error),
            },
        )
        self._changed()

    def _next_number(self) -> int:
        last = self._deployment.steps.order_by("-number").first()
        return last.number + 1 if last else 1

    def _written(self, line: int) -> None:
        wakeups.notify(deployment=self._deployment.pk, line=line)

    def _changed(self) -> None:
        wakeups.notify(deployment=self._deployment.pk)
