"""What templates call, and whether its arguments are of the right number and kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .lexer import TemplateError
from .nodes import Call
from .printing import plain


@dataclass(frozen=True)
class Function:
    """What a template may call. `kinds` of its parameters are "string", "int" and "any"."""

    call: Callable[..., Any]
    kinds: tuple[str, ...]
    #: The kind of further parameters; empty where there may be none.
    more: str = ""
    #: `and` and `or` do not look at arguments after the one that decides.
    lazy: bool = False


def is_true(value: Any) -> bool:
    """Zero, nothing and what is empty are false."""
    return bool(value)


def check_count(count: int, function: Function, call: Call) -> None:
    if count < len(function.kinds) or (count > len(function.kinds) and not function.more):
        least = "at least " if function.more else ""
        raise TemplateError(
            f"{call.name} takes {least}{len(function.kinds)} arguments, not {count}.", call.line
        )


def all_checked(values: Sequence[Any], function: Function, call: Call) -> list[Any]:
    """The values as the function takes them. Raises TemplateError for one of a wrong kind."""
    return [
        _checked(value, _kind(function, position), call) for position, value in enumerate(values)
    ]


def _kind(function: Function, position: int) -> str:
    return function.kinds[position] if position < len(function.kinds) else function.more


def _checked(value: Any, kind: str, call: Call) -> Any:
    fits = {
        "string": isinstance(value, str),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "any": True,
    }
    # Go takes 1e3 for an integer where one is asked for.
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if not fits[kind]:
        wanted = {"string": "text", "int": "a whole number"}[kind]
        raise TemplateError(f"{call.name} takes {wanted}, not {plain(value)[:100]}.", call.line)
    return value
