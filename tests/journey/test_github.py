"""What a pull request says, from the push to the end, and while GitHub is down."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sandbox import base_image
from tests import github
from tests.reports.hub import SHOP, Hub
from tests.reports.serving import served

from .application import Application
from .running import Running, wait_for


class World(NamedTuple):
    hub: Hub
    edaha: Running
    shop: Application

    def comment(self, number: int) -> str:
        found = [str(each["body"]) for each in self.hub.ours() if each["number"] == number]
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
        return [each["state"] for each in list(self.hub.statuses) if each["sha"] == commit]

    def wait_for_status(self, commit: str, state: str) -> None:
        wait_for(lambda: self.states(commit)[-1:] == [state], f"{commit} to be {state}", 60)

    def open(self, branch: str, number: int, files: dict[str, str]) -> str:
        commit = self.shop.branch(branch, files)
        payload = github.pull_request("opened", SHOP, branch, commit, number=number)
        assert self.edaha.deliver("pull_request", payload).status_code == 202
        return commit


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    hub = Hub()
    folder: Path = tmp_path_factory.mktemp("github")
    with served(hub) as address:
        edaha = Running(folder)
        edaha.environment |= {
            "EDAHA_GITHUB_API_URL": address,
            "EDAHA_GITHUB_TOKEN": "t0ken",
            "EDAHA_RECONCILE_SECONDS": "3600",
        }
        edaha.start("--no-sample")
        base_image.ensure()
        shop = Application(folder / "shop")
        edaha.add_repository(SHOP, shop.path, "--port", "3000", "--startup-seconds", "15")
        yield World(hub, edaha, shop)
        edaha.close()


def test_a_pull_request_says_where_its_preview_is(world: World) -> None:
    commit = world.open("feature/cart", 7, {"www/index.html": "<h1>The cart</h1>"})
    wait_for(lambda: bool(world.comment(7)), "a comment", 30)
    wait_for(lambda: bool(world.hub.deployments), "a deployment", 30)
    ((known, made),) = world.hub.deployments.items()
    assert made["ref"] == commit
    branch = world.edaha.wait_for_branch(SHOP, "feature/cart", "live", commit=commit)
    said = world.wait_for_comment(7, "✅ Live")
    assert branch["url"] in said and commit[:7] in said
    world.wait_for_status(commit, "success")
    wait_for(lambda: world.hub.state_of(known) == "success", "the deployment's success", 30)
    last = world.hub.deployments[known]["states"][-1]
    assert last["environment_url"] == branch["url"]
    assert re.fullmatch(rf"{world.edaha.url}/deployments/\d+/log", last["log_url"])


def test_a_push_that_fails_is_explained(world: World) -> None:
    world.shop.checkout("feature/cart")
    broken = "FROM localhost/python:3-slim\nRUN echo no such thing as a cart && exit 3\n"
    commit = world.shop.commit({"Dockerfile": broken})
    world.edaha.deliver("push", github.push(SHOP, "feature/cart", commit))
    said = world.wait_for_comment(7, "❌ Failed")
    assert "A step of the Dockerfile failed" in said.replace("\\", "")
    assert "no such thing as a cart" in said and "the version before" in said
    world.wait_for_status(commit, "failure")


def test_closed_it_says_that_it_is_gone(world: World) -> None:
    payload = github.pull_request("closed", SHOP, "feature/cart", "0" * 40, number=7)
    world.edaha.deliver("pull_request", payload)
    world.wait_for_comment(7, "🗑️ Preview: Gone")
    wait_for(lambda: not world.hub.environments, "no environment to be left", 60)
    assert all(one["states"][-1]["state"] == "inactive" for one in world.hub.deployments.values())


def test_with_github_down_it_goes_live_in_time_and_github_catches_up(world: World) -> None:
    world.hub.weather = "down"
    before = len(world.hub.calls)
    commit = world.open("feature/search", 8, {"www/index.html": "<h1>Search</h1>"})
    world.edaha.wait_for_branch(SHOP, "feature/search", "live", commit=commit, seconds=60)
    wait_for(lambda: len(world.hub.calls) > before, "GitHub to be asked", 30)
    assert world.comment(8) == "" and world.states(commit) == []
    world.hub.weather = ""
    world.wait_for_comment(8, "✅ Live")
    world.wait_for_status(commit, "success")
