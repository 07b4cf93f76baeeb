"""What pydantic finds wrong with an edaha.yml, in words."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .model import Block, File
from .values import kind

#: A key's path from the top of the file, such as ("services", "web", "port").
Path = tuple[str, ...]

#: Beyond these, nobody reads on.
MOST = 50
_SHOWN = 60
#: Keys under which things have names of their own → what such a thing is called.
_NAMED = {"images": "image", "services": "service", "containers": "container"}


@dataclass(frozen=True)
class Mistake:
    path: Path
    message: str
    hint: str = ""
    #: The path of a key that must be there and is not.
    missing: Path = ()


def of_types(problem: ValidationError) -> list[Mistake]:
    """At most MOST of them."""
    details = problem.errors(include_url=False)[:MOST]
    return [_mistake(error, _path(error)) for error in details]


def words(path: Path) -> str:
    """("services", "web", "port") → “port” of service web."""
    told: list[str] = []
    rest = list(path)
    while rest:
        key = rest.pop(0)
        if key in _NAMED and rest and (not told or key == "containers"):
            told.append(f"{_NAMED[key]} {shown(rest.pop(0))}")
        elif key.isdecimal() and told:
            told.append(f"item {int(key) + 1}")
        else:
            told.append(f"“{shown(key)}”")
    return " of ".join(reversed(told)) or "this file"


def shown(text: str) -> str:
    """Short enough for a sentence, in one line."""
    plain = in_one_line(text)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"


def in_one_line(text: str) -> str:
    """Without control characters, which a terminal might obey."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of `path`, or of what is around it."""
    ends = range(len(path), -1, -1)
    return next((lines[path[:end]] for end in ends if path[:end] in lines), None)


def nearest(word: str, known: Iterable[str]) -> str:
    """The question that helps with a misspelling; empty where nothing is near."""
    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(shown(word).lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean “{by_lower[found[0]]}”?" if found else ""


def keys_at(path: Path) -> list[str]:
    """What the mapping at `path` may have; empty where that is anything."""
    model: type[Block] | None = File
    rest = list(path)
    while rest and model:
        field = model.model_fields.get(rest.pop(0))
        annotation = field.annotation if field else None
        model = _block_in(annotation)
        if rest and _is_mapping(annotation):
            rest.pop(0)
    return list(model.model_fields) if model else []


def _block_in(annotation: Any) -> type[Block] | None:
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    return next(filter(None, map(_block_in, get_args(annotation))), None)


def _is_mapping(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(map(_is_mapping, get_args(annotation)))


def _path(error: ErrorDetails) -> Path:
    return tuple(str(part) for part in error["loc"] if part != "[key]")


def _mistake(error: ErrorDetails, path: Path) -> Mistake:
    if error["type"] == "extra_forbidden":
        return _unknown_key(path)
    if error["type"] == "missing":
        where = path[:-1]
        return Mistake(where, f"{start(words(where))} needs “{path[-1]}”.", missing=path)
    context = error.get("ctx", {})
    if error["type"] == "wrong":
        return Mistake(path, f"{start(words(path))} {context['says']}.", context["hint"])
    says, hint = _said(error, path, context)
    return Mistake(path, f"{start(words(path))} {says}.", hint)


def _unknown_key(path: Path) -> Mistake:
    known = keys_at(path[:-1])
    where = f"in {words(path[:-1])}" if path[:-1] else "at the top of this file"
    hint = nearest(path[-1], known) or f"What may be there: {', '.join(known)}."
    return Mistake(path, f"There is no key “{shown(path[-1])}” {where}.", hint)


def _said(error: ErrorDetails, path: Path, context: Mapping[str, Any]) -> tuple[str, str]:
    """What follows the value's name, and a hint."""
    value = error["input"]
    told = _TOLD.get(error["type"])
    if told:
        return told(value, path, context)
    expected = _EXPECTED.get(error["type"])
    if expected:
        return f"must be {expected}, but is {kind(value)}", _quotes(error["type"], value, path)
    return f"is refused: {error['msg']}", ""


def _quotes(expected: str, value: Any, path: Path) -> str:
    key = path[-1] if path and not path[-1].isdecimal() else ""
    start = f"{shown(key)}: " if key else ""
    if expected == "int_type" and isinstance(value, str) and value.strip().isdecimal():
        return f"Take the quotes away: {start}{shown(value.strip())}"
    if expected == "bool_type" and str(value).lower() in {"yes", "on", "1", "true"}:
        return f"Write {start}true"
    if expected == "bool_type" and str(value).lower() in {"no", "off", "0", "false"}:
        return f"Write {start}false"
    if expected == "string_type" and isinstance(value, bool | int | float):
        return f"Put it in quotes: {start}{json.dumps(str(value))}"
    return ""


def start(text: str) -> str:
    """As a sentence begins."""
    return text[:1].upper() + text[1:]


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def _one_of(value: Any, path: Path, context: Mapping[str, Any]) -> tuple[str, str]:
    known = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    hint = nearest(value, known) if isinstance(value, str) else ""
    is_what = f"“{shown(value)}”" if isinstance(value, str) else kind(value)
    return f"must be one of {', '.join(known)}, but is {is_what}", hint


Teller = Callable[[Any, Path, Mapping[str, Any]], tuple[str, str]]
_TOLD: dict[str, Teller] = {
    "literal_error": _one_of,
    "greater_than_equal": lambda value, path, context: (f"must be {context['ge']} or more", ""),
    "less_than_equal": lambda value, path, context: (f"must be {context['le']} or less", ""),
    "string_too_long": lambda value, path, context: (
        f"has {len(value):,} characters; {context['max_length']:,} are the most",
        "",
    ),
    "string_too_short": lambda value, path, context: ("must not be empty", ""),
    "too_long": lambda value, path, context: (
        f"has {len(value):,} entries; {context['max_length']:,} are the most",
        "",
    ),
    "too_short": lambda value, path, context: ("must have at least one entry", ""),
}
