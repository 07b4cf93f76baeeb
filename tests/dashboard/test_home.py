"""Finding a preview: by words, filters and order, page by page."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard import finding, listing
from dashboard.facets import kept
from dashboard.models import Favourite, Preferences
from dashboard.search import SORTS, TABS, PreviewSearch
from deployments.models import Branch
from deployments.states import BranchState, DeploymentState

from .rows import a_branch, a_deployment, a_live_branch, a_person, a_repository

pytestmark = pytest.mark.django_db


def shown(client: Client, **query: str) -> list[str]:
    """Names of the branches on the first page, in their order."""
    lines = client.get("/?" + urlencode(query)).context["lines"]
    return list(_names(lines))


def _names(lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield Branch.objects.get(pk=line.split('id="branch-')[1].split('"')[0]).name


def numbers(client: Client, **query: str) -> dict[str, int]:
    counted: dict[str, int] = client.get("/?" + urlencode(query)).context["numbers"]
    return {tab: number for tab, number in counted.items() if tab != "asleep"}


@pytest.fixture
def several() -> None:
    shop, docs = a_repository("acme/shop"), a_repository("acme/docs")
    now = timezone.now()
    a_live_branch(
        "feature/coupons",
        repository=shop,
        title="SHOP-412: Coupons at checkout",
        author="Hanako",
        pull_request=41,
        pinned_at=now,
    )
    a_branch("fix/flicker", repository=shop, author="vera", state=BranchState.FAILED)
    a_branch("spelling", repository=docs, author="hanako", state=BranchState.BUILDING)
    a_branch("old", repository=docs, author="vera", state=BranchState.DESTROYED)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("coupons", ["feature/coupons"]),
        ("CHECKOUT coupons", ["feature/coupons"]),
        ("shop 412", ["feature/coupons"]),
        ("shop-412", ["feature/coupons"]),
        ("shop412", ["feature/coupons"]),
        ("hanako shop", ["feature/coupons"]),
        ("#41", ["feature/coupons"]),
        ("hanako", ["spelling", "feature/coupons"]),
        ("coupons flicker", []),
        ("  ", ["spelling", "fix/flicker", "feature/coupons"]),
        ("%", []),
        ("_", []),
        ("99999999999999999999", []),
    ],
)
def test_every_word_has_to_be_somewhere(
    viewer: Client, several: None, words: str, found: list[str]
) -> None:
    assert shown(viewer, q=words) == found


def test_a_commit_is_found_whether_it_is_the_newest_or_live(viewer: Client) -> None:
    branch = a_branch("a", wanted_commit="c" * 40)
    live = a_deployment(branch, DeploymentState.LIVE, is_live=True)
    live.commit = "abc123" + "0" * 34
    live.save()
    newest = a_deployment(branch, DeploymentState.BUILDING)
    newest.commit = "def456" + "0" * 34
    newest.save()
    a_branch("b", wanted_commit="b" * 40)
    for commit in ("cccc", "abc123", "DEF456"):
        assert shown(viewer, q=commit) == ["a"]
    assert shown(viewer, q="c123") == [], "a commit is told by how it begins"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"repository": "acme/docs"}, ["spelling"]),
        ({"repository": "ACME/Shop"}, ["fix/flicker", "feature/coupons"]),
        ({"author": "hanako"}, ["spelling", "feature/coupons"]),
        ({"author": "hanako", "repository": "acme/shop"}, ["feature/coupons"]),
        ({"mine": "1"}, ["fix/flicker"]),
        ({"mine": "1", "state": "destroyed"}, ["old"]),
        ({"pinned": "1"}, ["feature/coupons"]),
        ({"state": "live"}, ["feature/coupons"]),
        ({"state": "working"}, ["spelling"]),
        ({"state": "building"}, ["spelling"]),
        ({"state": "failed"}, ["fix/flicker"]),
        ({"state": "destroyed"}, ["old"]),
        ({"show": "destroyed"}, ["old"]),
        ({"state": "nonsense"}, ["spelling", "fix/flicker", "feature/coupons"]),
        ({"repository": "nobody/nothing"}, []),
        ({"q": "hanako", "state": "live", "pinned": "1"}, ["feature/coupons"]),
    ],
)
def test_filters_can_be_put_together(
    viewer: Client, several: None, query: dict[str, str], found: list[str]
) -> None:
    assert shown(viewer, **query) == found


def test_mine_is_what_github_calls_me(viewer: Client, several: None) -> None:
    Preferences.objects.create(user=User.objects.get(), github_login="HANAKO")
    assert shown(viewer, mine="1") == ["spelling", "feature/coupons"]


def test_favourites_are_each_persons_own(viewer: Client, several: None) -> None:
    coupons, spelling = (Branch.objects.get(name=n) for n in ("feature/coupons", "spelling"))
    Favourite.objects.create(user=User.objects.get(), branch=coupons)
    Favourite.objects.create(user=a_person(name="somebody-else"), branch=spelling)
    assert shown(viewer, favourite="1") == ["feature/coupons"]
    page = viewer.get("/").content.decode()
    assert page.count('aria-pressed="true"') == 1
    assert f"/branches/{coupons.pk}/unfavourite" in page


def test_tabs_count_what_they_would_show(viewer: Client, several: None) -> None:
    everything = {"": 3, "live": 1, "working": 1, "failed": 1, "destroyed": 1}
    assert numbers(viewer) == everything
    assert numbers(viewer, state="live") == everything, "whichever tab is open"
    hers = {"": 2, "live": 1, "working": 1, "failed": 0, "destroyed": 0}
    assert numbers(viewer, author="hanako", sort="title") == hers
    assert numbers(viewer, q="nothing") == dict.fromkeys(everything, 0)


def test_there_is_a_tab_for_sleepers_only_where_something_sleeps(viewer: Client) -> None:
    assert "Asleep" not in viewer.get("/").content.decode()
    a_branch(state=BranchState.ASLEEP)
    kept.forget()
    assert "Asleep" in viewer.get("/").content.decode()


def test_each_state_is_in_one_tab() -> None:
    parts = [states for states in TABS.values() if states is not None]
    assert sorted(state for part in parts for state in part) == sorted(BranchState.values)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> list[Branch]:
    """With equal keys, and with none at all."""
    monkeypatch.setattr(listing, "PAGE_SIZE", 3)
    now = timezone.now()
    titles = ["beta", "Alpha", "", "alpha", " Ähre", "日本", "beta", "\u202e%_'", "z" * 500]
    for number, title in enumerate(titles):
        branch = a_branch(f"branch-{number}", title=title)
        Branch.objects.filter(pk=branch.pk).update(
            updated_at=now - timedelta(days=number // 3),
            visited_at=now - timedelta(hours=number // 2) if number % 3 else None,
            expires_at=now + timedelta(hours=number // 2) if number % 4 else None,
        )
    return list(Branch.objects.all())


@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_every_order_follow_without_a_gap(
    viewer: Client, many: list[Branch], sort: str
) -> None:
    seen, following, pages = [], f"/?sort={sort}", 0
    while following:
        page = viewer.get(following).context
        seen += list(_names(page["lines"]))
        following, pages = page["following"], pages + 1
    assert pages == 3
    assert sorted(seen) == sorted(branch.name for branch in many)
    by_name = {branch.name: branch for branch in many}
    for one, next_one in pairwise(by_name[name] for name in seen):
        assert _may_follow(sort, one, next_one)


def _may_follow(sort: str, one: Branch, other: Branch) -> bool:
    """Python does not sort text like every database does: of titles, only ASCII is told."""
    if sort == "newest":
        return one.pk > other.pk
    if sort == "title":
        a, b = one.display_title.lower(), other.display_title.lower()
        return a <= b if a.isalpha() and b.isalpha() and (a + b).isascii() else True
    if sort == "":
        return (one.updated_at, one.pk) > (other.updated_at, other.pk)
    field, is_later = ("visited_at", True) if sort == "visited" else ("expires_at", False)
    a_time, b_time = getattr(one, field), getattr(other, field)
    if a_time is None or b_time is None:
        return b_time is None
    return bool(a_time >= b_time if is_later else a_time <= b_time)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "cursor", ["x", "_", "_5", "5_", "2026-01-01_5", "5_99999999999999999999", "\x00_1", "１_１"]
)
def test_a_broken_key_breaks_nothing(
    viewer: Client, many: list[Branch], sort: str, cursor: str
) -> None:
    assert viewer.get("/", {"sort": sort, "before": cursor}).status_code == 200


def test_an_address_says_everything_and_nothing_else() -> None:
    search = PreviewSearch(q="coupons", author="hanako", state="live", before="5_5")
    assert search.address() == "?q=coupons&author=hanako&state=live"
    assert search.address(author="") == "?q=coupons&state=live"
    assert [chip.without for chip in search.chips] == ["?q=coupons&state=live"]
    assert PreviewSearch().address() == "?"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"q": "<b>nothing</b>"}, "Nothing matches “&lt;b&gt;nothing&lt;/b&gt;”."),
        ({"mine": "1"}, "No preview of vera’s."),
        ({"favourite": "1"}, "Press the star"),
        ({"pinned": "1"}, "Nothing is pinned."),
        ({"state": "failed"}, "Nothing has failed."),
        ({"state": "working"}, "Nothing is on its way."),
        ({"state": "asleep"}, "No preview is in this state."),
        ({"author": "x", "mine": "1"}, "No preview fits all of this."),
    ],
)
def test_an_empty_list_says_why(viewer: Client, query: dict[str, str], said: str) -> None:
    page = viewer.get("/", query).content.decode().replace("&#x27;", "'")
    assert said in page
    assert "Show all previews" in page


@pytest.mark.parametrize("field", ["title", "author", "name"])
def test_hostile_text_stays_text(viewer: Client, field: str) -> None:
    hostile = '"><script>alert(1)</script>\u202e\x1b[31m'
    fields: dict[str, Any] = {"name": "plain", field: hostile}
    a_live_branch(fields.pop("name"), **fields)
    for address in ("/", "/palette", "/?author=" + hostile, "/?q=" + hostile):
        page = viewer.get(address).content.decode()
        assert "<script>alert" not in page
    assert "&lt;script&gt;" in viewer.get("/").content.decode()


def test_a_line_is_rendered_once(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_live_branch(title="Coupons")
    viewer.get("/")

    def broken(*_: object) -> str:
        raise AssertionError("it was rendered again")

    monkeypatch.setattr("dashboard.lines.render_to_string", broken)
    assert viewer.get("/").status_code == 200


def test_an_errors_first_line_is_enough(viewer: Client) -> None:
    branch = a_branch(state=BranchState.FAILED)
    a_deployment(branch, DeploymentState.FAILED, error="The build failed.\n" + "x" * 100_000)
    page = viewer.get("/").content.decode()
    assert "The build failed." in page
    assert len(page) < 40_000


def test_the_nearest_begin_with_favourites(several: None) -> None:
    person = a_person(name="mika")
    Favourite.objects.create(user=person, branch=Branch.objects.get(name="fix/flicker"))
    lines = finding.nearest(PreviewSearch(), person, 2)
    assert [line.branch for line in lines] == ["fix/flicker", "spelling"]
