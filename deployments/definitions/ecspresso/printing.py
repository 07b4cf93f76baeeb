"""Text as Go prints it: what `print` and actions show, and the verbs of `printf`.

https://pkg.go.dev/fmt#hdr-Printing
"""

import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

#: Go refuses larger widths and precisions. https://pkg.go.dev/fmt: %!(BADWIDTH)
_TOO_LARGE = 1_000_000
_VERB = re.compile(
    r"%(?P<flags>[-+# 0]*)(?:(?P<width>\d+)|(?P<star>\*))?"
    r"(?:\.(?:(?P<precision>\d+)|(?P<dotstar>\*))?(?P<dot>))?(?:\[(?P<index>\d+)\])?(?P<verb>.)?",
    re.DOTALL,
)


def plain(value: Any) -> str:
    """`%v`: how Go's Sprint writes one value."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, list):
        return f"[{' '.join(map(plain, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{plain(value[key])}' for key in sorted(value))}]"
    return str(value)


def sprint(values: Sequence[Any]) -> str:
    """Sprint: a space between two values of which neither is text."""
    parts: list[str] = []
    for position, value in enumerate(values):
        if position and not isinstance(value, str) and not isinstance(values[position - 1], str):
            parts.append(" ")
        parts.append(plain(value))
    return "".join(parts)


def shortest(value: float) -> str:
    """`%v` of a float: the fewest digits that mean it, with an exponent from 1e+06 and 1e-05."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    point = len(digits) + int(exponent)
    if value and not -4 <= point - 1 < 6:
        mantissa = f"{digits[0]}" + (f".{''.join(map(str, digits[1:]))}" if digits[1:] else "")
        return f"{'-' * sign}{mantissa}e{point - 1:+03d}"
    return f"{Decimal(repr(value)).normalize():f}"


def escaped(text: str) -> str:
    """The inside of a JSON string as encoding/json writes it, with <, > and & escaped too.

    https://pkg.go.dev/encoding/json#Marshal
    """
    shown = json.dumps(text, ensure_ascii=False)[1:-1]
    for character in "<>&\u2028\u2029":
        shown = shown.replace(character, f"\\u{ord(character):04x}")
    return shown


def as_json(value: Any) -> str:
    """A value as encoding/json writes it: no spaces, keys in order."""
    if isinstance(value, str):
        return f'"{escaped(value)}"'
    if isinstance(value, float):
        return _json_number(value)
    if isinstance(value, list):
        return f"[{','.join(map(as_json, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{as_json(key)}:{as_json(value[key])}' for key in sorted(value))}}}"
    return json.dumps(value)


def _json_number(value: float) -> str:
    if 1e-6 <= abs(value) < 1e21 or not value:
        return f"{Decimal(repr(value)).normalize():f}"
    return repr(value).replace("e-0", "e-")


def sprintf(template: str, values: Sequence[Any]) -> str:
    """Go's Sprintf, with its marks for what does not fit, such as `%!d(string=hi)`."""
    printer = _Printer(values)
    result = _VERB.sub(printer.verb, template)
    left = values[printer.position :]
    if left and not printer.reordered:
        extra = ", ".join(f"{type_name(value)}={plain(value)}" for value in left)
        result += f"%!(EXTRA {extra})"
    return result


def type_name(value: Any) -> str:
    """What Go calls a value's type (`%T`)."""
    if value is None:
        return "<nil>"
    names = {
        bool: "bool",
        int: "int",
        float: "float64",
        str: "string",
        list: "[]interface {}",
        dict: "map[string]interface {}",
    }
    return names[type(value)]


class _Printer:
    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self.position = 0
        self.reordered = False

    def verb(self, found: re.Match[str]) -> str:
        verb, flags = found["verb"], set(found["flags"])
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        width, bad_width = self._number(found["width"], found["star"], "WIDTH")
        precision, bad_precision = self._number(found["precision"], found["dotstar"], "PREC")
        if found["dot"] is not None and precision is None and not bad_precision:
            precision = 0
        if width is not None and width < 0:
            flags.add("-")
            width = -width
        marks = bad_width + bad_precision
        if found["index"]:
            self.reordered = True
            self.position = int(found["index"]) - 1 if len(found["index"]) < 4 else -1
            if not 0 <= self.position < len(self._values):
                return f"{marks}%!{verb}(BADINDEX)"
        if self.position >= len(self._values):
            return f"{marks}%!{verb}(MISSING)"
        value = self._values[self.position]
        self.position += 1
        return marks + _formatted(value, verb, flags, width, precision)

    def _number(self, written: str | None, star: str | None, what: str) -> tuple[int | None, str]:
        """A width or precision, and Go's mark where it is none."""
        if star:
            value = self._values[self.position] if self.position < len(self._values) else None
            self.position += 1
            if isinstance(value, bool) or not isinstance(value, int):
                return None, f"%!(BAD{what})"
        elif written:
            value = int(written) if len(written) < 10 else _TOO_LARGE + 1
        else:
            return None, ""
        return (None, f"%!(BAD{what})") if abs(value) > _TOO_LARGE else (value, "")


def _formatted(
    value: Any, verb: str, flags: set[str], width: int | None, precision: int | None
) -> str:
    shown = _shown(value, verb, flags, precision)
    if shown is None:
        if value is None:
            return f"%!{verb}(<nil>)"
        return f"%!{verb}({type_name(value)}={plain(value)})"
    missing = (width or 0) - len(shown)
    if missing <= 0:
        return shown
    if "-" in flags:
        return shown + " " * missing
    if "0" in flags and (isinstance(value, str) or (precision is None or verb not in "bdoOxX")):
        signed = not isinstance(value, str) and shown[:1] in ("+", "-", " ")
        return shown[:signed] + "0" * missing + shown[signed:]
    return " " * missing + shown


def _shown(value: Any, verb: str, flags: set[str], precision: int | None) -> str | None:
    """The value without padding; None where the verb is not for it."""
    if verb == "T":
        return type_name(value)
    if verb == "v":
        return f'"{escaped(value)}"' if "#" in flags and isinstance(value, str) else plain(value)
    if isinstance(value, bool):
        return plain(value) if verb == "t" else None
    if isinstance(value, int):
        return _integer(value, verb, flags, precision)
    if isinstance(value, float):
        return _float(value, verb, flags, precision)
    if isinstance(value, str):
        return _string(value, verb, flags, precision)
    return None


def _integer(value: int, verb: str, flags: set[str], precision: int | None) -> str | None:
    if verb in ("c", "q", "U"):
        if not 0 <= value <= 0x10FFFF:
            value = 0xFFFD
        return {"c": chr(value), "q": f"'{chr(value)}'", "U": f"U+{value:04X}"}[verb]
    formats = {"d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
    if verb not in formats:
        return None
    digits = format(abs(value), formats[verb]).rjust(precision or 0, "0")
    prefixes = {"x": "0x", "X": "0X", "o": "0", "b": "0b"} if "#" in flags else {}
    prefix = "0o" if verb == "O" else prefixes.get(verb, "")
    sign = "-" if value < 0 else next((flag for flag in "+ " if flag in flags), "")
    return sign + prefix + digits


def _float(value: float, verb: str, flags: set[str], precision: int | None) -> str | None:
    if verb not in "eEfFgG":
        return None
    sign = "+" if "+" in flags and value >= 0 else ""
    # Python's own limit is higher than what a definition could mean by it.
    digits = min(6 if precision is None else precision, 1000)
    if verb in "gG" and precision is None:
        shown = shortest(value)
        return sign + (shown.upper() if verb == "G" else shown)
    return sign + format(value, f".{digits}{verb}")


def _string(value: str, verb: str, flags: set[str], precision: int | None) -> str | None:
    if precision is not None:
        value = value[:precision]
    if verb == "s":
        return value
    if verb == "q":
        return f"`{value}`" if "#" in flags and "`" not in value else f'"{_quoted(value)}"'
    if verb in ("x", "X"):
        shown = value.encode().hex(" " if " " in flags else "") if " " in flags else ""
        shown = shown or value.encode().hex()
        return shown.upper() if verb == "X" else shown
    return None


def _quoted(text: str) -> str:
    """The inside of a Go string literal."""
    simple = dict(zip('\a\b\f\n\r\t\v\\"', 'abfnrtv\\"', strict=True))
    return "".join(
        f"\\{simple[character]}"
        if character in simple
        else (character if character.isprintable() else _unprintable(ord(character)))
        for character in text
    )


def _unprintable(code: int) -> str:
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
