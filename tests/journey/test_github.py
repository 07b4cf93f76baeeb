"""What a pull request says, from the push to the end, and while GitHub is down."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sandbox import base_image
from tests import github
from tests.github.fake import Fake, running
from tests.github.product import SHOP, TOKEN, a_fake
from tests.github.trouble import weather

from .application import DOCKERFILE, Application
from .running import Running, wait_for


class World(NamedTuple):
    hub: Fake
    edaha: Running
    shop: Application

    def comment(self, number: int) -> str:
        """Edaha's only one on the pull request."""
        ending = f"/issues/{number}"
        found = [
            str(each["body"])
            for each in list(self.hub.state.comments.values())
            if each["issue_url"].endswith(ending) and "edaha:preview" in each["body"]
        ]
        assert len(found) <= 1
        return found[0] if found else ""

    def wait_for_comment(self, number: int, words: str) -> str:
        wait_for(
            lambda: words in self.comment(number),
            f"the comment of #{number} to say {words}",
            60,
            lambda: self.comment(number),
        )
        return self.comment(number)

    def states(self, commit: str) -> list[str]:
        return [each["state"] for each in list(self.hub.state.commit_statuses.get(commit, []))]

    def wait_for_status(self, commit: str, state: str) -> None:
        wait_for(lambda: self.states(commit)[-1:] == [state], f"{commit} to be {state}", 60)

    def open(self, branch: str, number: int, files: dict[str, str]) -> str:
        commit = self.shop.branch(branch, files)
        self.hub.state.add_pull(number, branch, commit)
        payload = github.pull_request("opened", SHOP, branch, commit, number=number)
        assert self.edaha.deliver("pull_request", payload).status_code == 202
        return commit

    def push(self, branch: str, number: int, files: dict[str, str]) -> str:
        self.shop.checkout(branch)
        commit = self.shop.commit(files)
        self.hub.state.pulls[number]["head"]["sha"] = commit
        self.edaha.deliver("push", github.push(SHOP, branch, commit))
        return commit

    def say(self, number: int, body: str, author: str = "mona") -> int:
        """Somebody comments; the comment's number."""
        known = self.hub.state.add_comment(body, author, number)
        payload = github.comment(SHOP, number, body, comment_id=known, author=author)
        assert self.edaha.deliver("issue_comment", payload).status_code == 202
        return known

    def wait_for_reaction(self, comment: int, content: str) -> None:
        wait_for(
            lambda: (comment, content) in self.hub.state.reactions,
            f"comment {comment} to be answered by {content}",
            60,
            lambda: str(list(self.hub.state.reactions)),
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    fake = a_fake()
    fake.state.collaborators["mona"] = "write"
    folder: Path = tmp_path_factory.mktemp("github")
    with running(fake):
        edaha = Running(folder)
        edaha.environment |= {
            "EDAHA_GITHUB_API_URL": fake.url,
            "EDAHA_GITHUB_TOKEN": TOKEN,
            "EDAHA_RECONCILE_SECONDS": "3600",
        }
        edaha.start("--no-sample")
        base_image.ensure()
        shop = Application(folder / "shop")
        edaha.add_repository(SHOP, shop.path, "--port", "3000", "--startup-seconds", "15")
        # Its clone is a folder here; its pull requests and people are GitHub's.
        code = "from deployments.models import Repository; Repository.objects.update(host='github')"
        edaha.manage("shell", "--command", code)
        yield World(fake, edaha, shop)
        edaha.close()
    assert fake.violations == []


def test_a_pull_request_says_where_its_preview_is(world: World) -> None:
    commit = world.open("feature/cart", 7, {"www/index.html": "<h1>The cart</h1>"})
    wait_for(lambda: bool(world.comment(7)), "a comment", 30)
    wait_for(lambda: bool(world.hub.state.deployments), "a deployment", 30)
    ((known, made),) = world.hub.state.deployments.items()
    assert made["ref"] == commit
    branch = world.edaha.wait_for_branch(SHOP, "feature/cart", "live", commit=commit)
    said = world.wait_for_comment(7, "✅ Live")
    assert branch["url"] in said and commit[:7] in said
    world.wait_for_status(commit, "success")
    wait_for(lambda: world.hub.state.state_of(known) == "success", "the deployment's success", 30)
    last = world.hub.state.statuses[known][-1]
    assert last["environment_url"] == branch["url"]
    assert re.fullmatch(rf"{world.edaha.url}/deployments/\d+/log", last["log_url"])


def test_a_push_that_fails_is_explained(world: World) -> None:
    broken = "FROM localhost/python:3-slim\nRUN echo no such thing as a cart && exit 3\n"
    commit = world.push("feature/cart", 7, {"Dockerfile": broken})
    said = world.wait_for_comment(7, "❌ Failed")
    assert "A step of the Dockerfile failed" in said.replace("\\", "")
    assert "no such thing as a cart" in said and "the version before" in said
    world.wait_for_status(commit, "failure")


def test_who_may_write_has_it_deployed_again(world: World) -> None:
    commit = world.push("feature/cart", 7, {"Dockerfile": DOCKERFILE})
    world.wait_for_status(commit, "success")
    before = world.edaha.wait_for_branch(SHOP, "feature/cart", "live", commit=commit)
    world.wait_for_reaction(world.say(7, "/preview redeploy", "mallory"), "-1")
    asked = world.say(7, "/preview redeploy")
    world.wait_for_reaction(asked, "rocket")
    wait_for(
        lambda: (
            (world.edaha.branch(SHOP, "feature/cart") or {})["deployment"]["id"]
            != before["deployment"]["id"]
        ),
        "another deployment of the same commit",
        60,
    )
    world.edaha.wait_for_branch(SHOP, "feature/cart", "live", commit=commit)
    world.wait_for_comment(7, "✅ Live")


def test_closed_it_says_that_it_is_gone(world: World) -> None:
    world.hub.state.pulls[7]["state"] = "closed"
    payload = github.pull_request("closed", SHOP, "feature/cart", "0" * 40, number=7)
    world.edaha.deliver("pull_request", payload)
    world.wait_for_comment(7, "🗑️ Preview: Gone")
    told = dict(world.hub.state.statuses)
    wait_for(lambda: not world.hub.state.environments, "no environment to be left", 60)
    assert told and world.hub.state.deployments == {}
    assert {each[-1]["state"] for each in world.hub.state.statuses.values()} == {"inactive"}


def test_with_github_down_it_goes_live_in_time_and_github_catches_up(world: World) -> None:
    weather(world.hub, "down")
    before = len(world.hub.seen)
    commit = world.open("feature/search", 8, {"www/index.html": "<h1>Search</h1>"})
    world.edaha.wait_for_branch(SHOP, "feature/search", "live", commit=commit, seconds=60)
    wait_for(lambda: len(world.hub.seen) > before, "GitHub to be asked", 30)
    assert world.comment(8) == "" and world.states(commit) == []
    weather(world.hub, "")
    world.wait_for_comment(8, "✅ Live")
    world.wait_for_status(commit, "success")
