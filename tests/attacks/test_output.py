"""Build logs, names and messages that want to be a page's markup, or steer somebody's terminal."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.utils import timezone

from deployments.models import LogChunk
from deployments.states import DeploymentState
from tests.api.conftest import Caller
from tests.dashboard.rows import a_branch, a_delivery, a_deployment, a_live_branch, a_person

from . import naughty

#: What no page of ours has in any attribute or element.
_HANDLER = re.compile(r"on[a-z]+", re.I)
_ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post", "data", "poster"}
_SAFE_ADDRESS = re.compile(r"(https?://|/|\?|#|$|data:image/(png|svg\+xml))")


class Page(HTMLParser):
    """Complains of everything by which a text could run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.complaints: list[str] = []
        self._script = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag in {"iframe", "object", "embed", "base", "math", "img/src"}:
            self.complaints.append(f"<{tag}>")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.complaints.append("a script of its own")
        if tag == "meta" and (given.get("http-equiv") or "").lower() == "refresh":
            self.complaints.append("a refresh")
        for name, value in attributes:
            if _HANDLER.fullmatch(name) or name == "srcdoc":
                self.complaints.append(f"{name}={value}")
            if name in _ADDRESSES and not _SAFE_ADDRESS.match((value or "").strip()):
                self.complaints.append(f"{name}={value}")


def complaints(response: object) -> list[str]:
    return Page(response.content.decode()).complaints  # type: ignore[attr-defined]


HOSTILE = [*naughty.MARKUP, *naughty.CONTROL, *naughty.UNICODE, *naughty.SHELL]


@pytest.fixture
def hostile_log(db: None) -> int:
    branch = a_live_branch()
    assert branch.deployment is not None
    lines = [[0, 1, text] for text in HOSTILE]
    LogChunk.objects.create(deployment=branch.deployment, first=1, lines=lines)
    return branch.deployment.pk


@pytest.fixture
def hostile_log_async(transactional_db: None, hostile_log: int) -> tuple[AsyncClient, int]:
    client = AsyncClient()
    client.force_login(a_person("viewer", "ravi"))
    return client, hostile_log


@pytest.mark.parametrize("page", ["log", "log/lines?first=1", "log/search?q=<script>", ""])
def test_gitlab_41346_a_log_is_text(viewer: Client, hostile_log: int, page: str) -> None:
    response = viewer.get(f"/deployments/{hostile_log}/{page}".rstrip("/"))
    assert response.status_code == 200
    if response["Content-Type"].startswith("text/html"):
        assert complaints(response) == []
        assert b"<script>alert" not in response.content


def test_cve_2021_3377_no_escape_sequence_makes_a_link(viewer: Client, hostile_log: int) -> None:
    """ansi_up made links of OSC 8, whatever their address was."""
    (line,) = viewer.get(f"/deployments/{hostile_log}/log/lines?first=1").json()["html"][
        HOSTILE.index(naughty.CONTROL[5]) :
    ][:1]
    assert line == "here"


def test_cve_2021_3377_lines_for_a_browser_have_spans_alone(
    viewer: Client, hostile_log: int
) -> None:
    told = viewer.get(f"/deployments/{hostile_log}/log/lines?first=1").json()
    assert len(told["html"]) == len(HOSTILE)
    for html in told["html"]:
        without = re.sub(r'<span class="[a-z0-9 -]+">|</span>', "", html)
        assert "<" not in without
        assert ">" not in without


async def test_ghsa_f655_a_downloaded_log_steers_no_terminal(hostile_log_async: Any) -> None:
    """Escape sequences of a build came back to whoever printed its log (CVE-2003-0063 and on)."""
    client, deployment = hostile_log_async
    page = await client.get(f"/deployments/{deployment}/log.txt")
    text = b"".join([part async for part in page.streaming_content]).decode()
    assert text.count("\n") >= len(HOSTILE)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    assert page["Content-Type"].startswith("text/plain")
    assert page["X-Content-Type-Options"] == "nosniff"


def test_ghsa_f655_neither_does_the_apis(caller: Caller, hostile_log: int) -> None:
    answer = caller("GET", f"/deployments/{hostile_log}/log")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", answer.content.decode())


def _rows(number: int, text: str) -> list[str]:
    """Rows that say it wherever a payload or a person can, and the pages of these rows."""
    branch = a_branch(
        f"{text[:200]}{number}",
        title=text,
        pull_request=1,
        pull_request_url=text,
        author=text[:100],
        author_avatar_url=text,
        pinned_at=timezone.now(),
        pinned_by=text[:150],
    )
    commit = {"commit": "a" * 40, "author": text, "subject": text, "at": 0}
    failed = a_deployment(
        branch, DeploymentState.FAILED, error=text, hint=text, actor=text[:150], commits=[commit]
    )
    payload = json.dumps({"ref": text}).encode()
    told = a_delivery(f"guid-{number}", payload=payload, decision=text, branch=branch)
    ways = ("", "/destroy", "/deploy", "/rollback")
    return [
        *(f"/branches/{branch.pk}{way}" for way in ways),
        f"/deployments/{failed.pk}",
        f"/deliveries/{told.pk}",
    ]


def test_cve_2019_10383_what_people_and_payloads_say_is_escaped_on_every_page(
    admin: Client,
) -> None:
    """Jenkins showed names and URLs as they came."""
    pages = ["/", "/?state=failed", "/activity", "/deliveries", "/palette", "/overview"]
    for number, text in enumerate(HOSTILE):
        pages += _rows(number, text.replace("\x00", ""))
    for path in pages:
        response = admin.get(path)
        assert response.status_code == 200, path
        assert complaints(response) == [], path


@pytest.mark.parametrize("parameter", ["q", "repository", "author", "state", "sort", "before"])
def test_cve_2022_34784_what_is_searched_for_is_shown_as_text(
    viewer: Client, parameter: str
) -> None:
    for text in naughty.ALL:
        response = viewer.get("/", {parameter: text})
        assert response.status_code == 200
        assert complaints(response) == []


def test_the_parser_of_these_tests_finds_what_it_is_to_find() -> None:
    for text in naughty.MARKUP[:5]:
        assert Page(f'<p title="{text}">{text}</p>').complaints
