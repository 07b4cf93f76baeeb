"""Go's text/template, first step: a template as text and tokens.

https://pkg.go.dev/text/template#hdr-Text_and_spaces, and text/template/parse/lex.go.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass


class TemplateError(Exception):
    """What is wrong with a template, and in which line of it."""

    def __init__(self, message: str, line: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.hint = hint


@dataclass(frozen=True)
class Token:
    #: text, open, close, space, string, raw, char, number, word, field, variable, mark.
    kind: str
    value: str
    line: int


#: Go's escapes in quoted strings and characters. https://go.dev/ref/spec#String_literals
_SIMPLE = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\'\"]))"
)
_SPACE = re.compile(r"[ \t\r\n]+")
_TOKENS = (
    ("space", _SPACE),
    ("string", re.compile(r'"(?:[^"\\\n]|\\.)*"')),
    ("raw", re.compile(r"`[^`]*`")),
    ("char", re.compile(r"'(?:[^'\\\n]|\\.)+'")),
    ("number", re.compile(r"[-+]?(?:[0-9]|\.[0-9])(?:(?<=[eEpP])[-+]|[0-9a-zA-Z_.])*")),
    ("field", re.compile(r"\.(?:[^\W\d]\w*)")),
    ("variable", re.compile(r"\$\w*")),
    ("word", re.compile(r"[^\W\d]\w*")),
    ("mark", re.compile(r":=|[=|(),.]")),
)


def tokens(template: str) -> Iterator[Token]:
    """The template's tokens; `open` and `close` stand around those of an action."""
    position, line, trim = 0, 1, False
    while position < len(template):
        start = template.find("{{", position)
        text = template[position:] if start < 0 else template[position:start]
        trims_before = start >= 0 and bool(re.match(r"-[ \t\r\n]", template[start + 2 : start + 4]))
        yield from _text(text, line, left=trim, right=trims_before)
        if start < 0:
            return
        line += text.count("\n")
        begin = start + (4 if trims_before else 2)
        opened = line
        line += template.count("\n", start, begin)
        if template.startswith("/*", begin):
            position, trim = _after_comment(template, begin, line)
        else:
            yield Token("open", "{{", line)
            position, trim = yield from _action(template, begin, line)
            yield Token("close", "}}", opened + template.count("\n", start, position))
        line = opened + template.count("\n", start, position)


def _text(text: str, line: int, *, left: bool, right: bool) -> Iterator[Token]:
    if left:
        kept = text.lstrip(" \t\r\n")
        line += text.count("\n", 0, len(text) - len(kept))
        text = kept
    if right:
        text = text.rstrip(" \t\r\n")
    if text:
        yield Token("text", text, line)


def _after_comment(template: str, begin: int, line: int) -> tuple[int, bool]:
    """Where the text after a comment begins, and whether its leading space goes."""
    end = template.find("*/", begin)
    if end < 0:
        raise TemplateError("This comment is not closed by */.", line)
    after, trim = _closed(template, end + 2)
    if not after:
        raise TemplateError("A comment must fill its action: {{/* … */}}.", line)
    return after, trim


def _closed(template: str, position: int) -> tuple[int, bool]:
    """Behind the delimiter at `position`, and whether it trims; 0 where there is none."""
    if template.startswith("}}", position):
        return position + 2, False
    trimming = re.compile(r"[ \t\r\n]+-\}\}").match(template, position)
    return (trimming.end(), True) if trimming else (0, False)


def _action(template: str, position: int, line: int) -> Generator[Token, None, tuple[int, bool]]:
    """The tokens up to the closing delimiter; returns where it ends and whether it trims."""
    while True:
        after, trim = _closed(template, position)
        if after:
            return after, trim
        if position >= len(template):
            raise TemplateError("This action is not closed by }}.", line)
        for kind, pattern in _TOKENS:
            if found := pattern.match(template, position):
                yield Token(kind, found[0], line)
                line += found[0].count("\n")
                position = found.end()
                break
        else:
            raise _unexpected(template[position], line)


def _unexpected(character: str, line: int) -> TemplateError:
    if character == "\\":
        return TemplateError(
            'There is a backslash in this action: a template cannot read \\".',
            line,
            hint="Within JSON and jsonnet strings, write {{ env `NAME` }} with backquotes.",
        )
    if character in "\"'`":
        return TemplateError(f"The {character} that opens a string here is not closed.", line)
    return TemplateError(f"Unexpected {character!r} in an action.", line)


def unquoted(token: Token) -> str:
    """What a string or character token stands for. Raises TemplateError for a wrong escape."""
    inner = token.value[1:-1]
    if token.kind == "raw":
        # Go drops carriage returns from raw strings.
        return inner.replace("\r", "")

    def replaced(found: re.Match[str]) -> str:
        hexadecimal, octal, short, long, simple = found.groups()
        if simple:
            return _SIMPLE[simple]
        code = int(octal, 8) if octal else int(hexadecimal or short or long, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise TemplateError(f"There is no character {found[0]}.", token.line)
        return chr(code)

    if "\\" in _ESCAPE.sub("", inner):
        raise TemplateError(f"There is an unknown escape in {token.value}.", token.line)
    return _ESCAPE.sub(replaced, inner)
