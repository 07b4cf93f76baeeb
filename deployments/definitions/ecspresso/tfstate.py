"""Looks values up in Terraform's states, as the tfstate plugin does.

Addresses are those of https://github.com/fujiwara/tfstate-lookup: `aws_subnet.a.id`,
`data.aws_vpc.main.id`, `module.net.aws_subnet.a["x"].id`, `output.name`.
"""

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import UserError

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]"'|\s]+)|\."(?P<dotted>(?:[^"\\]|\\.)*)"|\.?\["(?P<key>(?:[^"\\]|\\.)*)"\]
    |\.?\[(?P<index>-?[0-9]+)\]|\.?\[(?P<bare>[^\[\]"|\s]+)\]""",
    re.VERBOSE,
)
_VERSION = 4
#: States have hundreds of resources; this is thousands.
MAX_BYTES = 32 * 1024 * 1024

#: (bucket, key) → content.
ReadS3 = Callable[[str, str], bytes]


class State:
    """A state, by the addresses of what it holds. `Nothing` is found as None."""

    def __init__(self, state: Mapping[str, Any], location: str = "") -> None:
        #: Where it was read: of a file that names an S3 backend, this is in S3.
        self.location = location
        self._instances: dict[str, Any] = {}
        #: Resources with count or for_each, as a whole.
        self._groups: dict[str, Any] = {}
        for name, output in (state.get("outputs") or {}).items():
            self._instances[f"output.{name}"] = _output(output)
        for resource in state.get("resources") or []:
            if resource.get("mode") in ("data", "managed") and resource.get("instances"):
                self._add(resource)

    def _add(self, resource: Mapping[str, Any]) -> None:
        module = f"{resource['module']}." if resource.get("module") else ""
        data = "data." if resource["mode"] == "data" else ""
        address = f"{module}{data}{resource.get('type', '')}.{resource.get('name', '')}"
        instances = resource["instances"]
        if data and resource.get("type") == "terraform_remote_state":
            attributes = _attributes(instances[0]) or {}
            self._instances[address] = {k: _output(value) for k, value in attributes.items()}
        elif len(instances) == 1 and "index_key" not in instances[0]:
            self._instances[address] = _attributes(instances[0])
        else:
            self._add_all(address, instances)

    def _add_all(self, address: str, instances: list[Mapping[str, Any]]) -> None:
        by_key = {each["index_key"]: _attributes(each) for each in instances if "index_key" in each}
        for key, attributes in by_key.items():
            self._instances[f"{address}[{json.dumps(key, ensure_ascii=False)}]"] = attributes
        numbers = [key for key in by_key if isinstance(key, int) and 0 <= key < len(by_key) * 10]
        if numbers:
            self._groups[address] = [by_key.get(number) for number in range(max(numbers) + 1)]
        elif by_key:
            self._groups[address] = by_key

    def lookup(self, address: str) -> Any:
        """The value at an address; None where there is none. Raises UserError."""
        for known in (self._instances, self._groups):
            if address in known:
                return known[address]
        # The longest name that the address begins with; what follows leads into its attributes.
        name = max((n for n in self._instances if address.startswith(n)), key=len, default="")
        rest = address[len(name) :]
        return _within(self._instances[name], rest) if name and rest[0] in ".[" else None


def load(content: bytes, location: str, read_s3: ReadS3, workspace: str = "default") -> State:
    """The state in a file, or in the S3 backend that the file names. Raises UserError."""
    try:
        return _load(content, location, read_s3, workspace)
    except (AttributeError, IndexError, KeyError, TypeError):
        raise UserError(f"{location} is not a state as Terraform writes it.") from None


def _load(content: bytes, location: str, read_s3: ReadS3, workspace: str) -> State:
    state = _parse(content, location)
    backend = state.get("backend")
    if backend:
        bucket, key = _remote(backend, workspace, location)
        location = f"s3://{bucket}/{key}"
        state = _parse(read_s3(bucket, key), location)
    if state.get("version") != _VERSION:
        raise UserError(
            f"{location} is a Terraform state of version {state.get('version')}; "
            f"version {_VERSION} is needed.",
            hint="Terraform 0.12 and later write version 4.",
        )
    return State(state, location)


def _parse(content: bytes, location: str) -> Mapping[str, Any]:
    if len(content) > MAX_BYTES:
        raise UserError(f"{location} is larger than {MAX_BYTES:,} bytes.")
    try:
        state = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError(f"{location} is not a Terraform state: it is not JSON.") from None
    if not isinstance(state, dict):
        raise UserError(f"{location} is not a Terraform state.")
    return state


def _remote(backend: Mapping[str, Any], workspace: str, location: str) -> tuple[str, str]:
    """Where the S3 backend keeps a workspace's state."""
    config = backend.get("config") or {}
    bucket, key = config.get("bucket"), config.get("key")
    if backend.get("type") != "s3" or not isinstance(bucket, str) or not isinstance(key, str):
        raise UserError(
            f"{location} names a “{backend.get('type')}” backend; only S3 can be read.",
            hint="Give the tfstate plugin a url: s3://BUCKET/KEY.",
        )
    if workspace not in ("", "default"):
        prefix = config.get("workspace_key_prefix") or "env:"
        key = posixpath.join(prefix, workspace, key)
    return bucket, key


def _output(value: Any) -> Any:
    """Outputs are wrapped as {value, type}."""
    if isinstance(value, dict) and value.get("value") is not None and value.get("type") is not None:
        return value["value"]
    return value


def _attributes(instance: Mapping[str, Any]) -> Any:
    attributes = instance.get("attributes")
    return instance.get("attributes_flat") if attributes is None else attributes


def _within(value: Any, path: str) -> Any:
    """What is at a path such as `.a[0]["b"].c-d`, as jq finds it: nothing in nothing is nothing."""
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if not found:
            raise UserError(f"“{path}” is not a path that can be looked up in a Terraform state.")
        value = _step(value, found, path)
        at = found.end()
    return value


def _step(value: Any, found: re.Match[str], path: str) -> Any:
    if value is None:
        return None
    if found["index"] is not None:
        if not isinstance(value, list):
            raise UserError(f"“{path}” takes an item of what is not a list.")
        index = int(found["index"]) if len(found["index"]) < 10 else len(value)
        return value[index] if -len(value) <= index < len(value) else None
    if not isinstance(value, dict):
        raise UserError(f"“{path}” takes an attribute of what has none.")
    names = (found["name"], found["dotted"], found["key"], found["bare"])
    return value.get(next(name for name in names if name is not None))
