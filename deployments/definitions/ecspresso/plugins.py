"""What ecspresso.yml's `plugins` add to templates and jsonnet.

https://github.com/kayac/ecspresso#plugins, and its plugin.go.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ...errors import UserError
from ..files import beneath
from ..problems import DefinitionError, refuse
from . import functions
from .functions import Functions
from .surroundings import Surroundings
from .tfstate import State, load


@dataclass(frozen=True)
class Plugin:
    name: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    func_prefix: str = ""
    line: int | None = None


def defaults(surroundings: Surroundings) -> Functions:
    """What is there without any plugin, and these two plugins without their being named."""
    lookups = surroundings.lookups
    return (
        functions.own(surroundings.environment)
        | functions.ssm(lookups)
        | functions.secretsmanager(lookups)
    )


#: Named again without a prefix, these change nothing.
_DEFAULT = ("ssm", "secretsmanager")


def with_plugins(plugins: tuple[Plugin, ...], file: str, surroundings: Surroundings) -> Functions:
    """The functions that the plugins of the configuration `file` make. Raises DefinitionError."""
    known = defaults(surroundings)
    added: set[str] = set()
    for plugin in plugins:
        made = _functions(plugin, file, surroundings).prefixed(plugin.func_prefix)
        is_default = plugin.name.lower() in _DEFAULT
        for name in sorted(made.templates):
            if name in added and not is_default:
                raise refuse(
                    file,
                    f"There is a template function {name} already.",
                    line=plugin.line,
                    hint=f"Set func_prefix for the {plugin.name} plugin.",
                )
        added |= set(made.templates)
        known = known | made
    return known


def _functions(plugin: Plugin, file: str, surroundings: Surroundings) -> Functions:
    match plugin.name.lower():
        case "tfstate":
            return _tfstate(plugin, file, surroundings)
        case "cloudformation":
            return functions.cloudformation(surroundings.lookups)
        case "ssm":
            return functions.ssm(surroundings.lookups)
        case "secretsmanager":
            return functions.secretsmanager(surroundings.lookups)
        case "external":
            raise refuse(
                file,
                "The external plugin runs commands, which Edaha does not do for a pull request.",
                line=plugin.line,
                hint="Put what it finds into the environment: ecspresso: env: in edaha.yml.",
            )
    raise refuse(
        file,
        f"There is no plugin “{plugin.name}”.",
        line=plugin.line,
        hint="tfstate, cloudformation, ssm and secretsmanager are there.",
    )


def _tfstate(plugin: Plugin, file: str, surroundings: Surroundings) -> Functions:
    location = _location(plugin, file)
    optional = plugin.config.get("optional", False)
    if not isinstance(optional, bool):
        raise refuse(file, "The tfstate plugin's optional is true or false.", line=plugin.line)
    try:
        state = _state(location, plugin, file, surroundings)
    except UserError as problem:
        if optional:
            return functions.tfstate(State({}, location))
        if isinstance(problem, DefinitionError):
            raise
        raise refuse(file, problem.message, line=plugin.line, hint=problem.hint) from None
    return functions.tfstate(state)


def _location(plugin: Plugin, file: str) -> str:
    """A path from the repository's root, or a URL."""
    path, url = plugin.config.get("path"), plugin.config.get("url")
    if path is None and url is None:
        raise refuse(file, "The tfstate plugin needs a path or a url.", line=plugin.line)
    if not isinstance(path if path is not None else url, str):
        raise refuse(file, "The tfstate plugin's path or url must be text.", line=plugin.line)
    if path is not None:
        base = posixpath.dirname(file)
        return beneath(str(path), base=base, said_in=file, line=plugin.line)
    return str(url)


def _state(location: str, plugin: Plugin, file: str, surroundings: Surroundings) -> State:
    try:
        url = urlsplit(location)
    except ValueError:
        raise refuse(file, f"“{location}” is not a URL.", line=plugin.line) from None
    if url.scheme == "s3":
        content = surroundings.lookups.s3(url.netloc, url.path.lstrip("/"))
        return load(content, location, surroundings.lookups.s3)
    if url.scheme not in ("", "file"):
        raise refuse(
            file,
            f"Terraform's state cannot be read from {url.scheme}://.",
            line=plugin.line,
            hint="A file of the repository and s3://BUCKET/KEY can.",
        )
    path = beneath(url.path if url.scheme else location, said_in=file, line=plugin.line)
    return _local(path, plugin, file, surroundings)


def _local(path: str, plugin: Plugin, file: str, surroundings: Surroundings) -> State:
    files = surroundings.files
    content = files.read(path)
    if content is None:
        raise refuse(
            file,
            f"There is no Terraform state {path} in the repository.",
            line=plugin.line,
            hint="States that are kept elsewhere are read by url: s3://BUCKET/KEY.",
        )
    # `terraform workspace select` leaves the workspace's name beside the state.
    chosen = files.read(posixpath.join(posixpath.dirname(path), "environment")) or b"default"
    return load(content, path, surroundings.lookups.s3, chosen.decode(errors="replace").strip())
