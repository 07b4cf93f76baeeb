"""Tools that come from the system: found, or installed from Debian's packages when root."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox.instance import StartError

Say = Callable[[str], None]

# Debian 12 has no buildx and an older engine; trixie's run on its libraries.
TRIXIE = """Types: deb
URIs: {mirror}
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
TRIXIE_PIN = """Package: *
Pin: release n=trixie
Pin-Priority: 100
"""
DOCKER = ("docker.io", "docker-cli", "docker-buildx")
ENGINE_FEATURES = '{\n  "features": {"containerd-snapshotter": true}\n}\n'
APT = Path("/etc/apt")


def ensure(say: Say) -> None:
    """git, docker and buildx are there afterwards. Raises StartError saying what to install."""
    missing = _missing()
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise StartError(
            f"missing: {', '.join(missing)}; please install "
            "(on Debian: " + " ".join(_packages(missing)) + ")"
        )
    say(f"Installing {' '.join(missing)}")
    if "docker" in missing:
        _prefer_containerd_images()
    if _release() == "bookworm" and missing != ["git"]:
        _add_trixie()
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *_packages(missing))
    still = _missing()
    if still:
        raise StartError(f"installed from Debian's packages, yet missing: {', '.join(still)}")


def _missing() -> list[str]:
    missing = [] if shutil.which("git") else ["git"]
    if not shutil.which("docker") or not (
        _succeeds("docker", "version") or shutil.which("dockerd")
    ):
        # A client alone, with no engine to talk to and none to start, is none.
        missing.append("docker")
    if "docker" in missing or not _succeeds("docker", "buildx", "version"):
        missing.append("docker-buildx")
    return missing


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


def _packages(missing: list[str]) -> list[str]:
    wanted = ["git"] if "git" in missing else []
    names = DOCKER if "docker" in missing else ("docker-buildx",)
    if missing != ["git"]:
        suffix = "/trixie" if _release() == "bookworm" else ""
        wanted += [name + suffix for name in names]
    return wanted


def _release() -> str:
    """The distribution's code name; empty where it has none."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return ""
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("VERSION_CODENAME", "").strip('"')


def _add_trixie() -> None:
    lists = [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))]
    if not any("trixie" in path.read_text() for path in lists if path.is_file()):
        sources = TRIXIE.format(mirror=_mirror())
        (APT / "sources.list.d/edaha-trixie.sources").write_text(sources)
        (APT / "preferences.d/edaha-trixie").write_text(TRIXIE_PIN)


def _mirror() -> str:
    """Where this machine gets Debian 12 from: trixie lies beside it."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    listed = subprocess.run(
        [*command, "Created-By: Packages", "Release: bookworm"], capture_output=True, text=True
    )
    if not listed.stdout.split():
        raise StartError("apt knows no source of Debian's packages; see /etc/apt/sources.list.d")
    return listed.stdout.split()[0]


def _prefer_containerd_images() -> None:
    """Set before the engine's first start: images of one store are not seen in the other."""
    config = Path("/etc/docker/daemon.json")
    if not config.exists():
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(ENGINE_FEATURES)


def _apt(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", "--quiet", *arguments],
        capture_output=True,
        text=True,
        env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"),
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no output"]
        raise StartError(f"apt-get {arguments[0]}: {lines[-1]}")
