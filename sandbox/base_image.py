"""The image that the sample application is built on, made on this machine.

No registry is needed: Debian's own Python packages are unpacked into a folder which Docker
imports, about 25 MB in a few seconds. Where there is no apt, Docker Hub's image is taken.
"""

import platform
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from sandbox.instance import StartError

NAME = "localhost/python:3-slim"  # what the sample's Dockerfile asks for
ON_DOCKER_HUB = "python:3.13-slim"
PACKAGES = ("python3-venv", "busybox-static", "ca-certificates")
PULL_TIMEOUT = 120  # seconds
NOT_NEEDED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/perl5",
    "usr/share/info",
)
MERGED = ("bin", "lib", "lib64", "sbin")  # top-level links into /usr, as Debian has them


def ensure() -> None:
    """Makes the image where the engine has none. Raises StartError when there is no way to."""
    if _docker("image", "inspect", NAME).returncode == 0:
        return
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        with tempfile.TemporaryDirectory(prefix="edaha-base-") as folder:
            _from_debian(Path(folder))
    else:
        _from_docker_hub()


def _from_docker_hub() -> None:
    try:
        pulled = _docker("pull", "--quiet", ON_DOCKER_HUB, timeout=PULL_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise StartError(
            f"docker pull {ON_DOCKER_HUB} takes too long; "
            "start with --no-sample to go without the sample"
        ) from None
    if pulled.returncode != 0:
        raise StartError(
            f"the sample's base image is not to be had: {_last_line(pulled)}; "
            "start with --no-sample to go without"
        )
    _docker("tag", ON_DOCKER_HUB, NAME)


def _from_debian(folder: Path) -> None:
    root = folder / "root"
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in _download(folder):
        _unpack(package, into=root)
    for unused in NOT_NEEDED:
        shutil.rmtree(root / unused, ignore_errors=True)
    _add_commands(root)
    _compile(root)
    _import(root, folder / "root.tar")


def _download(folder: Path) -> list[Path]:
    """Debian's packages with all that they depend on, verified by apt, newest of each."""
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True)
    (folder / "status").touch()  # an empty one: apt then thinks that nothing is installed
    command = [
        "apt-get",
        "install",
        "--yes",
        "--quiet",
        "--download-only",
        "--no-install-recommends",
        "-o",
        f"Dir::State::status={folder}/status",
        "-o",
        f"Dir::Cache::archives={archives}",
        "-o",
        "Debug::NoLocking=1",
        "-o",
        "APT::Sandbox::User=",
        *PACKAGES,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        subprocess.run(["apt-get", "update", "--quiet"], capture_output=True)
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise StartError(f"the sample's base image: apt-get: {_last_line(done)}")
    return sorted(archives.glob("*.deb"))


def _unpack(package: Path, into: Path) -> None:
    """Unpacks a package over the merged /usr, following the links made before."""
    packed = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    done = subprocess.run(
        [
            "tar",
            "--extract",
            "--keep-directory-symlink",
            "--no-same-owner",
            "--directory",
            str(into),
        ],
        stdin=packed.stdout,
        capture_output=True,
        text=True,
    )
    if packed.wait() != 0 or done.returncode != 0:
        raise StartError(f"cannot unpack {package.name} for the base image: {_last_line(done)}")


def _add_commands(root: Path) -> None:
    """A shell and the small tools by busybox, and what packages' own scripts would have made."""
    busybox = root / "usr/bin/busybox"
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for command in listed.stdout.split():
        link = root / "usr/bin" / command
        if not link.is_symlink() and not link.exists():
            link.symlink_to("busybox")
    (root / "usr/bin/python").symlink_to("python3")
    for folder, mode in (("tmp", 0o1777), ("root", 0o700), ("etc", 0o755), ("var/tmp", 0o1777)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).chmod(mode)
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n"
    )
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")


def _compile(root: Path) -> None:
    """Byte code of the standard library, as its package's own script would have made it.

    It saves every container of the sample half a second at its start; without it all works.
    """
    for loader in root.glob("lib*/**/ld-linux*"):
        libraries = root / "usr/lib" / f"{platform.machine()}-linux-gnu"
        for library in (root / "usr/lib").glob("python3.*"):
            python = root / "usr/bin" / library.name
            subprocess.run(
                [
                    loader,
                    "--library-path",
                    libraries,
                    python,
                    "-I",
                    "-m",
                    "compileall",
                    "-q",
                    "-s",
                    str(root),
                    str(library),
                ],
                capture_output=True,
            )
        return


def _import(root: Path, archive: Path) -> None:
    def owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    with tarfile.open(archive, "w") as tar:
        tar.add(root, arcname=".", filter=owned_by_root)
    done = _docker(
        "import",
        "--change",
        "ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin",
        "--change",
        'CMD ["python3"]',
        "--platform",
        _platform(),
        str(archive),
        NAME,
    )
    if done.returncode != 0:
        raise StartError(f"the sample's base image: docker import: {_last_line(done)}")


def _platform() -> str:
    return {"aarch64": "linux/arm64"}.get(platform.machine(), "linux/amd64")


def _docker(*arguments: str, timeout: float | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout)


def _last_line(done: "subprocess.CompletedProcess[str]") -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"
