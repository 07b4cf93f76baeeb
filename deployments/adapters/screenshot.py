"""A picture of a preview's first page, taken by headless Chromium where that is installed.

The page is strangers' code, and it runs on a machine with credentials. So Chromium gets an empty
environment and a home of its own, its process group is ended after a time, and no host name or
address leads anywhere but the preview's own to the router: neither the cloud's metadata address,
nor this machine's other ports, nor the network around it. What Chromium itself promises
(https://chromium.googlesource.com/chromium/src/+/HEAD/docs/design/sandbox.md) holds only where it
does not run as root: there its sandbox cannot be used.
"""

import contextlib
import os
import shutil
import signal
import struct
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import structlog
from django.core.signing import TimestampSigner

from ..config import config

log = structlog.get_logger(__name__)

#: Tells the gate that nobody visits.
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) EdahaScreenshot/1.0"
#: Signs the preview's label at the end of that: the router lets the look in for a minute, also
#: where the preview is protected, and does not pass it on.
PICTURE_SALT = "edaha.picture"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS = 20
#: What the page sees as its window, and how large the picture is in comparison.
_WINDOW, _SCALE = (1280, 800), 0.5
_MOST_BYTES = 500_000
_PNG = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    png: bytes
    width: int
    height: int


def program() -> str:
    """Chromium's path; empty where there is none, or it is not wanted."""
    wanted = config().chromium
    if wanted == "off":
        return ""
    return wanted or next(filter(None, map(shutil.which, _PROGRAMS)), "")


def take(label: str) -> Picture | None:
    """Of the preview with this DNS label; None where it shows no page, or Chromium fails."""
    chromium = program()
    if not chromium or not _shows_a_page(label):
        return None
    with TemporaryDirectory(prefix="edaha-screenshot-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            _run(command(chromium, label, folder), folder)
            return _read(folder / "page.png")
        except (OSError, ValueError, struct.error) as problem:
            log.info("no_screenshot", label=label, problem=str(problem))
            return None


def command(chromium: str, label: str, folder: Path) -> list[str]:
    """Chromium's arguments."""
    router = urlsplit(config().router_url)
    host = f"{label}.{config().preview_domain}"
    port = config().preview_port or 80
    # Only this host at this port leads somewhere: to the router, as plain HTTP behind whatever
    # ends TLS in front of it.
    rules = f"MAP {host}:{port} {router.hostname}:{router.port or 80}, MAP * ~NOTFOUND"
    width, height = _WINDOW
    # Its sandbox refuses to work for root.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [
        chromium,
        "--headless",
        *as_root,
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--renderer-process-limit=1",
        "--js-flags=--max-old-space-size=256",
        f"--user-agent={_user_agent(label)}",
        f"--user-data-dir={folder / 'profile'}",
        f"--host-resolver-rules={rules}",
        # As it is called now, and was called before: WebRTC takes addresses past the rules.
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        f"--window-size={width},{height}",
        f"--force-device-scale-factor={_SCALE}",
        "--virtual-time-budget=5000",
        f"--screenshot={folder / 'page.png'}",
        f"http://{host}:{port}/",
    ]


def _user_agent(label: str) -> str:
    return f"{USER_AGENT} {TimestampSigner(salt=PICTURE_SALT).sign(label)}"


def _shows_a_page(label: str) -> bool:
    """Chromium would take a picture of its own error page as well."""
    headers = {"Host": config().preview_host(label), "User-Agent": _user_agent(label)}
    try:
        answer = httpx.get(config().router_url, headers=headers, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and "html" in answer.headers.get("Content-Type", "")


def _run(arguments: list[str], folder: Path) -> None:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)}
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        log.info("screenshot_took_too_long", seconds=_SECONDS)
    finally:
        # Whatever it left behind, too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(path: Path) -> Picture:
    """Raises OSError, ValueError or struct.error for what is no picture to keep."""
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    png = path.read_bytes()
    if not png.startswith(_PNG):
        raise ValueError("no PNG file")
    # https://www.w3.org/TR/png-3/#11IHDR: behind the signature, a chunk's length and its name.
    width, height = struct.unpack(">II", png[16:24])
    return Picture(png, width, height)
