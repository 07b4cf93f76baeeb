"""The image, built once; and what its containers need, running for as long as these tests do."""

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import base, stores
from .engine import Container, docker, gateway

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "localhost/edaha-tests/edaha"
#: Stands in the files that are given to the build as secrets, and must not come out of it.
MARKER = "# marker-of-a-secret-that-stays-outside"
WEBHOOK_SECRET = "a secret of the image tests"

_CA_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class House:
    """Every role in a container of its own, and the stores that they share."""

    database_url: str
    environment: dict[str, str]
    roles: dict[str, Container]

    def __getitem__(self, role: str) -> Container:
        return self.roles[role]


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Built from the working tree; the engine's cache makes it quick the second time."""
    base_image = base.ensure()
    secrets = _secrets(tmp_path_factory.mktemp("secrets"))
    command = ["docker", "buildx", "build", f"--build-arg=BASE={base_image}", "--provenance=false"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, *secrets, f"--tag={IMAGE}", str(ROOT)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    print(f"image built in {time.monotonic() - began:.1f} s")
    return IMAGE


def _secrets(folder: Path) -> list[str]:
    """What pip needs to get through to its index on this machine, marked."""
    options = []
    found = [Path(os.environ[name]) for name in _CA_VARIABLES if name in os.environ]
    if found:
        (folder / "ca").write_text(f"{found[0].read_text()}\n{MARKER}\n")
        options.append(f"--secret=id=ca,src={folder}/ca")
    (folder / "pip.conf").write_text(f"{_pip_configuration()}\n{MARKER}\n")
    return [*options, f"--secret=id=pip.conf,src={folder}/pip.conf"]


def _pip_configuration() -> str:
    files = (os.environ.get("PIP_CONFIG_FILE"), "/etc/pip.conf")
    found = next((Path(name) for name in files if name and Path(name).exists()), None)
    text = found.read_text() if found else "[global]"
    if "PIP_INDEX_URL" in os.environ:
        text += f"\n[install]\nindex-url = {os.environ['PIP_INDEX_URL']}\n"
    return text


@pytest.fixture(scope="session")
def house(image: str) -> Iterator[House]:
    with ExitStack() as stack:
        address = gateway()
        environment = {
            "EDAHA_SECRET_KEY": "only for the image's tests, and of no value elsewhere",
            "EDAHA_DATABASE_URL": stack.enter_context(stores.postgres(address)),
            "EDAHA_REDIS_URL": stack.enter_context(stores.valkey(address)),
            "EDAHA_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "EDAHA_BASE_URL": "https://edaha.example.com",
            "EDAHA_BEHIND_PROXY": "1",
            "EDAHA_PREVIEW_DOMAIN": "previews.example.net",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }
        migrated = docker(
            "run", "--rm", *(f"--env={name}={value}" for name, value in environment.items()),
            image, "migrate",
        )  # fmt: skip
        assert "Applying deployments.0001_initial... OK" in migrated
        roles = _start(image, environment, stack)
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda role: role.wait_until_healthy(60), roles.values()))
        yield House(environment["EDAHA_DATABASE_URL"], environment, roles)


def _start(image: str, environment: dict[str, str], stack: ExitStack) -> dict[str, Container]:
    roles: dict[str, Container] = {}
    # As strict as an orchestrator may be: nothing but /tmp and the data folder can be written.
    data = "--tmpfs=/var/lib/edaha:uid=10001,gid=10001"
    strict = ("--read-only", "--cap-drop=ALL", "--tmpfs=/tmp", data)
    socket = socket_options()
    for role in ("web", "control-worker", "build-worker", "beat", "router"):
        extra = socket if role == "build-worker" else ()
        if role == "router":
            environment = environment | {
                "EDAHA_NAMESPACE": "edaha.internal",
                "EDAHA_DASHBOARD": f"{roles['web'].address}:8000",
                "EDAHA_DASHBOARD_HOST": "edaha.example.com",
            }
        roles[role] = Container.start(
            image, role, environment=environment, options=(*strict, *extra)
        )
        stack.callback(roles[role].remove)
    return roles


def socket_options() -> tuple[str, ...]:
    """The engine's socket and the group that may use it."""
    socket = Path("/var/run/docker.sock").resolve()
    return (f"--volume={socket}:/var/run/docker.sock", f"--group-add={socket.stat().st_gid}")
