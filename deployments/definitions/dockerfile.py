"""What a Dockerfile asks of BuildKit itself, before any of its steps. Pure.

A frontend is a program that BuildKit fetches and runs to read the Dockerfile: only Docker's own
may. https://docs.docker.com/build/buildkit/frontend/
"""

import re
from collections.abc import Iterator

from .application import Application
from .files import Files
from .problems import Problem

#: Docker's own, in whatever version: docker/dockerfile:1, docker/dockerfile-upstream:master.
_ALLOWED = re.compile(
    r"(docker\.io/)?docker/dockerfile(-upstream)?(:[\w.-]+)?(@sha256:[0-9a-f]{64})?"
)
#: Those that are known to keep a stranger's cache mounts apart (`BUILDKIT_CACHE_MOUNT_NS`).
_ALLOWED_TO_STRANGERS = re.compile(r"(docker\.io/)?docker/dockerfile(:1(\.[0-9.]+)?(-labs)?)?")
#: Parser directives come first, a line each; buildx also knows them as `//` comments.
#: https://docs.docker.com/reference/dockerfile/#parser-directives
_DIRECTIVE = re.compile(r"[ \t]*(?:#|//)[ \t]*([A-Za-z][\w-]*)[ \t]*=[ \t]*(\S{0,500})")
#: No one writes more of them; what follows is no directive.
_MOST_LINES = 50


def problems(
    files: Files, application: Application, *, is_trusted: bool = True
) -> Iterator[Problem]:
    """What the images ask of BuildKit that no application may."""
    allowed = _ALLOWED if is_trusted else _ALLOWED_TO_STRANGERS
    for image in application.images:
        for name in image.args:
            if name.startswith("BUILDKIT_"):
                yield Problem(
                    application.source,
                    application.lines.get(("images", image.name, "args", name)),
                    f"The build argument {name} is for BuildKit itself.",
                    "Leave it out.",
                )
        content = files.read(image.dockerfile)
        if content is None:
            continue  # told where it is looked for to be built
        yield from _problems(image.dockerfile, content.decode(errors="replace"), allowed)


def _problems(path: str, text: str, allowed: re.Pattern[str]) -> Iterator[Problem]:
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if text.lstrip().startswith("{"):
        yield Problem(path, 1, "This is JSON, and no Dockerfile.", "Write a Dockerfile.")
        return
    for number, line in enumerate(text.splitlines()[:_MOST_LINES], start=1):
        if number == 1 and line.startswith("#!"):
            continue
        directive = _DIRECTIVE.match(line)
        if directive is None:
            return
        if directive[1].lower() == "syntax" and not allowed.fullmatch(directive[2]):
            yield Problem(
                path,
                number,
                f"The frontend “{directive[2]}” is not Docker's own.",
                "Use docker/dockerfile:1, or leave the line out.",
            )
