"""Reads an application out of its own files; every problem at once."""

import posixpath
import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

from pydantic import ValidationError

from ..application import ONLY, Application, Hook
from ..files import Files, beneath, read_text
from ..problems import DefinitionError, Problem, refuse
from ..yaml import Positions, load
from .given import Defaults, Given, root_ecspresso
from .images import images
from .mistakes import MOST, Mistake, Path, line_of, of_types
from .model import File, HookBlock
from .references import default_of, mistakes
from .services import blocks, services
from .written import Written

#: Keys that must be there, and so need some value while other mistakes are looked for.
_REQUIRED = ("image", "config", "command")
_STAND_IN = "unknown:0"
#: What every configuration of ecspresso says, and edaha.yml never does; templates may surround it.
_OF_ECSPRESSO = re.compile(r"""^(["']?)task_definition\1\s*:""", re.MULTILINE)


def read(files: Files, defaults: Defaults, *, path: str = "edaha.yml") -> Application:
    """The application as `path` describes it, or ecspresso's file at the root, or `defaults`.

    `path` may be one of ecspresso's files itself. Raises DefinitionError with
    every problem found.
    """
    path = beneath(path)
    if files.read(path) is not None:
        if is_ecspresso(files, path):
            return _by_ecspresso(files, defaults, path)
        return _described(files, defaults, path)
    _refuse_other_ending(files, path)
    if source := root_ecspresso(files):
        return _by_ecspresso(files, defaults, source)
    return _made(Given(File(), defaults, files, Written("")), "", {})


def is_ecspresso(files: Files, path: str) -> bool:
    """Whether a file is ecspresso's: by its name, such as `ecspresso-api.yml`, or by what it says.

    ecspresso 1 had no name of its own for it: many are called config.yaml.
    """
    name = posixpath.basename(path)
    if name.startswith("ecspresso") or name.endswith((".json", ".jsonnet")):
        return True
    return not name.startswith("edaha") and bool(_OF_ECSPRESSO.search(read_text(files, path)))


def _by_ecspresso(files: Files, defaults: Defaults, path: str) -> Application:
    file = File.model_validate({"services": {ONLY: {"ecspresso": path}}})
    return _made(Given(file, defaults, files, Written("")), path, {})


def _refuse_other_ending(files: Files, path: str) -> None:
    stem, dot, ending = path.rpartition(".")
    other = {"yml": "yaml", "yaml": "yml"}.get(ending)
    if other and files.read(f"{stem}{dot}{other}") is not None:
        raise refuse(
            f"{stem}{dot}{other}", f"Edaha reads {path}, and not this.", hint="Rename the file."
        )


def _described(files: Files, defaults: Defaults, source: str) -> Application:
    text = read_text(files, source)
    value, lines = load(text, source)
    file, wrong = _checked(value)
    if file is None:
        raise _error(wrong, source, lines)
    given = Given(file, defaults, files, Written(text))
    application = _made(given, source, lines)
    spoiled = [mistake.path for mistake in wrong]
    further = [
        mistake
        for mistake in chain(mistakes(file), given.mistakes)
        if not any(mistake.path[: len(path)] == path for path in spoiled)
    ]
    if wrong or further:
        raise _error([*wrong, *further], source, lines)
    return application


def _made(given: Given, source: str, lines: Positions) -> Application:
    built = images(given)
    hooks = given.file.hooks
    return Application(
        images=built,
        services=services(given, {image.name: image for image in built}),
        release_hook=_hook(given, "release", hooks.release if hooks else None),
        destroy_hook=_hook(given, "destroy", hooks.destroy if hooks else None),
        expires_seconds=given.file.expires,
        images_assumed=given.file.images is None,
        source=source,
        lines=lines,
    )


def _hook(given: Given, kind: str, block: HookBlock | None) -> Hook | None:
    if block is None:
        return None
    return Hook(
        service=block.service or default_of(blocks(given)) or ONLY,
        command=given.command(("hooks", kind, "command"), block.command) or (),
        container=block.container or "",
        timeout_seconds=block.timeout or 600,
    )


def _checked(value: Any) -> tuple[File | None, list[Mistake]]:
    """The file with its wrong parts left out, so that the rest is checked too; and those parts."""
    if value is None:
        return File(), []
    found: list[Mistake] = []
    for treat in (_empty, _stand_in, _remove, _remove):
        try:
            return File.model_validate(value), found
        except ValidationError as problem:
            wrong = of_types(problem)
        found = found or wrong
        if () in (mistake.path for mistake in wrong):
            break
        for mistake in wrong:
            treat(value, mistake.missing or mistake.path)
    return None, found


def _empty(value: Any, path: Path) -> None:
    mapping, key = _place(value, path)
    mapping[key] = None


def _stand_in(value: Any, path: Path) -> None:
    """Also a container without an image is one that others may name."""
    mapping, key = _place(value, path)
    if key in _REQUIRED:
        mapping[key] = _STAND_IN
    else:
        mapping.pop(key, None)


def _remove(value: Any, path: Path) -> None:
    mapping, key = _place(value, path)
    mapping.pop(key, None)


def _place(value: Any, path: Path) -> tuple[dict[str, Any], str]:
    """The innermost mapping on the way to `path`, and the key in it."""
    while len(path) > 1 and isinstance(value.get(path[0]), dict):
        value, path = value[path[0]], path[1:]
    return value, path[0]


def _error(wrong: Iterable[Mistake], source: str, lines: Positions) -> DefinitionError:
    told = {
        Problem(source, line_of(lines, mistake.path), mistake.message, mistake.hint): None
        for mistake in wrong
    }
    problems = sorted(told, key=lambda problem: problem.line or 0)
    rest = len(problems) - MOST
    if rest > 0:
        more = Problem(source, None, f"There are {rest} or more problems beside these.")
        problems = [*problems[:MOST], more]
    return DefinitionError(problems)
