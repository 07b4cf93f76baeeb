"""A service's ecspresso files, read as ecspresso reads them.

https://github.com/kayac/ecspresso: LoadTaskDefinition and LoadServiceDefinition in ecspresso.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..problems import DefinitionError, Problem
from .config import Config, Configured, load_config
from .reading import Reader, Source
from .shapes import Reading, of_ecs
from .surroundings import Surroundings

#: What ecspresso's Service has although DescribeServices tells it of deployments only.
_OF_DEPLOYMENTS = (
    "gatewayConnectors",
    "monitoring",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)


@dataclass(frozen=True)
class Loaded:
    config: Config
    #: RegisterTaskDefinition's arguments, in the API's keys.
    task_definition: dict[str, Any]
    #: Of CreateService's and UpdateService's arguments, those that people choose.
    service_definition: dict[str, Any] | None
    task_definition_path: str
    #: Empty where there is none.
    service_definition_path: str
    #: The files that say so: a change of one may change what is deployed.
    definition_files: frozenset[str]
    #: (file, keys of the API) → line, as far as can be told.
    lines: Mapping[tuple[str, tuple[str, ...]], int]
    #: What ecspresso would warn of, and ignore: keys that nobody knows.
    warnings: tuple[Problem, ...] = ()

    def line_of(self, file: str, *path: str | int) -> int | None:
        """The line of what is at `path` in `file`, or of the nearest thing around it."""
        keys = tuple(map(str, path))
        ends = range(len(keys), -1, -1)
        known = (self.lines[file, keys[:end]] for end in ends if (file, keys[:end]) in self.lines)
        return next(known, None)


def load(path: str, surroundings: Surroundings) -> Loaded:
    """What the configuration at `path` and its definitions say. Raises DefinitionError."""
    reader = Reader(surroundings)
    configured = load_config(path, reader)
    config = configured.config
    task = _definition(configured, reader, "task_definition", config.task_definition)
    service = (
        _definition(configured, reader, "service_definition", config.service_definition)
        if config.service_definition
        else None
    )
    readings = [reading for reading in (task, service) if reading]
    if problems := [problem for reading in readings for problem in reading.problems]:
        raise DefinitionError(problems)
    return Loaded(
        config=config,
        task_definition=_without_tags(task.found, config.ignore_tags),
        service_definition=_service(service.found, config) if service else None,
        task_definition_path=config.task_definition,
        service_definition_path=config.service_definition,
        definition_files=frozenset(reader.taken),
        lines=_lines(configured, readings),
        warnings=configured.warnings
        + tuple(warning for reading in readings for warning in reading.warnings),
    )


@dataclass(frozen=True)
class _Definition:
    file: str
    found: dict[str, Any]
    problems: list[Problem]
    warnings: list[Problem]
    lines: Mapping[tuple[str, ...], int]


def _definition(configured: Configured, reader: Reader, key: str, path: str) -> _Definition:
    said_in, line = configured.source.file, configured.source.line((key,))
    text = reader.text(path, said_in=said_in, line=line)
    source = reader.read(path, text, configured.functions)
    is_task = key == "task_definition"
    shapes = {**of_ecs()["shapes"], "Service": _service_shape()}
    # ecspresso leaves empty lists out of task definitions; in a service's they mean “none”.
    reading = Reading(path, shapes, source.line, drops_empty_lists=is_task)
    inner, written = _unwrapped(source, "taskDefinition" if is_task else "service", reading)
    inner = _without_described(inner, "TaskDefinition" if is_task else "Service", shapes)
    kind = "RegisterTaskDefinitionRequest" if is_task else "Service"
    found = reading.value(inner, kind, written)
    return _Definition(path, found or {}, reading.problems, reading.warnings, reading.lines)


def _service_shape() -> dict[str, str]:
    shapes, described = of_ecs()["shapes"], of_ecs()["described"]["Service"]
    accepted = {**shapes["UpdateServiceRequest"], **shapes["CreateServiceRequest"]}
    return {
        name: kind
        for name, kind in accepted.items()
        if (name in described or name in _OF_DEPLOYMENTS) and name != "taskDefinition"
    }


def _unwrapped(source: Source, key: str, reading: Reading) -> tuple[Any, tuple[str, ...]]:
    """The definition itself, and where it is: AWS's own output has it within another key."""
    value = source.value
    if isinstance(value, dict):
        for written, inner in value.items():
            if written.lower() == key.lower() and isinstance(inner, dict):
                for other in value.keys() - {written}:
                    reading.ignore((other,), f"{other} beside {written} is ignored.")
                return inner, (written,)
    return value, ()


def _without_described(value: Any, shape: str, shapes: Mapping[str, Any]) -> Any:
    """Without what ECS tells of a definition but takes from nobody: its ARN, status and so on."""
    if not isinstance(value, dict):
        return value
    taken = shapes["RegisterTaskDefinitionRequest" if shape == "TaskDefinition" else shape]
    described = {name.lower() for name in of_ecs()["described"][shape] if name not in taken}
    return {key: item for key, item in value.items() if key.lower() not in described}


def _service(found: dict[str, Any], config: Config) -> dict[str, Any]:
    service = _without_tags(found, config.ignore_tags)
    # ecspresso takes the name from its configuration, whatever the definition says.
    return {**service, "serviceName": config.service} if config.service else service


def _without_tags(found: dict[str, Any], ignored: tuple[str, ...]) -> dict[str, Any]:
    """ECS takes no empty list of tags."""
    tags = [tag for tag in found.get("tags", ()) if tag.get("key") not in ignored]
    rest = {key: value for key, value in found.items() if key != "tags"}
    return {**rest, "tags": tags} if tags else rest


def _lines(
    configured: Configured, readings: list[_Definition]
) -> dict[tuple[str, tuple[str, ...]], int]:
    lines = {(configured.source.file, path): line for path, line in configured.lines.items()}
    for reading in readings:
        lines |= {(reading.file, path): line for path, line in reading.lines.items()}
    return lines
