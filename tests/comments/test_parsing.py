"""What a comment says: a pure function of a text that anybody may write."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.commands.parsing import Asked, Misunderstood, Verb, parse

LONGEST = 65_536


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_is_understood_in_any_case(verb: Verb) -> None:
    for text in (f"/preview {verb}", f"/PREVIEW {verb.upper()}", f"  /Preview\t{verb}  "):
        assert parse(text) == Asked(verb)


@pytest.mark.parametrize(
    "body", ["/preview", "/preview ", "Please\n\n/preview\n", "x\r\n/preview\r\n"]
)
def test_alone_it_deploys(body: str) -> None:
    assert parse(body) == Asked(Verb.DEPLOY)


def test_the_first_line_counts() -> None:
    assert parse("/preview pin\n/preview destroy") == Asked(Verb.PIN)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("", None),
        (" 3d", timedelta(days=3)),
        (" 12h", timedelta(hours=12)),
        (" 365d", timedelta(365)),
    ],
)
def test_extend_takes_a_duration(text: str, duration: timedelta | None) -> None:
    assert parse(f"/preview extend{text}") == Asked(Verb.EXTEND, duration)


@pytest.mark.parametrize("text", ["-3d", "366d", "3", "1s", "3d 4d", "９d", "1e9d", "never", "0d"])
def test_extend_takes_nothing_else(text: str) -> None:
    assert isinstance(parse(f"/preview extend {text}"), Misunderstood)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "I like /preview destroy",
        "/previews",
        "/preview-destroy",
        "//preview destroy",
        "> /preview destroy",
        ">/preview destroy",
        "`/preview destroy`",
        "    /preview destroy",
        "\t/preview destroy",
        "```\n/preview destroy\n```",
        "~~~~ sh\n/preview destroy\n~~~\n/preview destroy\n~~~~",
        "````\n```\n/preview destroy\n```\n````",
        "```\n/preview destroy",
        "<!-- \n/preview destroy\n-->",
        "<!-- /preview destroy -->",
        "- /preview destroy",
        "/\N{ZERO WIDTH SPACE}preview destroy",
        "\N{RIGHT-TO-LEFT OVERRIDE}/preview destroy",
        "\x00/preview destroy",
        "/ｐreview destroy",
        "/prev\N{LATIN SMALL LETTER DOTLESS I}ew destroy",
    ],
)
def test_what_is_no_line_of_its_own_is_no_command(body: str) -> None:
    assert parse(body) is None


@pytest.mark.parametrize(
    "body", ["```\ncode\n```\n/preview pin", "``` a ` b\n/preview pin", "<!-- x -->\n/preview pin"]
)
def test_what_is_behind_code_is_one(body: str) -> None:
    assert parse(body) == Asked(Verb.PIN)


@pytest.mark.parametrize(
    "rest",
    [
        "destroy everything",
        "destroy\N{RIGHT-TO-LEFT OVERRIDE}",
        "de\x00stroy",
        "redeplοy",  # a Greek letter
        "@everyone",
        "<img/src=x>",
        "x" * 65_000,
    ],
)
def test_what_means_nothing_is_told_so_without_being_repeated(rest: str) -> None:
    found = parse(f"/preview {rest}")
    assert isinstance(found, Misunderstood)
    assert found.problem.isprintable()
    assert len(found.problem) < 120
    assert not {"@", "<", "\x00"} & set(found.problem)


@given(st.text(max_size=300))
def test_anything_is_read(body: str) -> None:
    assert parse(body) is None or "/preview" in body.lower()


@given(
    before=st.lists(st.text(st.characters(exclude_characters="\r\n`~<")), max_size=5),
    verb=st.sampled_from(sorted(set(Verb) - {Verb.EXTEND})),
    after=st.text(),
)
def test_it_is_found_wherever_it_stands(before: list[str], verb: Verb, after: str) -> None:
    plain = [line for line in before if "/preview" not in line.lower()]
    assert parse("\n".join([*plain, f"/preview {verb}", after])) == Asked(verb)


@pytest.mark.parametrize("piece", ["`", "~", "```\n", "<!--", "-->", "\n", " ", "/preview ", "\t"])
def test_the_longest_body_takes_no_time(piece: str) -> None:
    began = time.process_time()
    parse((piece * LONGEST)[:LONGEST])
    assert time.process_time() - began < 1
