"""ecspresso.yml: where the definitions are, and what their templates may use.

https://github.com/kayac/ecspresso#configuration-file, and its config.go.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import json, yaml
from ..files import Files, beneath
from ..problems import DefinitionError, Problem, refuse
from .durations import seconds
from .functions import Functions
from .plugins import Plugin, defaults, with_plugins
from .printing import as_json
from .reading import Reader, Source, render_text
from .shapes import Reading

NAMES = tuple(f"ecspresso.{extension}" for extension in ("yml", "yaml", "json", "jsonnet"))
_DEFAULT_TIMEOUT = 600.0
#: https://github.com/hashicorp/go-version: constraints as `>= v2.0, < v3`.
_CONSTRAINT = re.compile(
    r"\s*(?:|=|!=|>|<|>=|<=|~>)\s*v?[0-9]+(?:\.[0-9]+)*(?:-?[0-9A-Za-z.\-~]+)?"
    r"(?:\+[0-9A-Za-z.\-~]+)?\s*",
    re.ASCII,
)
_SHAPES: Mapping[str, Mapping[str, str]] = {
    "Config": {
        "required_version": "string",
        "region": "string",
        "cluster": "string",
        "service": "string",
        "service_definition": "string",
        "task_definition": "string",
        "express_definition": "string",
        "plugins": "[Plugin",
        "appspec": "any",
        "filter_command": "string",
        "timeout": "any",
        "codedeploy": "CodeDeploy",
        "ignore": "Ignore",
    },
    "Plugin": {"name": "string", "config": "{any", "func_prefix": "string"},
    "CodeDeploy": {
        "application_name": "string",
        "deployment_group_name": "string",
        "deployment_config_name": "string",
    },
    "Ignore": {"tags": "[string"},
}


@dataclass(frozen=True)
class Config:
    region: str
    cluster: str
    service: str
    #: From the repository's root; empty where there is none.
    service_definition: str
    task_definition: str
    timeout_seconds: float
    #: Tags with these keys are left out of both definitions.
    ignore_tags: tuple[str, ...] = ()
    #: Checked for its form only: it names versions of ecspresso, and Edaha is none of them.
    #: ecspresso itself takes a build without a version number for good enough.
    required_version: str = ""
    plugins: tuple[Plugin, ...] = ()
    #: For deployments by CodeDeploy, which previews are not.
    codedeploy: Mapping[str, str] = field(default_factory=dict)
    appspec: Any = None


@dataclass(frozen=True)
class Configured:
    config: Config
    functions: Functions
    source: Source
    warnings: tuple[Problem, ...]
    lines: Mapping[tuple[str, ...], int]


def find(files: Files) -> str | None:
    """The configuration at the repository's root, in the order that ecspresso looks for it."""
    return next((name for name in NAMES if files.read(name) is not None), None)


def load_config(path: str, reader: Reader) -> Configured:
    """Raises DefinitionError.

    Read twice, as ecspresso 3 does: first for the plugins alone, then as a whole with the
    functions that they make.
    """
    if not path.endswith((".yml", ".yaml", ".json", ".jsonnet")):
        raise refuse(path, "ecspresso's configuration is a .yml, .yaml, .json or .jsonnet file.")
    text = reader.text(path)
    functions = with_plugins(_plugins(path, text, reader), path, reader.surroundings)
    source = _whole(path, text, reader, functions)
    reading = Reading(path, _SHAPES, source.line)
    found = reading.value(source.value or {}, "Config", ())
    if reading.problems:
        raise DefinitionError(reading.problems)
    config = _config(found, path, source, reader.surroundings.environment)
    return Configured(config, functions, source, tuple(reading.warnings), reading.lines)


def _whole(path: str, text: str, reader: Reader, functions: Functions) -> Source:
    if path.endswith(".json") and _plain_json(path, text) is None:
        # ecspresso reads .json by jsonnet, which allows comments and more.
        return reader.read_jsonnet(path, text, functions)
    return reader.read(path, text, functions)


def _plain_json(path: str, text: str) -> Source | None:
    try:
        value, positions = json.load(text, path)
    except DefinitionError:
        return None
    return Source(path, value, lambda at: yaml.line_of(positions, at))


def _plugins(path: str, text: str, reader: Reader) -> tuple[Plugin, ...]:
    """The plugins, by the functions that need none."""
    source = _first_reading(path, text, reader)
    if not isinstance(source.value, dict):
        return ()
    reading = Reading(path, _SHAPES, source.line)
    written = next((key for key in source.value if key.lower() == "plugins"), "plugins")
    listed = source.value.get(written)
    found = reading.value(listed if listed is not None else [], "[Plugin", (written,), ("plugins",))
    if reading.problems:
        raise DefinitionError(reading.problems)
    functions = defaults(reader.surroundings)
    plugins = []
    for number, plugin in enumerate(found):
        line = source.line((written, str(number)))
        plugins.append(Plugin(**_rendered(plugin, path, functions, line), line=line))
    return tuple(plugins)


def _first_reading(path: str, text: str, reader: Reader) -> Source:
    """The file before its template is evaluated, where that is possible."""
    functions = defaults(reader.surroundings)
    if path.endswith((".yml", ".yaml")):
        try:
            value, positions = yaml.load(text, path)  # nosec B506 (our own, of a safe kind)
        except DefinitionError:
            # ecspresso 2 allowed templates that are no YAML before they are evaluated.
            return reader.read(path, text, functions)
        return Source(path, value, lambda at: yaml.line_of(positions, at))
    if path.endswith(".json"):
        return _plain_json(path, text) or reader.read_jsonnet(path, text, functions)
    name = as_json(posixpath.basename(path))
    only = f"local c = import {name}; if std.objectHas(c, 'plugins') then {{ plugins: c.plugins }}"
    value, _ = json.load(reader.evaluate(path, only, functions), path)
    return Source(path, value, lambda _: None)


def _rendered(value: Any, file: str, functions: Functions, line: int | None) -> Any:
    """A plugin with each text in it evaluated as a template."""
    if isinstance(value, str):
        return render_text(file, value, functions, line) if "{{" in value else value
    if isinstance(value, dict):
        return {key: _rendered(item, file, functions, line) for key, item in value.items()}
    if isinstance(value, list):
        return [_rendered(item, file, functions, line) for item in value]
    return value


def _config(
    found: dict[str, Any], path: str, source: Source, environment: Mapping[str, str]
) -> Config:
    def located(key: str) -> str:
        base, line = posixpath.dirname(path), source.line((key,))
        return beneath(found[key], base=base, said_in=path, line=line) if found.get(key) else ""

    if found.get("express_definition"):
        raise refuse(
            path,
            "Express mode cannot be previewed.",
            line=source.line(("express_definition",)),
            hint="Describe a service: service_definition and task_definition.",
        )
    if not found.get("task_definition"):
        raise refuse(path, "task_definition is missing: it names the task definition's file.")
    return Config(
        region=found.get("region") or environment.get("AWS_REGION", ""),
        cluster=found.get("cluster") or "default",
        service=found.get("service", ""),
        service_definition=located("service_definition"),
        task_definition=located("task_definition"),
        timeout_seconds=_timeout(found.get("timeout"), path, source),
        ignore_tags=tuple(found.get("ignore", {}).get("tags", ())),
        required_version=_required_version(found.get("required_version", ""), path, source),
        plugins=tuple(Plugin(**plugin) for plugin in found.get("plugins", ())),
        codedeploy=found.get("codedeploy", {}),
        appspec=found.get("appspec"),
    )


def _timeout(value: Any, path: str, source: Source) -> float:
    if value is None:
        return _DEFAULT_TIMEOUT
    found = seconds(value)
    if found is None:
        raise refuse(
            path,
            f"timeout is no duration: {str(value)[:60]}.",
            line=source.line(("timeout",)),
            hint="Write it like 10m, 1h30m or 90s.",
        )
    return found


def _required_version(value: str, path: str, source: Source) -> str:
    if value and not all(_CONSTRAINT.fullmatch(part) for part in value.split(",")):
        raise refuse(
            path,
            f"required_version has a wrong form: {value[:60]}.",
            line=source.line(("required_version",)),
            hint="Write it like “>= v2.0, < v3”.",
        )
    return value
