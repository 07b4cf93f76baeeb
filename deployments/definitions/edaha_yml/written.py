"""Numbers and truth values as they were written: `022` in an environment is no 22. Pure."""

from typing import Any

import yaml

from .mistakes import Path

_MERGE = "<<"


class Written:
    """The scalars of a YAML text, all of them as text.

    Only for what `definitions.yaml.load` has accepted: that is what keeps bombs away.
    """

    def __init__(self, text: str) -> None:
        # BaseLoader makes nothing but text, lists and mappings.
        self._tree: Any = yaml.CBaseLoader(text).get_single_data()

    def at(self, path: Path) -> str | None:
        """The scalar at `path`; None where it cannot be told."""
        value = self._tree
        for key in path:
            value = _within(value, key)
        return value if isinstance(value, str) else None


def _within(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return value[int(key)] if key.isdecimal() and int(key) < len(value) else None
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key]
    merged = value.get(_MERGE)
    sources = merged if isinstance(merged, list) else [merged]
    return next((found for each in sources if (found := _within(each, key)) is not None), None)
