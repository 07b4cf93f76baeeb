"""docker buildx: commands are described as pure argument lists, then run."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from ..causes import Cause
from ..config import config
from ..diagnosis import place_in_dockerfile
from ..errors import PlatformError, UserError
from . import builders
from .apart import apart
from .buildkit import Line, Progress, Step
from .process import Process

_BEAT_SECONDS = 2.0
#: In the folder that a build has for itself.
_METADATA = "metadata.json"
_SECRETS = "secrets"
#: How the name of that folder begins.
PRIVATE_FOLDERS = "edaha-build-"


@dataclass(frozen=True)
class BuildRequest:
    """What is to be built, and where it goes."""

    #: Folder with the files, and the Dockerfile's path.
    context: Path
    dockerfile: Path
    platforms: tuple[str, ...]
    #: `registry/repository:tag` to push to.
    target: str
    #: The Dockerfile's stage; empty means the last.
    stage: str = ""
    args: tuple[tuple[str, str], ...] = ()
    #: BuildKit's id → value: in files for the time of the build, never part of a command.
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    cache_from: tuple[str, ...] = ()
    no_cache: bool = False
    #: Of a stranger's build, whose it is: its steps and its cache mounts are of nobody else, and
    #: no credentials are there while they run. Empty where the code is trusted.
    stranger: str = ""
    #: What the repository calls the Dockerfile, for messages.
    path: str = "Dockerfile"


@dataclass(frozen=True)
class Credentials:
    """Docker's `auth` for one registry: base64 of user:password. Empty where none is needed."""

    registry: str
    auth: str


def build_command(request: BuildRequest, folder: Path) -> list[str]:
    """Build and push; what the build is told and tells in files is in `folder`."""
    cache = [f"--cache-from=type=registry,ref={ref}" for ref in request.cache_from]
    if request.no_cache:
        cache = ["--no-cache", *(["--pull"] if config().pull_base_images else [])]
    return [
        *_common(request, folder),
        *cache,
        f"--metadata-file={folder / _METADATA}",
        f"--output=type=image,name={request.target},push=true,oci-mediatypes=true",
        str(request.context),
    ]


def try_command(request: BuildRequest, folder: Path) -> list[str]:
    """Build without any credentials, and keep what comes of it in the builder."""
    fresh = ["--no-cache"] if request.no_cache else []
    return [
        *_common(request, folder),
        *fresh,
        "--output=type=cacheonly",
        str(request.context),
    ]


def export_cache_command(request: BuildRequest, ref: str, folder: Path) -> list[str]:
    """Write the cache of a build that just ran to the registry, for other builders.

    `image-manifest` and `oci-mediatypes` are what ECR needs:
    https://docs.docker.com/build/cache/backends/registry/
    """
    return [
        *_common(request, folder),
        f"--cache-to=type=registry,ref={ref},mode=max,image-manifest=true,oci-mediatypes=true",
        "--output=type=cacheonly",
        str(request.context),
    ]


def _common(request: BuildRequest, folder: Path) -> list[str]:
    return [
        "docker",
        "buildx",
        "build",
        "--progress=rawjson",
        # Attestations would make every build a new digest.
        "--provenance=false",
        "--sbom=false",
        f"--file={request.dockerfile}",
        f"--platform={','.join(request.platforms)}",
        *builders.limits(),
        *([f"--target={request.stage}"] if request.stage else []),
        *(f"--build-arg={name}={value}" for name, value in request.args),
        *(f"--secret=id={name},src={folder / _SECRETS / name}" for name in request.secrets),
        *(apart(request.stranger) if request.stranger else []),
    ]


def build(
    request: BuildRequest,
    credentials: Credentials,
    *,
    report: Callable[[Step | Line], None],
    beat: Callable[[], None],
) -> str:
    """Build and push; returns the digest.

    `beat` is called about every two seconds; when it raises, the build is ended and that error
    goes on. A failing build is a UserError.
    """
    if request.stranger:
        _try_without_credentials(request, report=report, beat=beat)
        # Every step was run: what is left is to push the result.
        request, report = replace(request, no_cache=False), _silent
    with _private_folder(credentials, request.secrets) as folder:
        progress = Progress()
        code = _run(build_command(request, folder), folder, progress, report, beat)
        if code != 0:
            raise _explain(progress, request.path)
        try:
            told = orjson.loads((folder / _METADATA).read_bytes())
            digest: str = told["containerimage.digest"]
        except (OSError, KeyError, orjson.JSONDecodeError) as problem:
            raise PlatformError("buildx did not tell the image's digest.", retry=True) from problem
    if request.stranger:
        # Nobody comes back to it for the cache's sake.
        remove_local(request.target)
    return digest


def _try_without_credentials(
    request: BuildRequest, *, report: Callable[[Step | Line], None], beat: Callable[[], None]
) -> None:
    """Run a stranger's steps where nothing private can be pulled, and nothing be pushed.

    What this could not pull, the push, which has credentials, is never asked for.
    """
    with _private_folder(Credentials("", ""), {}) as folder:
        progress = Progress()
        if _run(try_command(request, folder), folder, progress, report, beat) != 0:
            raise _explain(progress, request.path)


def _silent(_: Step | Line) -> None:
    pass


def export_cache(
    request: BuildRequest, credentials: Credentials, ref: str, *, beat: Callable[[], None]
) -> None:
    """Raises PlatformError, or what `beat` raises: a cache that is missing costs time only."""
    with _private_folder(credentials, request.secrets) as folder:
        progress = Progress()
        command = export_cache_command(request, ref, folder)
        code = _run(command, folder, progress, lambda _: None, beat)
        if code != 0:
            raise PlatformError(f"The build cache was not exported: {progress.messages[-1:]}")


def inspect(reference: str, credentials: Credentials) -> dict[str, list[int]]:
    """Platform → exposed TCP ports of a pushed image."""
    with _private_folder(credentials, {}) as folder:
        command = ["docker", "buildx", "imagetools", "inspect", reference]
        done = subprocess.run(
            [*command, "--format", "{{json .Image}}"],
            env=environment(folder),
            capture_output=True,
            timeout=60,
            check=False,
        )
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace").strip()[-300:]
        raise PlatformError(f"The pushed image could not be read back: {message}", retry=True)
    image = orjson.loads(done.stdout)
    images = {_platform(image): image} if "architecture" in image else image
    return {platform: _ports(each) for platform, each in images.items()}


def remove_local(target: str) -> None:
    """Untag a pushed image on this machine; its layers stay as cache until Docker prunes them."""
    subprocess.run(
        ["docker", "image", "rm", target],
        env=environment(config().cache.absolute()),
        capture_output=True,
        timeout=60,
        check=False,
    )


def _platform(image: dict[str, str]) -> str:
    return f"{image['os']}/{image['architecture']}"


def _ports(image: dict[str, dict[str, dict[str, object]]]) -> list[int]:
    exposed = (image.get("config") or {}).get("ExposedPorts") or {}
    numbers = (key.partition("/") for key in exposed)
    return sorted(int(port) for port, _, protocol in numbers if protocol in {"", "tcp"})


def _run(
    command: list[str],
    folder: Path,
    progress: Progress,
    report: Callable[[Step | Line], None],
    beat: Callable[[], None],
) -> int:
    """Run to the end, or until `beat` raises or the time is over; the exit code."""
    builders.ensure(environment(folder))
    limit = config().build_timeout_seconds
    deadline = time.monotonic() + limit
    with Process(command, environment(folder)) as process:
        for line in process.lines(every=_BEAT_SECONDS):
            if line is None:
                beat()
            else:
                for change in progress.feed(line):
                    report(change)
            if time.monotonic() > deadline:
                raise UserError(
                    f"The build took longer than {limit} s.",
                    hint="Make the Dockerfile's slow steps cacheable, or raise the limit.",
                    cause=Cause.TIME,
                )
        for rest in progress.finish():
            report(rest)
        return process.exit_code()


@contextmanager
def _private_folder(credentials: Credentials, secrets: Mapping[str, bytes]) -> Iterator[Path]:
    """A DOCKER_CONFIG of its own, gone afterwards: builds see no credentials but the registry's."""
    with TemporaryDirectory(prefix=PRIVATE_FOLDERS) as name:
        folder = Path(name)
        auths = {credentials.registry: {"auth": credentials.auth}} if credentials.auth else {}
        (folder / "config.json").write_bytes(orjson.dumps({"auths": auths}))
        (folder / _SECRETS).mkdir(mode=0o700)
        for name, value in secrets.items():
            (folder / _SECRETS / name).write_bytes(value)
        yield folder


def environment(folder: Path) -> dict[str, str]:
    """What docker is told: `folder` has its configuration."""
    state = config().cache.absolute() / "buildx"
    state.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "DOCKER_CONFIG": str(folder),
        "BUILDX_CONFIG": str(state),
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    }
    for name in ("DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "BUILDX_BUILDER"):
        if name in os.environ:
            environment[name] = os.environ[name]
    if builder := builders.name():
        environment["BUILDX_BUILDER"] = builder
    return environment


def _explain(progress: Progress, dockerfile: str) -> UserError | PlatformError:
    said = next((m for m in reversed(progress.messages) if "ERROR" in m), "")
    if not progress.steps:
        # Nothing was even begun: the engine, not the Dockerfile.
        where = "Is the Docker engine running?" if shutil.which("docker") else "Install Docker."
        return PlatformError(
            f"buildx failed: {said or progress.messages[-1:]}", hint=where, cause=Cause.INSIDE
        )
    step = progress.failed_step
    place = place_in_dockerfile(progress.messages, dockerfile)
    if step is None:
        at = f" ({place})" if place else ""
        return UserError(f"The image could not be built{at}: {said.removeprefix('ERROR: ')}")
    if "pushing" in step.name or "exporting" in step.name:
        message = f"The image was not pushed: {step.error}"
        return PlatformError(message, cause=Cause.AWS, retry=True)
    at = f" at {place}" if place else ""
    return UserError(
        f"The image could not be built: step “{step.name}” failed{at}: {_shortened(step.error)}",
        hint="What this step printed is in the log.",
    )


def _shortened(error: str) -> str:
    """BuildKit repeats the whole command in front of its exit code."""
    code = re.fullmatch(r'process ".*" did not complete successfully: (exit code): (\d+)', error)
    return f"{code[1]} {code[2]}" if code else error
