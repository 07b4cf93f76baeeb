"""The functions that every Go template has. https://pkg.go.dev/text/template#hdr-Functions"""

from typing import Any
from urllib.parse import quote_plus

from ...errors import UserError
from .calling import Function, is_true
from .printing import plain, sprint, sprintf, type_name


def _equal(first: Any, *others: Any) -> bool:
    """Whether the first equals one of the others."""
    if not others:
        raise UserError("eq takes at least 2 arguments.")
    return any(_same(first, other) for other in others)


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        raise UserError("Lists and maps cannot be compared.")
    if type(one) is not type(other):
        raise _incomparable(one, other)
    return bool(one == other)


def _incomparable(one: Any, other: Any) -> UserError:
    return UserError(
        f"{plain(one)[:100]} ({type_name(one)}) and {plain(other)[:100]} ({type_name(other)}) "
        "cannot be compared: they are of different types.",
        hint="What `env` returns is text: compare it with text, such as `1`.",
    )


def _less(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        raise _incomparable(one, other)
    if not isinstance(one, int | float | str) or isinstance(one, bool):
        raise UserError(f"{plain(one)[:100]} has no order.")
    # Go compares text by its bytes.
    return one.encode() < other.encode() if isinstance(one, str) else bool(one < other)


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | dict):
        return len(value)
    raise UserError(f"{plain(value)[:100]} has no length.")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = _item(value, key)
    return value


def _item(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if not isinstance(value, str | list):
        raise UserError(f"{plain(value)[:100]} has no items.")
    # What index takes from text is a byte.
    items = value.encode() if isinstance(value, str) else value
    return items[_position(key, len(items), inclusive=False)]


def _position(key: Any, length: int, *, inclusive: bool) -> int:
    if isinstance(key, bool) or not isinstance(key, int):
        raise UserError(f"{plain(key)[:100]} is no position.")
    if not 0 <= key < length + inclusive:
        raise UserError(f"The position {key} is out of range.")
    return key


def _slice(value: Any, *bounds: Any) -> Any:
    """`slice "abcdef" 1 3` is "bc"."""
    if not isinstance(value, str | list) or len(bounds) > (2 if isinstance(value, str) else 3):
        raise UserError(f"{plain(value)[:100]} cannot be sliced like this.")
    items = value.encode() if isinstance(value, str) else value
    start, end = [*bounds, *(0, len(items))[len(bounds) :]][:2]
    start = _position(start, len(items), inclusive=True)
    end = _position(end, len(items), inclusive=True)
    if start > end:
        raise UserError(f"The slice begins at {start}, after its end at {end}.")
    part = items[start:end]
    return part.decode(errors="replace") if isinstance(part, bytes) else part


def _html(*values: Any) -> str:
    entities: dict[str, str | int | None]
    entities = {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
    return _text(values).translate(str.maketrans(entities))


def _js(*values: Any) -> str:
    return "".join(map(_js_character, _text(values)))


def _js_character(character: str) -> str:
    if character in "\\'\"":
        return f"\\{character}"
    if character in "<>&=" or not character.isprintable():
        return f"\\u{ord(character):04X}"
    return character


def _text(values: tuple[Any, ...]) -> str:
    return sprint(values)


BUILTINS: dict[str, Function] = {
    "and": Function(lambda *values: values[-1], ("any",), "any", lazy=True),
    "or": Function(lambda *values: values[-1], ("any",), "any", lazy=True),
    "not": Function(lambda value: not is_true(value), ("any",)),
    "eq": Function(_equal, ("any",), "any"),
    "ne": Function(lambda one, other: not _same(one, other), ("any", "any")),
    "lt": Function(_less, ("any", "any")),
    "le": Function(lambda one, other: not _less(other, one), ("any", "any")),
    "gt": Function(lambda one, other: _less(other, one), ("any", "any")),
    "ge": Function(lambda one, other: not _less(one, other), ("any", "any")),
    "len": Function(_length, ("any",)),
    "index": Function(_index, ("any",), "any"),
    "slice": Function(_slice, ("any",), "any"),
    "print": Function(lambda *values: sprint(values), (), "any"),
    "printf": Function(lambda form, *values: sprintf(form, values), ("string",), "any"),
    "println": Function(lambda *values: f"{' '.join(map(plain, values))}\n", (), "any"),
    "html": Function(_html, (), "any"),
    "js": Function(_js, (), "any"),
    "urlquery": Function(lambda *values: quote_plus(_text(values)), (), "any"),
}
