"""Streams: nothing is lost, nothing comes twice, and one read serves everybody."""

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, NamedTuple, TypeVar

import pytest
from django.db import connections
from django.test import Client

from dashboard.access import EVERYTHING
from dashboard.streams import branches, feed, log
from dashboard.streams.events import Event
from dashboard.streams.feed import BACKLOG, Viewer
from dashboard.streams.hub import hub
from deployments.adapters import wakeups
from deployments.models import Branch, Deployment
from deployments.states import BranchState, DeploymentState

from .rows import a_branch, a_delivery, a_deployment, a_move, an_end, some_lines

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")


class Told(NamedTuple):
    name: str
    data: str
    key: str


@pytest.fixture(autouse=True)
async def _clean_hub() -> AsyncIterator[None]:
    yield
    await hub().shut_down()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Feeds look by themselves more often, so that a test need not wait."""
    monkeypatch.setattr(feed.Feed, "interval", 0.05)


@pytest.fixture
def building() -> Deployment:
    return a_deployment(a_branch(state=BranchState.BUILDING), DeploymentState.BUILDING)


async def in_database(call: Callable[..., T], *args: Any) -> T:
    def work() -> T:
        try:
            return call(*args)
        finally:
            connections.close_all()

    return await asyncio.to_thread(work)


async def heard(stream: AsyncGenerator[bytes], seconds: float = 30) -> AsyncGenerator[Told]:
    """The events of a stream, as a browser understands them."""
    async with asyncio.timeout(seconds), aclosing(stream):
        async for part in stream:
            fields: dict[str, list[str]] = {}
            for line in part.decode().splitlines():
                name, _, value = line.partition(": ")
                fields.setdefault(name, []).append(value)
            if "event" in fields:
                key = fields.get("id", [""])[0]
                yield Told(fields["event"][0], "\n".join(fields["data"]), key)


def numbers(told: Told) -> list[int]:
    data = json.loads(told.data)
    first = int(data["first"])
    assert told.key == str(first + len(data["html"]) - 1)
    return list(range(first, first + len(data["html"])))


async def all_numbers(stream: AsyncGenerator[bytes]) -> list[int]:
    """The numbers of all lines until the stream says that it has ended."""
    seen: list[int] = []
    async for told in heard(stream):
        if told.name == "line":
            seen += numbers(told)
        if told.name == "end":
            return seen
    raise AssertionError("the stream stopped before its end")


async def test_a_finished_log_comes_whole_and_ends(building: Deployment) -> None:
    await in_database(lambda: [some_lines(building, n * 40 + 1, 40) for n in range(60)])
    await in_database(an_end, building)
    assert await all_numbers(log.follow(building.pk, 0, "en")) == list(range(1, 2401))


@pytest.mark.parametrize("after", [1, 39, 40, 41, 99, 100, 5000])
async def test_a_log_goes_on_behind_the_last_line_that_was_seen(
    building: Deployment, after: int
) -> None:
    await in_database(lambda: [some_lines(building, n * 40 + 1, 40) for n in range(3)])
    await in_database(an_end, building)
    seen = await all_numbers(log.follow(building.pk, after, "en"))
    assert seen == list(range(after + 1, 121))


async def test_lines_are_escaped(building: Deployment) -> None:
    await in_database(some_lines, building, 1, 1, "<script>{}\x1b[31m</script>")
    async for told in heard(log.follow(building.pk, 0, "en")):
        if told.name == "line":
            break
    html = json.loads(told.data)["html"]
    assert html == ['&lt;script&gt;1<span class="f1">&lt;/script&gt;</span>']


async def test_new_lines_come_by_themselves_without_redis(
    building: Deployment, quick: None
) -> None:
    stream = heard(log.follow(building.pk, 0, "en"))
    assert (await anext(stream)).name == "fragment"
    await in_database(some_lines, building, 1, 3)
    async for told in stream:
        if told.name == "line":
            assert numbers(told) == [1, 2, 3]
            return


@pytest.mark.usefixtures("redis_server")
async def test_a_hint_brings_a_line_at_once(building: Deployment) -> None:
    """The feed's own look comes after two seconds: whatever is faster came by the hint."""
    waits: list[float] = []

    def write(number: int) -> float:
        some_lines(building, number, 1)
        wakeups.notify(deployment=building.pk, line=number)
        return time.monotonic()

    stream = heard(log.follow(building.pk, 0, "en"))
    assert (await anext(stream)).name == "fragment"
    await asyncio.sleep(0.3)
    written = await in_database(write, 1)
    async for told in stream:
        if told.name != "line":
            continue
        waits.append(time.monotonic() - written)
        if len(waits) == 20:
            break
        await asyncio.sleep(0.02)
        written = await in_database(write, len(waits) + 1)
    assert sorted(waits)[10] < 0.5


async def test_readers_that_come_and_go_see_every_line_once(
    building: Deployment, quick: None
) -> None:
    dice = random.Random(7)
    total = 400

    async def write() -> None:
        first = 1
        while first <= total:
            count = min(dice.randint(1, 25), total - first + 1)
            await in_database(some_lines, building, first, count)
            first += count
            await asyncio.sleep(dice.random() * 0.03)
        await in_database(lambda: an_end(building))

    async def read(seed: int) -> list[int]:
        patience = random.Random(seed)
        seen: list[int] = []
        while True:
            events = 0
            async for told in heard(log.follow(building.pk, seen[-1] if seen else 0, "en")):
                if told.name == "line":
                    seen += numbers(told)
                    events += 1
                if told.name == "end":
                    return seen
                if events > patience.randint(1, 6):
                    break

    *readers, _ = await asyncio.gather(*(read(seed) for seed in range(5)), write())
    assert readers == [list(range(1, total + 1))] * 5


async def test_many_viewers_cost_one_read(
    building: Deployment, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read_lines = log.read_lines

    def counted(deployment: int, after: int) -> log.Lines | None:
        lines = read_lines(deployment, after)
        if lines:
            reads.append(lines.last)
        return lines

    monkeypatch.setattr(log, "read_lines", counted)
    ready = asyncio.Barrier(31)

    async def watch() -> list[int]:
        waited = False
        async for told in heard(log.follow(building.pk, 0, "en")):
            if told.name == "fragment" and not waited:
                waited = True
                await ready.wait()
            if told.name == "line":
                return numbers(told)
        return []

    async def write() -> None:
        await ready.wait()
        await in_database(some_lines, building, 1, 10)

    *seen, _ = await asyncio.gather(*(watch() for _ in range(30)), write())
    assert seen == [list(range(1, 11))] * 30
    assert reads == [10]


async def test_steps_and_state_come_as_fragments(building: Deployment, quick: None) -> None:
    seen = []
    async for told in heard(log.follow(building.pk, 0, "en")):
        seen.append(told.data)
        if len(seen) == 2:
            await in_database(lambda: an_end(building, DeploymentState.LIVE, ago=0))
        if f'id="progress-{building.pk}"' in told.data and "Live" in told.data and len(seen) > 2:
            return


async def test_a_slow_viewer_is_let_go() -> None:
    viewer = Viewer()
    for _ in range(BACKLOG + 1):
        viewer.offer(Event.plain("line"))
    assert [event async for event in viewer.events()] == []


async def test_a_quiet_stream_shows_that_it_lives(
    building: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.05)
    async with asyncio.timeout(10):
        async for part in log.follow(building.pk, 0, "en"):
            if part.startswith(b":"):
                return


async def test_streams_end_when_the_server_stops(building: Deployment) -> None:
    async for told in heard(log.follow(building.pk, 0, "en")):
        if told.name == "fragment":
            hub().close()


async def test_a_move_brings_the_previews_line_in_the_readers_language(quick: None) -> None:
    branch = await in_database(a_branch)
    before = await in_database(a_move, branch, BranchState.BUILDING)
    last = 0
    async for told in heard(branches.follow_all(before.pk, "ja", EVERYTHING)):
        if "ビルド中" in told.data:
            last = (await in_database(a_move, branch, BranchState.LIVE)).pk
        if "公開中" in told.data:
            assert f'id="branch-{branch.pk}"' in told.data
            assert told.key == str(last)
            return


async def test_moves_that_a_viewer_missed_are_told_when_it_comes_back() -> None:
    def missed() -> tuple[int, Branch]:
        first = a_move(a_branch("seen"), BranchState.LIVE)
        for number in range(branches.OVERLAP):
            a_move(a_branch(f"between-{number}"), BranchState.LIVE)
        branch = a_branch("missed", title="Missed one")
        a_move(branch, BranchState.FAILED)
        return first.pk + branches.OVERLAP, branch

    after, branch = await in_database(missed)
    async for told in heard(branches.follow_all(after, "en", EVERYTHING)):
        if f'id="branch-{branch.pk}"' in told.data:
            return


async def test_whoever_missed_very_much_loads_the_list_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(branches, "MOST", 3)
    await in_database(lambda: [a_move(a_branch(f"b{n}"), BranchState.LIVE) for n in range(5)])
    async for told in heard(branches.follow_all(0, "en", EVERYTHING)):
        assert told.name == "reload"
        return


async def test_one_previews_page_follows_its_state(quick: None) -> None:
    branch = await in_database(a_branch)
    has_moved = False
    async for told in heard(branches.follow_one(branch.pk, "en")):
        if not has_moved:
            has_moved = True
            await in_database(a_move, branch, BranchState.FAILED)
        if 'id="branch-head"' in told.data and "Failed" in told.data:
            return


async def test_a_new_delivery_is_told(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches.DeliveriesFeed, "pause", 0)
    waiting = asyncio.ensure_future(anext(heard(branches.follow_deliveries(0, "en", EVERYTHING))))
    await asyncio.sleep(0.3)
    await in_database(a_delivery)
    assert (await waiting).name == "new"


def test_a_stream_asks_to_be_kept_open_and_uncached(viewer: Client) -> None:
    response = viewer.get("/branches/stream")
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-cache"
    assert response["X-Accel-Buffering"] == "no"


def test_streams_are_for_people_with_a_role(client: Client, viewer: Client) -> None:
    assert client.get("/branches/stream").status_code == 302
    assert viewer.get("/deliveries/stream").status_code == 403
    assert viewer.get("/deployments/999/log/stream").status_code == 404
