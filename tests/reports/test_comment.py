"""The comment as people read it, and what strangers try to write into it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deployments.reports import comment
from deployments.reports.escaping import block, code, prose
from deployments.reports.facts import Facts, Failure

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 11, 28, 12, 30, 5, tzinfo=UTC)
PAGE = "https://edaha.example.com/branches/1"
LOG = "https://edaha.example.com/deployments/7/log"
FACTS = Facts(
    marker="<!-- edaha:preview edaha-1 feature%2Fx -->",
    status="live",
    url="https://feature-x.example.net",
    page_url=PAGE,
    log_url=LOG,
    commit="3f2a1bc0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4",
    commit_url="https://github.com/acme/shop/commit/3f2a1bc0",
    served_commit="",
    updated_at=AT,
    services=[("web", "https://feature-x.example.net"), ("api", "https://api-x.example.net")],
    expires_at=datetime(2026, 12, 28, 12, 30, tzinfo=UTC),
)
FAILURE = Failure(
    what="A step of the Dockerfile failed: Dockerfile, line 12.",
    whose="To be mended in: The application’s repository",
    steps=["Read the error above: it is what the command printed.", "Push a fix."],
    message="The image could not be built (Dockerfile:12): exit code: 1",
    hint="Run it on your machine.",
    line="npm ERR! missing script: build",
    log_url=f"{LOG}#L41",
    is_platforms=False,
)
CASES = {
    "queued": FACTS._replace(
        status="pending", services=(), place=3, waiting_for="2 of 2 builds are running."
    ),
    "building": FACTS._replace(status="building", services=()),
    "live": FACTS,
    "pinned": FACTS._replace(pinned_by="mika"),
    "failed": FACTS._replace(status="failed", failure=FAILURE),
    "failed_while_served": FACTS._replace(
        status="failed", failure=FAILURE, served_commit="0123456789"
    ),
    "waiting": FACTS._replace(
        status="waiting",
        services=(),
        log_url="",
        waiting_commit="3f2a1bc0d9",
        approval_url=f"{PAGE}/approval",
    ),
    "cancelled": FACTS._replace(status="cancelled", reason="Cancelled by mika: too early"),
    "destroyed": FACTS._replace(
        status="destroyed", url="", services=(), expires_at=None, reason="Pull request #5 closed"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_reads_as_it_was_approved(name: str) -> None:
    path = GOLDEN / f"{name}.md"
    text = comment.render(CASES[name]) + "\n"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        pytest.fail(f"{path} is new: read it")
    assert text == path.read_text()


def test_every_status_has_words() -> None:
    from deployments.states import BranchState

    assert set(BranchState) <= set(comment.STATUS)


ATTACKS = [
    "@acme/security please merge @mika",
    "![x](https://evil.example/track.png)",
    "[click](javascript:alert(1))",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "<!-- edaha:preview edaha-1 other -->",
    "--> <h1>hello</h1> <!--",
    "`` ` @mika `` ``` @mika",
    "```\n</details>\n@mika\n```",
    "~~~\n# Headline\n~~~",
    "a | b | c\n|---|---|\n| @mika |",
    "https://evil.example www.evil.example evil@evil.example",
    "fixes #1, closes acme/shop#2, GH-3",
    "\x1b[31m@mika\x1b[0m \u202e@akim\u2066 \u200b",
    "\\`@mika\\`",
    "\\\\`@mika`\\\\",
    "&lt;b&gt; &#64;mika",
    "line\r\n\r\n# @mika\r\n\r\n- [ ] task",
    "*bold* _it_ ~~gone~~ $math$ :tada: [^1]",
    "`",
    "``",
    "",
    "x" * 100_000,
    "`" * 5_000,
]
_TEXTS = ("what", "whose", "message", "hint", "line")


def _attacked(attack: str) -> Facts:
    texts: dict[str, Any] = dict.fromkeys(_TEXTS, attack)
    failure = FAILURE._replace(**texts, steps=[attack])
    return FACTS._replace(
        status="failed",
        failure=failure,
        services=[(attack, "https://a.example.net"), (attack, "https://b.example.net")],
        pinned_by=attack,
        place=1,
        waiting_for=attack,
    )


def _flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in (token, *_flat(token.children or []))]


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
@pytest.mark.parametrize("gone", [False, True])
def test_a_text_of_a_stranger_is_only_a_text(attack: str, gone: bool) -> None:
    facts = _attacked(attack)
    if gone:
        facts = facts._replace(status="destroyed", url="", failure=None, reason=attack)
    text = comment.render(facts)
    assert len(text) <= comment.MOST
    tokens = _flat(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text))
    kinds = {token.type for token in tokens}
    assert not kinds & {"image", "s_open", "em_open", "hr", "bullet_list_open", "footnote_ref"}
    links = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}
    ours = {PAGE, LOG, f"{LOG}#L41", facts.commit_url, FACTS.url}
    assert links <= ours | {"https://a.example.net", "https://b.example.net"}
    html = [token.content.strip() for token in tokens if token.type.startswith("html")]
    assert [part for part in html if part] in (
        [FACTS.marker],
        [FACTS.marker, "<details><summary>QR code</summary>", "</details>"],
    )
    plain = "".join(token.content for token in tokens if token.type == "text")
    assert not re.search(r"@\w", plain)
    assert not re.search(r"#\d|GH-\d|://evil|www\.evil", plain)
    assert sum(token.type == "heading_open" for token in tokens) == 1
    assert sum(token.type == "table_open" for token in tokens) == 1
    table = text.split("\n\n")[2].splitlines()
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in table} == {3}


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_code_stays_code(attack: str) -> None:
    markdown = MarkdownIt("commonmark")
    inline = _flat(markdown.parseInline(code(attack)))
    assert [token.type for token in inline if token.type != "inline"] == ["code_inline"]
    fenced = markdown.parse(block(attack))
    assert [token.type for token in fenced] == ["fence"]


def test_a_sentence_stays_a_sentence() -> None:
    said = prose("There is no file or folder “src/*_main*.py”.")
    (paragraph,) = [t for t in MarkdownIt("commonmark").parse(said) if t.type == "inline"]
    text = "".join(child.content for child in paragraph.children or [])
    assert text == "There is no file or folder “src/*_main*.py”."
