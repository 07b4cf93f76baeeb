"""No secret comes through, however it is written and wherever the text is cut."""

import base64
import html
import json
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deployments.encodings import SHORTEST, forms
from deployments.redaction import STARS, Redactor, Stream

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60)
#: Few letters, so that beginnings of secrets and parts of them are everywhere.
NARROW = st.text("ab=%+/ \n", max_size=40)
SECRET = st.text(
    st.characters(codec="utf-8", exclude_categories=("Zs", "Cc")), min_size=SHORTEST, max_size=24
).filter(lambda value: value == value.strip())
NARROW_SECRET = st.text("ab+/", min_size=SHORTEST, max_size=10)

ENCODERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 without padding": lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "percent": lambda value: quote(value, safe=""),
    "percent in a path": quote,
    "percent, lowercase": lambda value: (
        quote(value, safe="") if "%" in value else _lower(quote(value, safe=""))
    ),
    "plus": quote_plus,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON with Unicode": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "HTML": html.escape,
    "hexadecimal": lambda value: value.encode().hex(),
}


def _lower(text: str) -> str:
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def streamed(redactor: Redactor, pieces: list[str]) -> list[str]:
    stream: Stream[int] = Stream(redactor)
    out = []
    for number, piece in enumerate(pieces):
        out += stream.feed(piece, number)
    out += stream.finish()
    assert [number for _, number in out] == list(range(len(pieces))), "each comes once, in order"
    return [text for text, _ in out]


def cut(text: str, places: list[int]) -> list[str]:
    ends = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
@given(secret=SECRET, before=TEXT, after=TEXT, places=st.lists(st.integers(0, 500), max_size=8))
def test_no_form_comes_through_wherever_it_is_cut(
    encode: Callable[[str], str], secret: str, before: str, after: str, places: list[int]
) -> None:
    written = encode(secret)
    pieces = [piece for piece in cut(before + written + after, places) if piece]
    shown = "".join(streamed(Redactor([secret]), pieces))
    assert STARS in shown
    assert written not in shown


@given(secret=SECRET, before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_base64_hides_at_each_alignment(secret: str, before: bytes, after: bytes) -> None:
    value = secret.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(before + value + after).decode()
        shown = Redactor([secret]).redact(whole)
        assert STARS in shown
        # What is left has not all bits of more than one of its bytes at either end.
        left = len(whole) - len(shown.replace(STARS, ""))
        assert left >= (len(value) * 8 - 10) // 6


@given(
    secrets=st.lists(NARROW_SECRET, max_size=3),
    text=NARROW,
    places=st.lists(st.integers(0, 60), max_size=8),
)
@example(secrets=["ababab", "bababa"], text="abababababababab", places=[1, 2, 3, 9])
@example(secrets=["aaaaaa"], text="a" * 40, places=[6, 7, 20, 33])
def test_any_text_in_any_pieces(secrets: list[str], text: str, places: list[int]) -> None:
    """What is left out is exactly what belongs to a secret, whatever the pieces."""
    redactor = Redactor(secrets)
    pieces = [piece for piece in cut(text.replace("\n", ""), places) if piece]
    whole = "".join(pieces)
    needles = {form for secret in secrets for form in forms(secret)}
    covered = [False] * len(whole)
    for needle in needles:
        at = whole.find(needle)
        while at >= 0:
            covered[at : at + len(needle)] = [True] * len(needle)
            at = whole.find(needle, at + 1)
    kept = "".join(char for char, gone in zip(whole, covered, strict=True) if not gone)
    shown = "".join(streamed(redactor, pieces))
    assert shown.replace(STARS, "") == kept
    if not any(covered):
        assert shown == whole


@given(text=st.text(max_size=80), places=st.lists(st.integers(0, 90), max_size=6))
def test_text_without_secrets_stays_as_it_is(text: str, places: list[int]) -> None:
    redactor = Redactor(["correct horse battery staple", "\u0001no such text\u0002"])
    assert redactor.redact(text) == text
    lines = [line for piece in cut(text, places) for line in piece.split("\n")]
    assert streamed(redactor, lines) == lines
    assert streamed(Redactor([]), lines) == lines


def test_each_line_of_a_secret_with_several_is_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n"
    redactor = Redactor([key])
    assert redactor.redact("read MIIEvQIBADANBg now") == f"read {STARS} now"
    assert redactor.redact(json.dumps({"key": key})) == '{"key": "***"}'
    assert set(streamed(redactor, key.splitlines())) == {STARS}


def test_wrapped_base64_hides_nothing() -> None:
    secret = "postgres://shop:0penSesame@db.internal:5432/shop?sslmode=require&pool=20&user=ada"
    wrapped = base64.encodebytes(f"url = {secret}\n".encode()).decode().splitlines()
    assert len(wrapped) > 1
    shown = streamed(Redactor([secret]), wrapped)
    assert all(STARS in line for line in shown)
    assert len("".join(shown)) < 20


def test_bytes_that_are_no_text_are_found_in_base64_and_hexadecimal() -> None:
    value = bytes(range(200, 232))
    redactor = Redactor([value])
    assert redactor.redact(base64.b64encode(value).decode()) == STARS
    assert redactor.redact(value.hex()) == STARS


def test_short_values_stay() -> None:
    assert Redactor(["12345", "", "  ab \n"]).redact("12345 ab") == "12345 ab"
    assert Redactor(["123456"]).redact("a 123456 b") == f"a {STARS} b"


def test_an_empty_line_ends_what_may_be_a_secret() -> None:
    stream: Stream[None] = Stream(Redactor(["abcdef"]))
    assert stream.feed("abc", None) == []
    assert stream.is_holding
    assert stream.feed("", None) == [("abc", None), ("", None)]
    assert not stream.is_holding


def test_what_is_held_is_bounded() -> None:
    redactor = Redactor(["x" * 50])
    stream: Stream[None] = Stream(redactor)
    held = 0
    for _ in range(10_000):
        held += 1 - len(stream.feed("x", None))
        assert held <= redactor.longest
