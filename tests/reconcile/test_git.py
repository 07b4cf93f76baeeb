"""Heads and messages, read from a real origin."""

from pathlib import Path

import pytest

from deployments.adapters import git
from deployments.errors import PlatformError, UserError
from deployments.models import Branch, Repository
from tests.deployments.world import Origin

pytestmark = pytest.mark.django_db
HOSTILE = ["$(id)", "a;id", "`id`", "<img/src=x>", "機能/検索", "refs/heads/x", "-x"]


@pytest.fixture
def shop(origin: Origin) -> Repository:
    return Repository.objects.create(full_name="acme/shop", clone_url=str(origin.path))


def message(origin: Origin, text: str) -> str:
    origin.git("commit", "--quiet", "--allow-empty", "--message", text)
    return origin.git("rev-parse", "HEAD")


def test_all_heads_come_in_one_call_whatever_their_names(shop: Repository, origin: Origin) -> None:
    head = origin.git("rev-parse", "HEAD")
    for name in HOSTILE:
        origin.git("update-ref", f"refs/heads/{name}", head)
    origin.git("tag", "v1")
    assert git.heads(shop) == dict.fromkeys(["main", *HOSTILE], head)


def test_an_origin_without_heads_has_none(shop: Repository, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    Origin.git(Origin.__new__(Origin), "init", "--quiet", at=empty)
    shop.clone_url = str(empty)
    assert git.heads(shop) == {}


def test_an_origin_that_is_gone_is_told(shop: Repository) -> None:
    shop.clone_url = "/nowhere"
    with pytest.raises(PlatformError, match="git ls-remote failed"):
        git.heads(shop)


@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_message_is_read_without_a_mirror(shop: Repository, origin: Origin, filters: str) -> None:
    origin.git("config", "uploadpack.allowFilter", filters)
    commit = message(origin, "Typo\n\nMore of it. [skip ci]\n\n$(id) `id`")
    origin.commit({"later": "1"})
    assert "[skip ci]\n\n$(id) `id`" in git.commit_message(shop, commit)
    left = [path.name for path in git.repository_cache(shop).iterdir()]
    assert not [name for name in left if name.startswith("message-")]
    assert "mirror.git" not in left


def test_a_message_is_read_from_a_mirror_that_has_it(shop: Repository, origin: Origin) -> None:
    commit = message(origin, "Typo [ci skip]")
    git.fetch(shop, Branch.for_name(shop, "main"), commit)
    shop.clone_url = "/nowhere"
    assert "[ci skip]" in git.commit_message(shop, commit)


@pytest.mark.parametrize("commit", ["", "HEAD", "--upload-pack=id", "a" * 39])
def test_what_is_no_commit_is_refused(shop: Repository, commit: str) -> None:
    with pytest.raises(UserError, match="is not a commit"):
        git.commit_message(shop, commit)


def test_a_commit_that_is_gone_is_told(shop: Repository) -> None:
    with pytest.raises(PlatformError, match="git fetch failed"):
        git.commit_message(shop, "a" * 40)
