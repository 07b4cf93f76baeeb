"""How a stranger's build is kept apart from all others, also in a builder that they share. Pure."""

from ..config import config


def apart(stranger: str) -> list[str]:
    """buildx's options for it; `stranger` names whose build it is.

    The names of extra hosts are part of what BuildKit knows a step by: no result of another build
    is taken for one of this build, or the other way round. The namespace comes before the id of
    every cache mount, whatever the Dockerfile says:
    https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args
    """
    builder = config().fork_builder
    return [
        *([f"--builder={builder}"] if builder else []),
        f"--add-host={stranger}.invalid:127.0.0.1",
        f"--build-arg=BUILDKIT_CACHE_MOUNT_NS={stranger}",
    ]
