"""Remote BuildKit builders, one for each architecture: what they are called, and made known.

Builds then run on machines that hold nothing of Edaha. buildx knows several builders together as
the nodes of one, and builds each platform on the node that is for it.
https://docs.docker.com/build/builders/drivers/remote/
"""

import fcntl
import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ..causes import Cause
from ..config import config
from ..errors import PlatformError

_TIMEOUT = 60
_TLS = {"cacert": "ca.pem", "cert": "cert.pem", "key": "key.pem"}


def name() -> str:
    """What buildx calls them; empty where the machine's own builder builds."""
    told = f"{config().builders} {config().builders_tls or ''}"
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return f"edaha-{digest}" if config().builders else ""


def create_commands(builders: str, called: str, tls: Path | None) -> list[list[str]]:
    """`linux/amd64=tcp://a:1234,linux/arm64=tcp://b:1234` as the commands that make one builder."""
    options = ",".join(f"{option}={tls / file}" for option, file in _TLS.items()) if tls else ""
    commands: list[list[str]] = []
    for entry in builders.split(","):
        platform, _, address = entry.partition("=")
        commands.append(
            [
                *("docker", "buildx", "create", f"--name={called}", "--driver=remote"),
                f"--platform={platform}",
                *([f"--driver-opt={options}"] if options else []),
                *(["--append"] if commands else []),
                address,
            ]
        )
    return commands


def limits() -> list[str]:
    """Of each RUN: memory, CPU and processes by a cgroup of the operator's, files by ulimits."""
    cgroup, files = config().build_cgroup, config().build_open_files
    size = round(config().build_file_gb * 10**9)
    return [
        *([f"--cgroup-parent={cgroup}"] if cgroup else []),
        *([f"--ulimit=nofile={files}:{files}"] if files else []),
        *([f"--ulimit=fsize={size}:{size}"] if size else []),
    ]


def ensure(environment: Mapping[str, str]) -> None:
    """Make them known to buildx on this machine, once; `environment` is that of its commands."""
    called = name()
    if not called:
        return
    known = Path(environment["BUILDX_CONFIG"]) / f"{called}.known"
    with known.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if known.exists():
            return
        # Of a try that was interrupted; mostly there is nothing.
        _run(["docker", "buildx", "rm", "--force", called], environment)
        for command in create_commands(config().builders, called, config().builders_tls):
            done = _run(command, environment)
            if done.returncode != 0:
                raise PlatformError(
                    f"The builder {command[-1]} was not taken: {done.stderr.strip()[-300:]}",
                    hint="Check EDAHA_BUILDERS and EDAHA_BUILDERS_TLS.",
                    cause=Cause.INSIDE,
                    retry=True,
                )
        known.touch()


def _run(command: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
