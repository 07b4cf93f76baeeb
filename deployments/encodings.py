"""In which forms tools print a value: all that has to be looked for where it must not be. Pure.

As it is, line by line, in base64 at each of its three alignments, percent-encoded, escaped for JSON
or HTML, in hexadecimal.
"""

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

#: Shorter values stay: they are parts of ordinary words and numbers, and nobody could read a log
#: without them.
SHORTEST = 6
#: What percent-encoders leave as it is: RFC 3986; paths; encodeURIComponent; encodeURI.
_LEFT_ALONE = ("", "/", "!'()*~", ";,/?:@&=+$!~*'()#")
_HEX = re.compile(r"%[0-9A-F]{2}")


def forms(value: str | bytes) -> set[str]:
    """Everything that `value` may look like in a log, without line breaks."""
    whole = value.encode(errors="surrogatepass") if isinstance(value, str) else value
    parts = {whole, whole.strip(), *(line.strip() for line in whole.splitlines())}
    found = {_flat(form) for part in parts if len(part) >= SHORTEST for form in _forms_of(part)}
    return {form for form in found if len(form) >= SHORTEST}


def _forms_of(value: bytes) -> Iterator[str]:
    yield from _in_base64(value)
    yield from (value.hex(), value.hex().upper())
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    yield text
    for safe in _LEFT_ALONE:
        encoded = quote(text, safe=safe)
        yield from (encoded, _HEX.sub(lambda code: code[0].lower(), encoded))
    plus = quote_plus(text)
    yield from (plus, _HEX.sub(lambda code: code[0].lower(), plus))
    yield from (html.escape(text), html.escape(text, quote=False))
    for escaped in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield from (escaped, escaped.replace("/", r"\/"), _as_go_does(escaped))


def _as_go_does(escaped: str) -> str:
    """https://pkg.go.dev/encoding/json#HTMLEscape"""
    for character in "<>&":
        escaped = escaped.replace(character, f"\\u{ord(character):04x}")
    return escaped


def _in_base64(value: bytes) -> Iterator[str]:
    """Alone, and the characters that are the value's own wherever it stands in something longer."""
    alone = b64encode(value).decode()
    parts = [alone, alone.rstrip("=")]
    for offset in range(3):
        around = b64encode(b"\0" * offset + value).decode()
        # Six bits a character: the first and the last one may have some of a neighbour's.
        parts.append(around[-(-offset * 8 // 6) : (offset + len(value)) * 8 // 6])
    for part in parts:
        yield part
        yield part.translate(_URL_SAFE)


_URL_SAFE = str.maketrans("+/", "-_")


def _flat(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")
