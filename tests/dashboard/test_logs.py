"""Lines by their numbers, searching, the plain pages, the download."""

import gzip
import json
from typing import Any

import pytest
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from dashboard import loglines
from dashboard.streams.hub import hub
from deployments.models import Deployment, LogChunk

from .rows import a_branch, a_deployment, a_person, some_lines


@pytest.fixture
def deployment(db: None) -> Deployment:
    """Its log has 500 lines, in chunks of unequal lengths."""
    deployment = a_deployment(a_branch())
    for first, count in ((1, 3), (4, 196), (200, 1), (201, 300)):
        some_lines(deployment, first, count)
    return deployment


def read(client: Client, path: str) -> Any:
    return json.loads(client.get(path).content)


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ("from=1", 1, 200),
        ("from=199&count=4", 199, 4),
        ("from=490", 490, 11),
        ("from=501", 501, 0),
        ("from=0&count=0", 1, 1),
        ("from=1&count=99999999", 1, 500),
        ("from=-5&count=x", 1, 200),
        ("from=٣", 1, 200),
    ],
)
def test_any_lines_can_be_had_by_their_numbers(
    viewer: Client, deployment: Deployment, query: str, first: int, count: int
) -> None:
    said = read(viewer, f"/deployments/{deployment.pk}/log/lines?{query}")
    assert said["first"] == first
    assert said["html"] == [f"line {number}" for number in range(first, first + count)]
    assert len(said["at"]) == len(said["steps"]) == count
    assert said["total"] == 500


def test_the_number_of_queries_does_not_depend_on_the_place(
    viewer: Client, deployment: Deployment
) -> None:
    counts = []
    for first in (1, 450):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            viewer.get(f"/deployments/{deployment.pk}/log/lines?from={first}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_line_that_was_lost_leaves_the_others_their_numbers(deployment: Deployment) -> None:
    some_lines(deployment, 503, 2)
    texts = [text for _at, _step, text in loglines.lines(deployment.pk, 500, 5)]
    assert texts == ["line 500", "", "", "line 503", "line 504"]


@pytest.mark.parametrize(("last", "before"), [(0, 0), (1, 0), (200, 0), (400, 0), (401, 200)])
def test_the_tail_begins_with_a_whole_block(db: None, last: int, before: int) -> None:
    deployment = a_deployment(a_branch())
    if last:
        some_lines(deployment, 1, last)
    assert loglines.before_tail(deployment.pk) == before


def test_searching_looks_at_the_whole_log_and_counts(
    viewer: Client, deployment: Deployment
) -> None:
    some_lines(deployment, 501, 1, "\x1b[31mER\x1b[1mROR\x1b[0m: no space left <b>")
    path = f"/deployments/{deployment.pk}/log/search"
    assert read(viewer, f"{path}?q=error") == {"lines": [501], "total": 1, "last": 501}
    assert read(viewer, f"{path}?q=%3Cb%3E")["lines"] == [501]
    assert read(viewer, f"{path}?q=LINE 49")["lines"] == [49, *range(490, 500)]
    assert read(viewer, f"{path}?q=line&after=498")["lines"] == [499, 500]
    # Escape sequences are no text.
    assert read(viewer, f"{path}?q=%1b[31m")["total"] == 0
    assert read(viewer, f"{path}?q=31m")["total"] == 0
    assert read(viewer, path) == {"lines": [], "total": 0, "last": 0}


def test_of_very_many_matches_all_are_counted(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loglines, "MATCHES", 10)
    found = loglines.search(deployment.pk, "line")
    assert (found.lines, found.total) == (list(range(1, 11)), 500)


def test_without_javascript_there_are_pages(viewer: Client, deployment: Deployment) -> None:
    some_lines(deployment, 501, 2000, "<script>{}</script>")
    path = f"/deployments/{deployment.pk}/log"
    newest = viewer.get(path).content.decode()
    assert 'id="L2500"' in newest and 'id="L2000"' not in newest
    assert "?from=1001" in newest
    middle = viewer.get(f"{path}?from=1001").content.decode()
    assert 'id="L1001"' in middle and 'id="L2000"' in middle and 'id="L2001"' not in middle
    assert "&lt;script&gt;1001&lt;/script&gt;" in middle and "<script>1001" not in middle
    first = viewer.get(f"{path}?from=7").content.decode()
    assert 'id="L1"' in first and "Earlier lines" not in first


def test_without_javascript_a_search_lists_links(viewer: Client, deployment: Deployment) -> None:
    said = viewer.get(f"/deployments/{deployment.pk}/log?q=line+49").content.decode()
    assert "11 lines have it." in said
    assert 'href="?from=495#L495"' in said


def test_a_page_of_an_empty_log_says_so(viewer: Client, db: None) -> None:
    deployment = a_deployment(a_branch())
    assert (
        b"Nothing has been written yet." in viewer.get(f"/deployments/{deployment.pk}/log").content
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("encoding", ["", "gzip, br"])
async def test_the_whole_text_is_sent_in_pieces(encoding: str) -> None:
    def prepare() -> tuple[AsyncClient, int]:
        deployment = a_deployment(a_branch())
        rows = [
            LogChunk(
                deployment=deployment,
                first=first,
                lines=[[0, 1, f"\x1b[31mline {n}\x1b[0m"] for n in range(first, first + 40)],
            )
            for first in range(1, 4001, 40)
        ]
        LogChunk.objects.bulk_create(rows)
        client = AsyncClient()
        client.force_login(a_person("viewer"))
        return client, deployment.pk

    from asgiref.sync import sync_to_async

    client, pk = await sync_to_async(prepare)()
    try:
        response: Any = await client.get(
            f"/deployments/{pk}/log.txt", headers={"Accept-Encoding": encoding}
        )
        parts = [part async for part in response.streaming_content]
    finally:
        await hub().shut_down()
    whole = b"".join(parts)
    if encoding:
        assert response["Content-Encoding"] == "gzip"
        whole = gzip.decompress(whole)
    else:
        assert len(parts) == 5
    assert whole.decode() == "".join(f"line {number}\n" for number in range(1, 4001))
    assert f"deployment-{pk}.txt" in response["Content-Disposition"]


@pytest.mark.parametrize("part", ["log", "log/lines", "log/search", "log.txt"])
def test_a_log_is_for_people_with_a_role(client: Client, viewer: Client, part: str) -> None:
    assert client.get(f"/deployments/4711/{part}").status_code == 302
    assert viewer.get(f"/deployments/4711/{part}").status_code == 404
