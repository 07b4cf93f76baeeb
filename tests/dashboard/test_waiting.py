"""A deployment that waits tells its place in the queue, on every page that shows it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard import waiting
from dashboard.streams.branches import BranchFeed
from dashboard.streams.log import LogFeed
from deployments.models import Branch, Deployment, Repository
from deployments.pipeline import queue
from deployments.states import BranchState, DeploymentState

from .rows import a_branch, a_deployment, a_repository

pytestmark = pytest.mark.django_db

NUMBER_TWO = "It is number 2 in the queue."
WHY = "acme/shop has 1 of 1 builds running."


@pytest.fixture
def second(db: None) -> Branch:
    """One is being built, two wait, and one at a time is allowed."""
    a_deployment(a_branch("zero", state=BranchState.BUILDING), DeploymentState.BUILDING)
    for name in ("first", "second"):
        branch = a_branch(name, state=BranchState.PENDING)
        a_deployment(branch)
    Repository.objects.update(max_builds=1)
    return branch


def the_first_begins() -> None:
    Deployment.objects.filter(branch__name="zero").update(state=DeploymentState.LIVE)
    assert queue.begin_next() is not None


def test_its_page_tells_place_and_reason(viewer: Client, second: Branch) -> None:
    page = viewer.get(f"/branches/{second.pk}").content.decode()
    assert page.count(f"{NUMBER_TWO} {WHY}") == 2, "at the top, and where its newest deployment is"


def test_the_deployments_page_tells_it_until_it_begins(viewer: Client, second: Branch) -> None:
    address = f"/deployments/{second.deployment_id}"
    assert f"{NUMBER_TWO} {WHY}" in viewer.get(address).content.decode()
    Deployment.objects.update(state=DeploymentState.RELEASING)
    assert "in the queue" not in viewer.get(address).content.decode()


def test_the_previews_own_address_tells_the_place(client: Client, second: Branch) -> None:
    host = {"X-Edaha-Host": f"{second.slug}.localhost"}
    page = client.get("/router/status", headers=host).content.decode()
    assert NUMBER_TWO in page
    japanese = client.get("/router/status", headers=host | {"Accept-Language": "ja"})
    assert "順番待ちの2番目です。" in japanese.content.decode()


def test_the_list_asks_nothing_more_for_those_who_wait(viewer: Client, second: Branch) -> None:
    viewer.get("/")
    with CaptureQueriesContext(connection) as few:
        viewer.get("/")
    for number in range(10):
        a_deployment(a_branch(f"more{number}", state=BranchState.PENDING))
    with CaptureQueriesContext(connection) as many:
        viewer.get("/")
    assert len(many) == len(few)


def _feed(kind: type[BranchFeed] | type[LogFeed], key: int) -> BranchFeed | LogFeed:
    """A feed that nobody runs: the test reads it."""
    feed = object.__new__(kind)
    feed.key = key
    feed._seen = {} if kind is LogFeed else None
    if isinstance(feed, LogFeed):
        feed._position, feed._looked_at, feed.latest = 0, -10.0, {}
    feed.start()
    return feed


@pytest.mark.parametrize("kind", [BranchFeed, LogFeed])
def test_open_pages_hear_that_it_moved_up(
    kind: type[BranchFeed] | type[LogFeed], second: Branch
) -> None:
    key = second.pk if kind is BranchFeed else second.deployment_id
    assert key is not None
    feed = _feed(kind, key)
    feed.read()
    waiting.looks.forget()
    if isinstance(feed, LogFeed):
        feed._looked_at = -10.0
    assert list(feed.read()) == []
    the_first_begins()
    waiting.looks.forget()
    if isinstance(feed, LogFeed):
        feed._looked_at = -10.0
    told = b"".join(event.in_language("en") for event in feed.read()).decode()
    assert "It is number 1 in the queue." in told


def test_many_open_pages_share_a_look(second: Branch) -> None:
    newest = second.deployment
    assert newest is not None
    assert waiting.standing(newest) is not None
    with CaptureQueriesContext(connection) as queries:
        for _ in range(100):
            waiting.standing(newest)
    assert len(queries) == 0


def test_whoever_came_after_the_look_is_looked_up(second: Branch) -> None:
    assert second.deployment is not None
    waiting.standing(second.deployment)
    late = a_deployment(a_branch("late", repository=a_repository("acme/other")))
    place = waiting.standing(late)
    assert place is not None
    assert place.position == 1, "its repository has nothing running"
