"""How two definitions differ, for people: entry by entry, or as text. Pure.

Both ignore what ECS ignores; see normalise.py.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from . import normalise

#: What ECS is told of one service: {"taskDefinition": …, "service": …}; None for nothing.
Document = Mapping[str, Any] | None

_MISSING = object()
#: Items that are a name and one value: told as such.
_PAIRS = {"environment": "value", "secrets": "valueFrom", "secretOptions": "valueFrom",
          "properties": "value", "tags": "value", "systemControls": "value"}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One difference."""

    kind: Literal["added", "removed", "changed"]
    #: Such as `taskDefinition.containerDefinitions[app].environment[LANG]`.
    path: str
    before: Any
    after: Any


def document(
    task_definition: Mapping[str, Any],
    service: Mapping[str, Any] | None = None,
    *,
    impersonal: bool = False,
) -> dict[str, Any]:
    """What is compared; `impersonal` leaves out what differs between any two branches."""
    task, told = dict(task_definition), dict(service or {})
    if impersonal:
        task, told = normalise.impersonal(task, told)
    whole = {"taskDefinition": normalise.task_definition(task), "service": normalise.service(told)}
    return {key: value for key, value in whole.items() if value}


def difference(before: Document, after: Document) -> list[Entry]:
    """Every difference, in the order of the definitions."""
    return list(_between(*_comparable(before, after), path=""))


def text(
    before: Document,
    after: Document,
    *,
    before_name: str = "before",
    after_name: str = "after",
    context: int = 3,
) -> str:
    """A unified diff of both as JSON; empty where they are the same."""
    one, other = (_lines(each) for each in _comparable(before, after))
    lines = difflib.unified_diff(one, other, before_name, after_name, n=context, lineterm="")
    return "\n".join(lines)


def _comparable(before: Document, after: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    one, other = (
        document(each.get("taskDefinition") or {}, each.get("service")) if each else {}
        for each in (before, after)
    )
    # A definition that does not say how many leaves that as it is, as in ecspresso.
    if "desiredCount" not in other.get("service", {}):
        one.get("service", {}).pop("desiredCount", None)
    return one, other


def _lines(value: dict[str, Any]) -> list[str]:
    if not value:
        return []
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _between(before: Any, after: Any, *, path: str, key: str = "") -> Iterator[Entry]:
    if before is after or _as_json(before) == _as_json(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _keys(before, after, path=path)
        return
    one, other = _by_identity(before, key), _by_identity(after, key)
    if one is not None and other is not None:
        for name in dict.fromkeys([*one, *other]):
            yield from _at(one, other, name, path=f"{path}[{name}]")
    else:
        yield _entry(before, after, path)


def _as_json(value: Any) -> str:
    # In Python 1 is True; to ECS they are two things.
    return json.dumps(value, sort_keys=True, default=str)


def _keys(before: dict[str, Any], after: dict[str, Any], *, path: str) -> Iterator[Entry]:
    for name in sorted({*before, *after}):
        yield from _at(before, after, name, path=f"{path}.{name}".lstrip("."), key=name)


def _at(
    before: Mapping[Any, Any], after: Mapping[Any, Any], name: Any, *, path: str, key: str = ""
) -> Iterator[Entry]:
    one, other = before.get(name, _MISSING), after.get(name, _MISSING)
    if one is _MISSING or other is _MISSING:
        yield _entry(one, other, path)
    else:
        yield from _between(one, other, path=path, key=key)


def _entry(before: Any, after: Any, path: str) -> Entry:
    if before is _MISSING:
        return Entry("added", path, None, after)
    if after is _MISSING:
        return Entry("removed", path, before, None)
    return Entry("changed", path, before, after)


def _by_identity(value: Any, key: str) -> dict[Any, Any] | None:
    """The items of a list by what they are known by; None where that is not one each."""
    identity, paired = normalise.IDENTITY.get(key), _PAIRS.get(key)
    if identity is None or not isinstance(value, list):
        return None
    if not all(isinstance(item, dict) and _is_name(item.get(identity)) for item in value):
        return None
    found = {
        item[identity]: item[paired] if paired and set(item) == {identity, paired} else item
        for item in value
    }
    return found if len(found) == len(value) else None


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int)
