"""What people wrote, as the API's own keys and types.

Go matches keys whatever their case, so `containerDefinitions` and `ContainerDefinitions` are one
(https://pkg.go.dev/encoding/json#Unmarshal). Keys of maps, such as dockerLabels, are people's own
and stay as they are. What ecspresso warns of and ignores is warned of and ignored here.
"""

import difflib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..problems import Problem
from .printing import plain

Place = tuple[str, ...]
#: Structure → member → type: a scalar's name, "[" before a list's item, "{" before a map's values.
Shapes = Mapping[str, Mapping[str, str]]

_INT32 = range(-(2**31), 2**31)
_WANTED = {
    "string": "text",
    "enum": "text",
    "integer": "a whole number",
    "double": "a number",
    "boolean": "true or false",
}


@cache
def of_ecs() -> Mapping[str, Any]:
    """The table that tests/ecspresso/shapes_of_botocore.py makes."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("shapes.json").read_text())
    return found


class Reading:
    """Reads one file's values; gathers what is wrong with them, and where each stands."""

    def __init__(
        self,
        file: str,
        shapes: Shapes,
        line: Callable[[Place], int | None],
        *,
        drops_empty_lists: bool = False,
    ) -> None:
        self._file = file
        self._shapes = shapes
        self._line = line
        self._drops_empty_lists = drops_empty_lists
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        #: The API's keys → line.
        self.lines: dict[Place, int] = {}

    def value(self, value: Any, kind: str, written: Place, path: Place = ()) -> Any:
        """`value`, which stands at `written` in the file and belongs to `path` in the API."""
        if line := self._line(written):
            self.lines[path] = line
        if kind in _WANTED:
            return self._scalar(value, kind, written, path)
        if kind == "any":
            return value
        if kind[0] == "[":
            return self._list(value, kind[1:], written, path)
        return self._mapping(value, kind, written, path)

    def ignore(self, written: Place, message: str, hint: str = "") -> None:
        self.warnings.append(Problem(self._file, self._line(written), message, hint))

    def _list(self, value: Any, kind: str, written: Place, path: Place) -> Any:
        if not isinstance(value, list):
            return self._wrong(value, "a list", written, path)
        return [
            self.value(item, kind, (*written, str(number)), (*path, str(number)))
            for number, item in enumerate(value)
        ]

    def _mapping(self, value: Any, kind: str, written: Place, path: Place) -> Any:
        if not isinstance(value, dict):
            return self._wrong(value, "a mapping of keys to values", written, path)
        if kind[0] == "{":
            members = {key: (key, kind[1:]) for key in value}
        else:
            members = self._members(value, kind, written, path)
        return {
            name: self.value(value[key], kind, (*written, key), (*path, name))
            for key, (name, kind) in members.items()
            if not self._is_left_out(value[key], kind)
        }

    def _is_left_out(self, value: Any, kind: str) -> bool:
        """`ecspresso init` writes `"pidMode": ""`, which AWS's SDK for Go then leaves out."""
        if kind == "enum" and value == "":
            return True
        return value is None or (self._drops_empty_lists and value == [])

    def _members(
        self, value: Mapping[str, Any], kind: str, written: Place, path: Place
    ) -> dict[str, tuple[str, str]]:
        """The keys that mean something, each with the API's name and type of it."""
        known = {name.lower(): name for name in self._shapes[kind]}
        found: dict[str, tuple[str, str]] = {}
        names: set[str] = set()
        for key in value:
            name = known.get(key.lower())
            if name is None:
                self._unknown(key, kind, written, path)
            elif name in names:
                self._problem(f"{_shown((*path, name))} is here twice.", (*written, key))
            else:
                names.add(name)
                found[key] = (name, self._shapes[kind][name])
        return found

    def _unknown(self, key: str, kind: str, written: Place, path: Place) -> None:
        near = difflib.get_close_matches(key, self._shapes[kind], n=1)
        self.ignore(
            (*written, key),
            f"There is no key {_shown((*path, key))}: it is ignored."
            + (f" Did you mean {near[0]}?" if near else ""),
        )

    def _scalar(self, value: Any, kind: str, written: Place, path: Place) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            "string": isinstance(value, str),
            "enum": isinstance(value, str),
            "boolean": isinstance(value, bool),
            "double": is_number,
            # As an int: Python looks for a float in a range by counting through it.
            "integer": is_number and value == value // 1 and int(value) in _INT32,
        }[kind]
        if not fits:
            return self._wrong(value, _WANTED[kind], written, path)
        return int(value) if kind == "integer" else value

    def _wrong(self, value: Any, wanted: str, written: Place, path: Place) -> None:
        shown = json.dumps(value) if isinstance(value, str | None) else plain(value)
        shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
        hint = ""
        if wanted == "text" and not isinstance(value, list | dict):
            hint = "Put it in quotes."
        elif isinstance(value, str) and wanted in _WANTED.values():
            hint = "Leave the quotes out."
        self._problem(f"{_shown(path)} must be {wanted}, not {shown}.", written, hint)

    def _problem(self, message: str, written: Place, hint: str = "") -> None:
        self.problems.append(Problem(self._file, self._line(written), message, hint))


def _shown(path: Place) -> str:
    """containerDefinitions[0].image"""
    shown = "".join(f"[{key}]" if key.isdigit() else f".{key}" for key in path)
    return shown.lstrip(".") or "This file"
