"""How numbers, times and commands are written in edaha.yml: for the parser and the JSON Schema."""

import re
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

#: Longer ones cannot be meant: a whole task definition may have 64 KiB.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
MAX_TEXT = 32 * 1024

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([1-9][0-9]{0,7})([smhdw])")
_CPU = re.compile(r"([0-9]{0,3}(?:\.[0-9]{1,4})?) ?vCPU", re.IGNORECASE)
_MEMORY = re.compile(r"([0-9]{0,6}(?:\.[0-9]{1,4})?) ?(GB|MB)", re.IGNORECASE)

#: The lists of commands that ECS takes as a container's health check:
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
_CHECKS = ("CMD", "CMD-SHELL", "NONE")


def wrong(says: str, hint: str = "") -> PydanticCustomError:
    """The error for a value: `says` goes on after the value's name, such as “must be …”."""
    return PydanticCustomError("wrong", "{says}", {"says": says, "hint": hint})


def kind(value: Any) -> str:
    """What a value is, in words: “must be a list, but is text”."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    for types, word in ((str, "text"), ((int, float), "a number"), (list, "a list")):
        if isinstance(value, types):
            return word
    return "a mapping"


def _seconds(value: Any, *, least: int, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        raise wrong("needs a unit", f"Write {value}s for seconds, {value}m for minutes.")
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise wrong("must be a duration", "Write a number and s, m, h, d or w, such as 30m or 7d.")
    seconds = int(found[1]) * _UNITS[found[2]]
    if not least <= seconds <= most:
        raise wrong(f"must be between {spoken(least)} and {spoken(most)}")
    return seconds


def expiry(value: Any) -> int:
    """Seconds until a preview that nobody looks at ends; raises PydanticCustomError."""
    return _seconds(value, least=300, most=365 * 86400)


def spoken(seconds: int) -> str:
    """The shortest way to write a duration: 5400 → 90m."""
    unit = max((u for u, size in _UNITS.items() if seconds % size == 0), key=_UNITS.__getitem__)
    return f"{seconds // _UNITS[unit]}{unit}"


def _amount(value: Any, *, pattern: re.Pattern[str], unit: str, least: int, most: int) -> int:
    """A whole number as it is, or a text with a unit, of which one has 1,024."""
    if isinstance(value, int) and not isinstance(value, bool):
        amount = float(value)
    else:
        found = pattern.fullmatch(value) if isinstance(value, str) else None
        if not found or not found[1].strip("."):
            raise wrong(
                f"must be a whole number or text such as “1 {unit}”, but is {kind(value)}",
                f"Take the quotes away: {value}" if str(value).isdecimal() else "",
            )
        size = 1 if found.re.groups > 1 and found[2].upper() == "MB" else 1024
        amount = float(found[1]) * size
    if not least <= amount <= most or amount != int(amount):
        raise wrong(f"must be a whole number between {least} and {most}")
    return int(amount)


def _text(value: Any) -> str | int | float:
    """A number or a truth value stays one: what it was written as is looked up later."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise wrong(f"has {len(value):,} characters; {MAX_TEXT:,} are the most")
        if "\0" in value:
            raise wrong("has a NUL character, which no container can be given")
    if isinstance(value, str | int | float):
        return value
    hint = 'Write "" for an empty text.' if value is None else ""
    raise wrong(f"must be text, but is {kind(value)}", hint)


def _command(value: Any) -> list[str | int | float]:
    """A text is run by a shell, as in a Dockerfile."""
    if isinstance(value, str) and value.strip():
        return ["/bin/sh", "-c", str(_text(value))]
    if not isinstance(value, list) or not value:
        raise wrong("must be a command: text, or a list of texts", 'Such as [npm, "start"].')
    return [_text(item) for item in value]


def _check_command(value: Any) -> list[str | int | float]:
    if isinstance(value, str) and value.strip():
        return ["CMD-SHELL", str(_text(value))]
    if not isinstance(value, list) or not value:
        raise wrong("must be a command: text, or a list of texts", "Such as curl -f localhost.")
    if value[0] not in _CHECKS:
        raise wrong(
            f"must begin with one of {', '.join(_CHECKS)} where it is a list", "Add CMD in front."
        )
    return [_text(item) for item in value]


def _dependencies(value: Any) -> Any:
    """A list of containers that must have started."""
    if not isinstance(value, list):
        return value
    if not all(isinstance(name, str) for name in value):
        raise wrong("must name containers", "Such as [redis], or {redis: HEALTHY}.")
    return dict.fromkeys(value, "START")


_TEXT = {"type": ["string", "number", "boolean"], "maxLength": MAX_TEXT, "pattern": "^[^\\u0000]*$"}
_COMMAND = {
    "anyOf": [
        {"type": "string", "pattern": "\\S", "maxLength": MAX_TEXT},
        {"type": "array", "minItems": 1, "items": _TEXT},
    ]
}
_CHECK_COMMAND = {
    "anyOf": [
        _COMMAND["anyOf"][0],
        {"type": "array", "minItems": 1, "items": [{"enum": list(_CHECKS)}],
         "additionalItems": _TEXT},
    ]
}  # fmt: skip
_DURATION_SCHEMA = {"type": "string", "pattern": f"^{_DURATION.pattern}$"}


def _amount_schema(unit: str, least: int, most: int) -> dict[str, Any]:
    number = {"type": "integer", "minimum": least, "maximum": most}
    text = {"type": "string", "pattern": rf"^([0-9]+(\.[0-9]+)?|\.[0-9]+) ?({unit})$"}
    return {"anyOf": [number, text]}


#: Numbers and truth values are taken as they are written.
Text = Annotated[str | int | float, PlainValidator(_text), WithJsonSchema(_TEXT)]
Command = Annotated[list[Text], PlainValidator(_command), WithJsonSchema(_COMMAND)]
HealthCheck = Annotated[list[Text], PlainValidator(_check_command), WithJsonSchema(_CHECK_COMMAND)]
Condition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]
DependsOn = Annotated[
    dict[str, Condition],
    BeforeValidator(_dependencies, json_schema_input_type=list[str] | dict[str, Condition]),
]
Startup = Annotated[
    int, PlainValidator(partial(_seconds, least=5, most=1500)), WithJsonSchema(_DURATION_SCHEMA)
]
Timeout = Annotated[
    int, PlainValidator(partial(_seconds, least=1, most=3600)), WithJsonSchema(_DURATION_SCHEMA)
]
Expiry = Annotated[int, PlainValidator(expiry), WithJsonSchema(_DURATION_SCHEMA)]
#: 192 vCPU, the most that ECS knows:
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
Cpu = Annotated[
    int,
    PlainValidator(partial(_amount, pattern=_CPU, unit="vCPU", least=1, most=196608)),
    WithJsonSchema(_amount_schema("vCPU|vcpu", 1, 196608)),
]
#: MiB; Docker takes no less than 6.
Memory = Annotated[
    int,
    PlainValidator(partial(_amount, pattern=_MEMORY, unit="GB", least=6, most=1048576)),
    WithJsonSchema(_amount_schema("GB|gb|MB|mb", 6, 1048576)),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Platform = Literal["linux/amd64", "linux/arm64"]
