"""One running Edaha on this machine: where its data lies, which ports it takes, its secrets.

Several run side by side with different values of EDAHA_DATA and of the three ports.
"""

import hashlib
import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 107  # bytes; sun_path in unix(7), without the closing zero
LOOPBACK = "127.0.0.1"


class StartError(Exception):
    """Edaha cannot start or go on; the message is one line that says what to do."""


@dataclass(frozen=True)
class Instance:
    """Values fixed by the environment, and paths that follow from them."""

    data: Path
    port: int  # the dashboard
    router_port: int  # the previews
    aws_port: int  # the AWS emulator and its registry

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Instance":
        """Raises StartError for a value that is no port, or for two that are the same."""
        instance = cls(
            data=Path(environment.get("EDAHA_DATA") or ROOT / ".edaha").absolute(),
            port=_port(environment, "EDAHA_PORT", 8000),
            router_port=_port(environment, "EDAHA_ROUTER_PORT", 8080),
            aws_port=_port(environment, "EDAHA_AWS_PORT", 4566),
        )
        ports = (instance.port, instance.router_port, instance.aws_port)
        if len(set(ports)) < len(ports):
            raise StartError(
                "EDAHA_PORT, EDAHA_ROUTER_PORT and EDAHA_AWS_PORT must differ; they are "
                + ", ".join(map(str, ports))
            )
        return instance

    @property
    def name(self) -> str:
        """Marks this instance's processes and containers, also those that a crash left behind."""
        return "edaha-" + hashlib.sha256(os.fsencode(self.data)).hexdigest()[:10]

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def static(self) -> Path:
        """Style sheets, scripts and pictures, collected and compressed."""
        return self.data / "static"

    @property
    def sample(self) -> Path:
        return self.data / "sample"

    @property
    def run(self) -> Path:
        """Sockets and pid files; in /tmp when the data folder's path is too long for a socket."""
        run = self.data / "run"
        if len(os.fsencode(run / "supervisor.sock.1234567")) <= LONGEST_SOCKET_PATH:
            return run
        return Path("/tmp") / f"{self.name}-{os.getuid()}"  # nosec B108 (mode 0700)

    @property
    def dashboard_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def aws_url(self) -> str:
        return f"http://{LOOPBACK}:{self.aws_port}"

    @property
    def dns_port(self) -> int:
        """Chosen when it is first asked for, then remembered, as the two secrets are."""
        return int(self._remembered("dns_port", lambda: str(free_port())))

    @property
    def secret_key(self) -> str:
        return self._remembered("secret_key", lambda: secrets.token_urlsafe(50))

    @property
    def webhook_secret(self) -> str:
        """What the sample repository's webhooks are signed with."""
        return self._remembered("webhook_secret", lambda: secrets.token_hex(20))

    def make_folders(self) -> None:
        for folder in (self.data, self.logs, self.run):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)  # the operator may have made it, and it holds secrets
            except OSError as error:
                raise StartError(f"cannot make the folder {folder}: {error.strerror}") from None
        if self.run.stat().st_uid != os.getuid():
            raise StartError(f"{self.run} belongs to somebody else: choose a shorter EDAHA_DATA")

    def remember(self, key: str, value: str) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._memory, json.dumps(self._kept() | {key: value}, indent=1))

    def is_prepared(self, what: str, database_url: str) -> bool:
        """Whether an earlier start has put something into this database already."""
        own = self.data / "db.sqlite3"
        lost = database_url.endswith(str(own)) and not own.exists()
        return not lost and self._kept().get(f"prepared {what}") == database_url

    def set_prepared(self, what: str, database_url: str) -> None:
        self.remember(f"prepared {what}", database_url)

    @property
    def _memory(self) -> Path:
        return self.data / "instance.json"

    def _kept(self) -> dict[str, str]:
        return dict(json.loads(self._memory.read_text())) if self._memory.exists() else {}

    def _remembered(self, key: str, choose: Callable[[], str]) -> str:
        if key not in self._kept():
            self.remember(key, choose())
        return self._kept()[key]


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise StartError(f"{name} is {value!r}: it must be a port number")
    return int(value)


def write_private(path: Path, text: str) -> None:
    """Replaces a file at once; only its owner can read it."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600, exist_ok=False)
    partial.write_text(text)
    partial.replace(path)


def free_port() -> int:
    """A port that is free for both UDP and TCP on loopback."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((LOOPBACK, 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


def taken_port(port: int, address: str = LOOPBACK) -> bool:
    """Whether something else listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
        return False
