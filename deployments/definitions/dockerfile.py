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
    r"(docker\.io/)?docker/dockerfile(-upstream)?(:[\w.-]+)?(@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
#: Those that are known to keep a stranger's cache mounts apart (`BUILDKIT_CACHE_MOUNT_NS`).
_ALLOWED_TO_STRANGERS = re.compile(
    r"(docker\.io/)?docker/dockerfile(:1(\.[0-9.]+)?(-labs)?)?", re.ASCII
)
#: Parser directives come first, a line each; BuildKit also knows them as `//` comments. White space
#: is what BuildKit takes for it, and may stand anywhere. At least what BuildKit finds is found.
#: https://github.com/moby/buildkit/blob/v0.23.2/frontend/dockerfile/parser/directives.go
_DIRECTIVE = re.compile(r"\s*(?:#|//)\s*([A-Za-z][\w-]*)\s*=\s*(.*)", re.DOTALL)
_SHOWN = 100


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
    # Only this ends a line for BuildKit. Whatever else Python takes for an end (a form feed, a
    # carriage return, U+2028) would hide what follows.
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").split("\n")
    begin = 1 if lines[0].startswith("#!") else 0
    if "\n".join(lines[begin:]).lstrip().startswith("{"):
        yield Problem(path, begin + 1, "This is JSON, and no Dockerfile.", "Write a Dockerfile.")
        return
    for number, line in enumerate(lines[begin:], start=begin + 1):
        directive = _DIRECTIVE.match(line)
        if directive is None:
            return
        frontend = directive[2].strip().split(" ", 1)[0]
        if directive[1].lower() == "syntax" and not allowed.fullmatch(frontend):
            yield Problem(
                path,
                number,
                f"The frontend “{frontend[:_SHOWN]}” is not Docker's own.",
                "Use docker/dockerfile:1, or leave the line out.",
            )
