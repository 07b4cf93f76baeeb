"""Fills `${EDAHA_URL}` and its like into what edaha.yml says. Pure.

`$$` is a dollar. Any other `${NAME}` is the application's own, and stays.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..application import Application, Container, Ecspresso, Hook, Image, Service
from ..problems import DefinitionError, Problem
from .mistakes import Path, line_of, nearest, shown

_REFERENCE = re.compile(r"\$(?:\$|\{(EDAHA_[^}]*)\})")


def substitute(application: Application, environment: Mapping[str, str]) -> Application:
    """The application with values filled in: in environment, build arguments and commands, and in
    what ecspresso's files are given as text.

    Raises DefinitionError for every EDAHA_ name that there is not.
    """
    filler = _Filler(application, environment)
    filled = replace(
        application,
        images=tuple(map(filler.image, application.images)),
        services=tuple(map(filler.service, application.services)),
        release_hook=filler.hook("release", application.release_hook),
        destroy_hook=filler.hook("destroy", application.destroy_hook),
    )
    if filler.problems:
        raise DefinitionError(sorted(filler.problems, key=lambda problem: problem.line or 0))
    return filled


@dataclass
class _Filler:
    application: Application
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def image(self, image: Image) -> Image:
        return replace(image, args=self._all(("images", image.name, "args"), image.args))

    def service(self, service: Service) -> Service:
        path = ("services", service.name)
        first, *others = service.containers or (None,)
        containers = [
            *([self._container(path, first)] if first else []),
            *(self._container((*path, "containers", each.name), each) for each in others if each),
        ]
        files = service.ecspresso
        return replace(
            service,
            containers=tuple(containers),
            ecspresso=self._ecspresso((*path, "ecspresso"), files) if files else None,
        )

    def hook(self, kind: str, hook: Hook | None) -> Hook | None:
        if hook is None:
            return None
        return replace(hook, command=self._each(("hooks", kind, "command"), hook.command))

    def _container(self, path: Path, container: Container) -> Container:
        def filled(key: str, values: tuple[str, ...] | None) -> tuple[str, ...] | None:
            return None if values is None else self._each((*path, key), values)

        return replace(
            container,
            command=filled("command", container.command),
            entrypoint=filled("entrypoint", container.entrypoint),
            health_check=filled("health_check", container.health_check),
            environment=self._all((*path, "environment"), container.environment),
        )

    def _ecspresso(self, path: Path, files: Ecspresso) -> Ecspresso:
        return replace(
            files,
            environment=self._all((*path, "env"), files.environment),
            ext_str=self._all((*path, "ext_str"), files.ext_str),
        )

    def _all(self, path: Path, values: Mapping[str, str]) -> dict[str, str]:
        return {name: self._text((*path, name), value) for name, value in values.items()}

    def _each(self, path: Path, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._text((*path, str(index)), text) for index, text in enumerate(values))

    def _text(self, path: Path, text: str) -> str:
        return _REFERENCE.sub(self._value_at(path), text)

    def _value_at(self, path: Path) -> Callable[[re.Match[str]], str]:
        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name is None:
                return "$"
            if name not in self.environment:
                self._unknown(path, name)
            return self.environment.get(name, "")

        return value

    def _unknown(self, path: Path, name: str) -> None:
        known = sorted(each for each in self.environment if each.startswith("EDAHA_"))
        self.problems.append(
            Problem(
                self.application.source,
                self._line(path),
                f"There is no ${{{shown(name)}}}.",
                nearest(name, known) or f"There are {', '.join(known)}. Write $${{…}} for a text.",
            )
        )

    def _line(self, path: Path) -> int | None:
        """What ecspresso's files are given may also stand at the top of the file."""
        lines = self.application.lines
        if path not in lines and path[2:3] == ("ecspresso",) and path[2:] in lines:
            return lines[path[2:]]
        return line_of(lines, path)
