"""Numbers as Go writes them. https://go.dev/ref/spec#Integer_literals"""

import re

from .lexer import TemplateError

_INT = re.compile(
    r"([-+]?)(?:0[xX]([0-9a-fA-F_]+)|0[bB]([01_]+)|0[oO]?([0-7_]+)|([0-9][0-9_]*))", re.ASCII
)
_FLOAT = re.compile(r"[-+]?(?:[0-9_]+\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9_]+)?", re.ASCII)
_INT64 = range(-(2**63), 2**63)
#: More digits than any number of a definition has; Python is slow with thousands of them.
_MAX_LENGTH = 70


def number(text: str, line: int) -> int | float:
    """The value of a literal in a template. Raises TemplateError for what is none."""
    if len(text) <= _MAX_LENGTH:
        if found := _INT.fullmatch(text):
            sign, *digits = found.groups()
            bases = zip((16, 2, 8, 10), digits, strict=True)
            value = next(int(part.strip("_"), base) for base, part in bases if part)
            value = -value if sign == "-" else value
            if value in _INT64:
                return value
            raise TemplateError(f"{text} does not fit into an integer.", line)
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
    raise TemplateError(f"{text[:_MAX_LENGTH]} is not a number.", line)
