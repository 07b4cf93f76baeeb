"""CPU and memory of a task, in every way that ECS takes them. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

import re
from typing import Any

_AMOUNT = r"\s*([0-9]{0,9}\.?[0-9]{1,9})"
_CPU = re.compile(rf"{_AMOUNT}\s*(vcpu)?\s*", re.IGNORECASE)
_MEMORY = re.compile(rf"{_AMOUNT}\s*(gb)?\s*", re.IGNORECASE)


def cpu_units(value: Any) -> int | None:
    """CPU units, 1024 of which are one processor: 256, "256" and "0.25 vCPU" are the same."""
    return _number(_CPU, value)


def mebibytes(value: Any) -> int | None:
    """1024, "1024" and "1 GB" are the same."""
    return _number(_MEMORY, value)


def _number(pattern: re.Pattern[str], value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    found = pattern.fullmatch(str(value)[:40])
    if not found:
        return None
    if found[2]:
        return int(float(found[1]) * 1024)
    return int(found[1]) if found[1].isdecimal() else None
