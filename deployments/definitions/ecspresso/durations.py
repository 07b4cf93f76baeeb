"""Durations as Go writes them. https://pkg.go.dev/time#ParseDuration"""

import re
from typing import Any

_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # U+00B5
    "μs": 1e-6,  # U+03BC
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
_DURATION = re.compile(rf"([-+]?)((?:{_PART})+)", re.ASCII)
_DIGITS = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)


def seconds(value: Any) -> float | None:
    """The seconds that `10m0s`, `1h30m` or a plain number stand for; None for what is neither.

    Plain numbers are seconds, as in ecspresso 3 (its docs/v2-v3.md); ecspresso 2 took them for
    nanoseconds, which nobody means.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str) or len(value) > 100:
        return None
    if _DIGITS.fullmatch(value):
        return float(value)
    found = _DURATION.fullmatch(value)
    if not found:
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, found[2]))
    return -total if found[1] == "-" else total
