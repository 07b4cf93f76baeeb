"""Terminal output as HTML: colours and weights only, everything hostile left behind.

A line is put on a row of cells as a terminal would, so that a progress bar drawn over and over
shows its last state. Every run of cells is escaped on its own way out, and the only markup there
can ever be is a `<span>` with class names from this file: no link, no style, no attribute that
came from the build. A line begins without colour, so that it can be rendered alone.
"""

import re
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

#: Longer lines are cut: a minified bundle printed by mistake must not freeze a browser.
MAX_CELLS = 8_000

_TOKEN = re.compile(
    r"""
      (?:\x1b\[|\x9b) (?P<parameters>[0-?]*) [\ -/]* (?P<final>[@-~])?   # CSI
    | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]) .*? (?:\x07|\x1b\\|\x9c|$)    # OSC, DCS, SOS, PM, APC
    | \x1b [\ -/]* [0-~]?                                                # every other escape
    | (?P<control>[\x00-\x08\x0a-\x1f\x7f-\x9f])
    | (?P<text>[^\x00-\x08\x0a-\x1f\x7f-\x9f]+)
    """,
    re.VERBOSE | re.DOTALL,
)
# ITU T.416 writes a colour as 38:2:<colour space>:R:G:B, most programs without the space.
_COLOUR_SPACE = re.compile(r"([34]8:2:)[0-9]*:([0-9]+:[0-9]+:[0-9]+)")
_SPECIAL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_STYLES = re.compile(r"\x1b\[[0-9;:]*m")

# The xterm colours 0 to 15; what else a build asks for becomes the nearest of them, since the
# style sheet knows how to make these sixteen readable on light and on dark.
_PALETTE = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0),
    (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0),
    (92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
_CUBE = (0, 95, 135, 175, 215, 255)


class Style(NamedTuple):
    foreground: int | None = None
    background: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False
    strike: bool = False

    def classes(self) -> str:
        """Class names of static/src/log.css."""
        names = []
        if self.foreground is not None:
            names.append(f"f{self.foreground}")
        if self.background is not None:
            names.append(f"b{self.background}")
        names += [f"t-{name}" for name in _FLAGS if getattr(self, name)]
        return " ".join(names)


_FLAGS = ("bold", "dim", "italic", "underline", "inverse", "strike")
_PLAIN = Style()
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
_OFF = {
    22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("inverse",), 29: ("strike",)
}  # fmt: skip

Cell = tuple[str, Style]


def to_html(line: str) -> str:
    """One log line as HTML that is safe to insert."""
    if len(line) <= MAX_CELLS and not _SPECIAL.search(line):
        return escape(line)
    runs = groupby(_cells(line), key=lambda cell: cell[1])
    return "".join(_span("".join(text for text, _ in run), style) for style, run in runs)


def to_text(line: str) -> str:
    """One log line as a terminal would leave it, without any control character."""
    if not _SPECIAL.search(line):
        return line
    # A line that is coloured and no more, as most of these are, needs no row of cells.
    plain = _STYLES.sub("", line)
    if not _SPECIAL.search(plain):
        return plain[:MAX_CELLS]
    return "".join(text for text, _ in _cells(line))


def _span(text: str, style: Style) -> str:
    classes = style.classes()
    return f'<span class="{classes}">{escape(text)}</span>' if classes else escape(text)


def _cells(line: str) -> list[Cell]:
    row: list[Cell] = []
    column, style = 0, _PLAIN
    for token in _TOKEN.finditer(line):
        if text := token["text"]:
            # Wide characters take one cell here: only a progress bar drawn over them would tell.
            text = text[: max(0, MAX_CELLS - column)]
            row += [(" ", _PLAIN)] * (column - len(row))
            row[column : column + len(text)] = [(character, style) for character in text]
            column += len(text)
        elif token["control"]:
            column = _moved(column, token["control"])
        elif token["final"] == "m":
            style = _restyled(style, token["parameters"])
        elif token["final"] == "K":
            _erase(row, column, token["parameters"])
        elif token["final"] == "G":
            column = min(max(_number(token["parameters"]) - 1, 0), MAX_CELLS)
    return row


def _moved(column: int, control: str) -> int:
    if control == "\r":
        return 0
    return max(0, column - 1) if control == "\b" else column


def _erase(row: list[Cell], column: int, parameters: str) -> None:
    how = _number(parameters)
    if how == 0:
        del row[column:]
    elif how == 1:
        row[:column] = [(" ", _PLAIN)] * min(column, len(row))
    elif how == 2:
        row.clear()


def _restyled(style: Style, parameters: str) -> Style:
    codes = [_number(part) for part in re.split("[;:]", _COLOUR_SPACE.sub(r"\1\2", parameters))]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = _PLAIN
        elif code in _ON:
            style = style._replace(**{_ON[code]: True})
        elif code in _OFF:
            style = style._replace(**dict.fromkeys(_OFF[code], False))
        elif code in (38, 48):
            colour = _extended(codes)
            style = (
                style._replace(foreground=colour)
                if code == 38
                else style._replace(background=colour)
            )
        else:
            style = style._replace(**_basic(code))
    return style


def _basic(code: int) -> dict[str, Any]:
    """What a code of one of the sixteen colours changes; nothing where it is unknown."""
    decade, digit = divmod(code, 10)
    field = {3: "foreground", 9: "foreground", 4: "background", 10: "background"}.get(decade)
    if field and digit < 8:
        return {field: digit + (8 if decade > 8 else 0)}
    if field and digit == 9 and decade < 9:
        return {field: None}
    return {}


def _extended(codes: list[int]) -> int | None:
    """The colour after 38 or 48: `5;N`, or `2;R;G;B`. Takes what it understands off `codes`."""
    kind = codes.pop(0) if codes else None
    if kind == 5 and codes:
        return _from_256(codes.pop(0))
    if kind == 2 and len(codes) >= 3:
        red, green, blue = (codes.pop(0) for _ in range(3))
        return _nearest(red, green, blue)
    return None


def _from_256(number: int) -> int | None:
    if number < 16:
        return number
    if number < 232:
        cube = number - 16
        return _nearest(_CUBE[cube // 36], _CUBE[cube // 6 % 6], _CUBE[cube % 6])
    if number < 256:
        return _nearest(*[(number - 232) * 10 + 8] * 3)
    return None


def _nearest(*rgb: int) -> int:
    def distance(index: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(rgb, _PALETTE[index], strict=True))

    return min(range(len(_PALETTE)), key=distance)


def _number(text: str) -> int:
    # ASCII digits alone, and few of them: a number of a million digits would take its time.
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 0
