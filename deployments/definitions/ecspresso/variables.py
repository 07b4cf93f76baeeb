"""A template's variables at one place: those of inner blocks hide outer ones of the same name."""

from typing import Any


class Variables:
    """Finds any of them in the same time, however many there are."""

    def __init__(self, data: Any = None) -> None:
        self._names: list[str] = []
        self._values: dict[str, list[Any]] = {}
        self.declare("$", data)

    def __contains__(self, name: str) -> bool:
        return bool(self._values.get(name))

    def __len__(self) -> int:
        return len(self._names)

    def declare(self, name: str, value: Any = None) -> None:
        self._names.append(name)
        self._values.setdefault(name, []).append(value)

    def get(self, name: str) -> Any:
        return self._values[name][-1]

    def set(self, name: str, value: Any) -> None:
        self._values[name][-1] = value

    def forget(self, known: int) -> None:
        """All but those that were `known`, by their number, before a block."""
        while len(self._names) > known:
            self._values[self._names.pop()].pop()
