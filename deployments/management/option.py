"""What a command line option of a setting is, and how its text becomes the field's value."""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from deployments.definitions.edaha_yml.values import expiry, spoken


@dataclass(frozen=True)
class Option:
    flag: str
    field: str
    help: str
    #: What else `add_argument` is told.
    more: dict[str, Any] = dataclasses.field(default_factory=dict)
    #: From argparse's value to the field's.
    convert: Callable[[Any], Any] = lambda value: value

    def add_to(self, parser: argparse.ArgumentParser, *, required: bool = False) -> None:
        parser.add_argument(
            self.flag,
            dest=self.field,
            help=self.help,
            default=argparse.SUPPRESS,
            required=required,
            **self.more,
        )


def secret(text: str) -> str:
    return sys.stdin.readline().rstrip("\r\n") if text == "-" else text


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"write {text!r} as NAME=VALUE")
    return name, value


def parse_expiry(text: str) -> int | None:
    if text in _EXPIRIES:
        return _EXPIRIES[text]
    try:
        return expiry(text)
    except PydanticCustomError as problem:
        says = f"it {problem.message()}: write 14d, never or default"
        raise argparse.ArgumentTypeError(says) from None


def spoken_expiry(seconds: int | None) -> str:
    for word, meant in _EXPIRIES.items():
        if seconds == meant:
            return word
    return spoken(seconds or 0)


def without_empty(items: Iterable[str]) -> list[str]:
    return [item for item in items if item]


#: None means what the installation says.
_EXPIRIES = {"never": 0, "default": None}

TEXT: dict[str, Any] = {"metavar": "TEXT"}
PATH: dict[str, Any] = {"metavar": "PATH"}
ARN: dict[str, Any] = {"metavar": "ARN"}
NUMBER: dict[str, Any] = {"type": int, "metavar": "N"}
SWITCH: dict[str, Any] = {"action": argparse.BooleanOptionalAction}


def list_of(metavar: str) -> dict[str, Any]:
    return {"action": "append", "metavar": metavar}
