"""The part of GitHub's expressions that our actions use.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import re
from collections.abc import Mapping
from typing import Any

Contexts = Mapping[str, Any]

_TEMPLATE = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_PATH = re.compile(r"[a-z_]+(?:\.[a-z_][a-z0-9_-]*)+", re.I)
_TEXT = re.compile(r"'((?:[^']|'')*)'")


def fill(text: object, contexts: Contexts) -> str:
    """A value of a step, with its expressions evaluated."""
    return _TEMPLATE.sub(lambda found: evaluate(found[1], contexts), str(text))


def evaluate(expression: str, contexts: Contexts) -> str:
    """The first operand of || that is not empty, or the last one; falsehood is empty."""
    value = ""
    for operand in expression.split("||"):
        if value := _comparison(operand, contexts):
            break
    return value


def _comparison(text: str, contexts: Contexts) -> str:
    left, operator, right = re.fullmatch(r"(.*?)(?:(!=|==)(.*))?", text, re.S).groups()  # type: ignore[union-attr]
    if not operator:
        return _operand(left, contexts)
    is_equal = _operand(left, contexts) == _operand(right, contexts)
    return "true" if is_equal == (operator == "==") else ""


def _operand(text: str, contexts: Contexts) -> str:
    text = text.strip()
    if literal := _TEXT.fullmatch(text):
        return literal[1].replace("''", "'")
    if not _PATH.fullmatch(text):
        raise ValueError(f"This runner does not know the expression {text!r}")
    value: Any = contexts
    for name in text.split("."):
        # What is not there is empty, as GitHub documents it.
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return str(value)
