"""Surroundings for ecspresso's files that need no AWS: files and lookups as plain values."""

import json
from collections.abc import Mapping
from typing import Any

from deployments.adapters.jsonnet import evaluate
from deployments.definitions.ecspresso import Loaded, Surroundings, load
from deployments.definitions.files import check_size
from deployments.errors import UserError


class Memory:
    """Files by path."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = files

    def read(self, path: str) -> bytes | None:
        content = self._files.get(path)
        if content is None:
            return None
        content = content.encode() if isinstance(content, str) else content
        check_size(path, len(content))
        return content


class Lookups:
    """What AWS would answer."""

    def __init__(self, objects: Mapping[str, bytes] | None = None) -> None:
        self._objects = objects or {}

    def ssm(self, name: str, index: int | None) -> str:
        values = {
            "/path/to/string": ["ImString"],
            "/path/to/stringlist": ["ImStringList0", "ImStringList1"],
        }
        if name not in values:
            raise UserError(f"There is no parameter {name}.", hint="Ask the operator.")
        if not 0 <= (index or 0) < len(values[name]):
            raise UserError(f"{name} has no item {index}.")
        return values[name][index or 0]

    def secretsmanager_arn(self, name: str) -> str:
        return f"arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:{name}-06XQOH"

    def cfn_output(self, stack: str, key: str) -> str:
        return f"{stack}/{key}"

    def cfn_export(self, name: str) -> str:
        return f"export/{name}"

    def s3(self, bucket: str, key: str) -> bytes:
        try:
            return self._objects[f"{bucket}/{key}"]
        except KeyError:
            raise UserError(f"s3://{bucket}/{key} may not be read.") from None


def surroundings(
    files: Mapping[str, str | bytes], environment: Mapping[str, str] | None = None, **more: Any
) -> Surroundings:
    given: dict[str, Any] = {"lookups": Lookups(), "jsonnet": evaluate, **more}
    return Surroundings(Memory(files), environment or {}, **given)


#: The least that a task definition is.
TASK = {"family": "app", "containerDefinitions": [{"name": "app", "image": "nginx"}]}
CONFIG = "service: web\ntask_definition: task.json\n"


def loaded(
    files: Mapping[str, str | bytes],
    environment: Mapping[str, str] | None = None,
    path: str = "ecspresso.yml",
    **more: Any,
) -> Loaded:
    """What these files say, beside a configuration and a task definition of no interest."""
    least = {"ecspresso.yml": CONFIG, "task.json": json.dumps(TASK)}
    return load(path, surroundings({**least, **files}, environment, **more))


def state(*resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> str:
    """A Terraform state of version 4."""
    wrapped = {name: {"value": value, "type": "x"} for name, value in (outputs or {}).items()}
    return json.dumps({"version": 4, "outputs": wrapped, "resources": resources})


def resource(address: str, *instances: tuple[Any, Mapping[str, Any]]) -> dict[str, Any]:
    """`module.a.data.TYPE.NAME` with (index or None, attributes) for each instance."""
    *module, kind, name = address.split(".")
    is_data = module[-1:] == ["data"]
    module = module[:-1] if is_data else module
    made: dict[str, Any] = {"mode": "data" if is_data else "managed", "type": kind, "name": name}
    if module:
        made["module"] = ".".join(module)
    made["instances"] = [
        {"attributes": attributes} | ({} if index is None else {"index_key": index})
        for index, attributes in instances
    ]
    return made
