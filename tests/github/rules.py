"""GitHub's own OpenAPI description, as far as the fake of GitHub has its operations."""

import copy
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi_schema_validator import OAS30Validator

from . import published
from .permissions import NEEDED

OPERATIONS = list(NEEDED)


@dataclass(frozen=True)
class Operation:
    #: Such as GET /repos/{owner}/{repo}/pulls.
    name: str
    values: dict[str, str]

    @property
    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = _description()["operations"][self.name]
        return found


def find(method: str, path: str) -> Operation | None:
    for name, pattern in _patterns().items():
        if name.startswith(f"{method} ") and (match := pattern.fullmatch(path)):
            values = {key: unquote(value) for key, value in match.groupdict().items()}
            return Operation(name, values)
    return None


def faults_of_request(
    operation: Operation, query: dict[str, str], headers: dict[str, str], body: Any
) -> list[str]:
    """What GitHub's description does not allow; unknown names count as well.

    Headers: https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
    """
    found = []
    wanted = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
    for name, value in wanted.items():
        if headers.get(name) != value:
            found.append(f"header {name} is {headers.get(name)!r}, not {value}")
    if not headers.get("user-agent"):
        found.append("header user-agent is missing")
    if body is not None and headers.get("content-type") != "application/json":
        found.append("header content-type is not application/json")
    return found + _parameter_faults(operation, query) + _body_faults(operation, body)


def faults_of_answer(operation: Operation, status: int, body: Any) -> list[str]:
    responses = operation.described["responses"]
    if str(status) not in responses:
        return [] if status >= 400 else [f"{operation.name} never answers {status}"]
    content = _resolved(responses[str(status)]).get("content", {}).get("application/json", {})
    return _violations(content["schema"], body) if "schema" in content else []


def example(operation_name: str, status: int) -> Any:
    """GitHub's own example of an answer; the item where it is a list."""
    response = _resolved(_description()["operations"][operation_name]["responses"][str(status)])
    shown = next(iter(response["content"]["application/json"]["examples"].values()))
    value = copy.deepcopy(_resolved(shown)["value"])
    return value[0] if isinstance(value, list) else value


def _parameter_faults(operation: Operation, query: dict[str, str]) -> list[str]:
    parameters = [_resolved(each) for each in operation.described.get("parameters", [])]
    known = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
    paths = {each["name"]: each["schema"] for each in parameters if each["in"] == "path"}
    found = [f"query {name} is unknown" for name in query if name not in known]
    given = [(name, known[name], text) for name, text in query.items() if name in known]
    given += [(name, paths[name], text) for name, text in operation.values.items()]
    for name, schema, text in given:
        is_number = schema.get("type") == "integer"
        value = int(text) if is_number and text.isdecimal() else text
        found += [f"{name}: {fault}" for fault in _violations(schema, value)]
    if int(query.get("per_page", "1")) > 100:
        found.append("per_page is more than 100")
    return found


def _body_faults(operation: Operation, body: Any) -> list[str]:
    described = operation.described.get("requestBody")
    if described is None:
        return ["a body, where none is taken"] if body is not None else []
    if body is None:
        return ["no body"] if described.get("required") else []
    schema = _resolved(described["content"]["application/json"]["schema"])
    known = schema.get("properties", {})
    unknown = sorted(set(body) - set(known)) if known and isinstance(body, dict) else []
    return [f"body {name} is unknown" for name in unknown] + _violations(schema, body)


def _violations(schema: dict[str, Any], value: Any) -> list[str]:
    root = {"allOf": [schema], "components": _description()["components"]}
    return [
        f"{'.'.join(map(str, each.absolute_path)) or 'it'}: {each.message[:300]}"
        for each in OAS30Validator(root).iter_errors(value)
    ]


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        kind, name = part["$ref"].split("/")[-2:]
        part = _description()["components"][kind][name]
    return part


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", name.partition(" ")[2]))
        for name in OPERATIONS
    }


@cache
def _description() -> dict[str, Any]:
    """The operations and what they refer to: less than a tenth of it all, kept beside it."""
    mark = sha256(Path(__file__).read_bytes() + json.dumps(OPERATIONS).encode()).hexdigest()[:12]
    kept = published.ensure().parent / f"operations-{mark}.json"
    if not kept.exists():
        partial = kept.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(_reduced(published.description())))
        partial.replace(kept)
    loaded: dict[str, Any] = json.loads(kept.read_text())
    return loaded


def _reduced(whole: dict[str, Any]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    components: dict[str, dict[str, Any]] = {}
    for name in OPERATIONS:
        method, _, path = name.partition(" ")
        operations[name] = whole["paths"][path][method.lower()]
    waiting = list(_references(operations))
    while waiting:
        kind, name = waiting.pop().split("/")[-2:]
        if name not in components.setdefault(kind, {}):
            components[kind][name] = whole["components"][kind][name]
            waiting += _references(components[kind][name])
    found = {"operations": operations, "components": components}
    _correct(found)
    return found


def _correct(part: Any) -> None:
    """Say what GitHub's description means where it says something else.

    Lists of values are called nullable, and mean that null is one more. Of answers told apart by
    a discriminator, those of a person with a private profile pass for public ones as well. Whose an
    installation is, is called a person and an enterprise at once, and means one of them.
    """
    for each in part.values() if isinstance(part, dict) else part:
        if isinstance(each, dict | list):
            _correct(each)
    if isinstance(part, dict) and part.get("nullable") is True and "enum" in part:
        part["enum"] = [*part["enum"], None]
    if isinstance(part, dict) and "discriminator" in part and "oneOf" in part:
        del part["discriminator"]
        part["anyOf"] = part.pop("oneOf")
    if isinstance(part, dict) and _titles(part.get("allOf")) == {"Simple User", "Enterprise"}:
        part["anyOf"] = part.pop("allOf")


def _titles(parts: Any) -> set[Any]:
    listed = parts if isinstance(parts, list) else []
    return {each.get("title") for each in listed if isinstance(each, dict)}


def _references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [each for item in part for each in _references(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [each for item in part.values() for each in _references(item)]
