"""What Edaha changed of what a team wrote: never without an entry that people are shown."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One change. `before` is None for what was not there, `after` for what was removed."""

    #: Such as `taskDefinition.containerDefinitions[app].image`.
    where: str
    before: Any
    after: Any
    why: str


class Edited:
    """A mapping that the team wrote, and every change made to it."""

    def __init__(self, value: dict[str, Any], where: str) -> None:
        self.changes: list[Change] = []
        self._where = where
        self.value: dict[str, Any] = self._copied(value, where)

    def put(self, key: str, after: Any, why: str) -> None:
        before = self.value.get(key)
        if before != after:
            self.value[key] = after
            self.note(key, before, after, why)

    def put_where_absent(self, key: str, after: Any, why: str) -> None:
        if not self.value.get(key):
            self.put(key, after, why)

    def drop(self, key: str, why: str) -> None:
        if key in self.value:
            self.note(key, self.value.pop(key), None, why)

    def keep_only(self, known: frozenset[str], told: frozenset[str]) -> None:
        """Drop what the call does not take; `told` is what AWS's answers have beside it."""
        for key in [key for key in self.value if key not in known]:
            self.drop(
                key,
                "ECS tells this; it cannot be set."
                if key in told
                else "ECS knows no such setting.",
            )

    def note(self, place: str, before: Any, after: Any, why: str) -> None:
        self.changes.append(Change(f"{self._where}.{place}", deepcopy(before), after, why))

    def containers(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Each container, and its place for `note`."""
        for position, container in enumerate(self.value.get("containerDefinitions", [])):
            yield container, f"containerDefinitions[{container.get('name', position)}]"

    def _copied(self, value: Any, where: str) -> Any:
        """Without nulls; whatever is there twice by YAML's aliases is there twice from now on."""
        if isinstance(value, dict):
            for key in [key for key, each in value.items() if each is None]:
                why = "null says nothing, and ECS takes none."
                self.changes.append(Change(f"{where}.{key}", None, None, why))
            return {
                key: self._copied(each, f"{where}.{key}")
                for key, each in value.items()
                if each is not None
            }
        if isinstance(value, list):
            return [
                self._copied(each, f"{where}[{_name(each, position)}]")
                for position, each in enumerate(value)
            ]
        return value


def _name(item: Any, position: int) -> Any:
    return item.get("name", position) if isinstance(item, dict) else position
