import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.ansi import MAX_CELLS, to_html, to_text


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("plain", "plain"),
        ("<b> & 'q'", "&lt;b&gt; &amp; &#x27;q&#x27;"),
        ("\x1b[31mred\x1b[0m", '<span class="f1">red</span>'),
        ("\x1b[1;4;92mok\x1b[m.", '<span class="f10 t-bold t-underline">ok</span>.'),
        ("\x1b[2mdim\x1b[22m", '<span class="t-dim">dim</span>'),
        ("\x1b[41m \x1b[49m", '<span class="b1"> </span>'),
        ("\x1b[38;5;196mx", '<span class="f9">x</span>'),
        ("\x1b[38;2;0;250;0mx", '<span class="f10">x</span>'),
        ("\x1b[38:2::0:250:0mx", '<span class="f10">x</span>'),
        ("\x1b[48;5;244mx", '<span class="b8">x</span>'),
        ("10%\r50%\r100%", "100%"),
        ("a long line\rshort", "shortg line"),
        ("a long line\r\x1b[Kshort", "short"),
        ("a long line\x1b[2K\x1b[1Gx", "x"),
        ("abc\b\bX", "aXc"),
        ("\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "here"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b[2J\x1b[10;10Htext\x1b[?25l", "text"),
        ("\x1bc\x1b(Btext\x07\x00", "text"),
        ("\x9b31mred", '<span class="f1">red</span>'),
        ("cut off \x1b[3", "cut off "),
    ],
)
def test_a_line_looks_as_in_a_terminal(line: str, html: str) -> None:
    assert to_html(line) == html


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


_HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.from_regex(r"\x1b\[[0-9;:<=>?]{0,8}[ -/]?[@-~]", fullmatch=True),
        st.sampled_from(
            ["\x1b]8;;javascript:alert(1)\x07", "<script>", '"onload=', "\x1b[", "\x1b", "\r", "\b"]
        ),
    ),
    max_size=12,
).map("".join)


@given(_HOSTILE)
def test_nothing_but_spans_with_known_classes_ever_comes_out(line: str) -> None:
    markup = _Markup()
    markup.feed(to_html(line))
    for tag, attributes in markup.tags:
        assert tag == "span"
        [(name, value)] = attributes
        assert name == "class"
        assert re.fullmatch(
            r"((f|b)[0-9]{1,2}|t-[a-z]+)( ((f|b)[0-9]{1,2}|t-[a-z]+))*", value or ""
        )


@given(_HOSTILE)
def test_text_and_html_say_the_same_without_control_characters(line: str) -> None:
    text = to_text(line)
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", text)
    assert re.sub(r"<[^>]*>", "", to_html(line)) == to_html(text)


@pytest.mark.parametrize(
    "line",
    [
        "\x1b[" * 50_000,
        "\x1b]" * 50_000,
        "\x1b[" + "1;" * 50_000 + "m",
        "x\r" * 50_000,
        "x" * 10**6,
    ],
)
def test_a_hostile_line_takes_no_time(line: str) -> None:
    began = time.process_time()
    assert len(to_html(line)) <= MAX_CELLS
    assert time.process_time() - began < 2
