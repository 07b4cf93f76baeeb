"""Push, open, synchronize, redeploy, close, delete: as GitHub and a browser see it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, expect

from tests import github

from .application import Application
from .running import Running, wait_for

SHOP = "acme/shop"


def test_a_pull_request_becomes_an_address_that_shows_that_branch(
    running: Running, application: Application, browser: Browser
) -> None:
    commit = application.branch("feature/cart", {"www/index.html": "<h1>The cart</h1>"})
    answer = running.deliver(
        "pull_request",
        github.pull_request("opened", SHOP, "feature/cart", commit, number=7, title="A cart"),
    )
    assert answer.status_code == 202

    branch = running.wait_for_branch(SHOP, "feature/cart", "live", commit=commit)

    page = browser.new_page()
    page.goto(branch["url"])
    expect(page.locator("h1")).to_have_text("The cart")
    page.close()
    assert branch["url"] == f"http://{branch['slug']}.localhost:{running.router_port}"
    assert branch["commit"] == commit
    assert branch["title"] == "A cart"


def test_a_push_replaces_it_and_no_visitor_ever_sees_an_error(
    running: Running, application: Application
) -> None:
    slug = running.wait_for_branch(SHOP, "feature/cart", "live")["slug"]
    application.checkout("feature/cart")
    seen: list[tuple[int, str]] = []
    done = threading.Event()

    def visit() -> None:
        while not done.is_set():
            answer = running.preview(slug)
            seen.append((answer.status_code, answer.text.strip()))
            time.sleep(0.01)

    with ThreadPoolExecutor(4) as visitors:
        for _ in range(4):
            visitors.submit(visit)
        commit = application.commit({"www/index.html": "<h1>A better cart</h1>"})
        running.deliver("push", github.push(SHOP, "feature/cart", commit))
        running.deliver(
            "pull_request", github.pull_request("synchronize", SHOP, "feature/cart", commit)
        )
        running.wait_for_branch(SHOP, "feature/cart", "live", commit=commit)
        time.sleep(14)  # until the version before has drained and is gone
        done.set()

    assert {status for status, _ in seen} == {200}
    assert seen[-1][1] == "<h1>A better cart</h1>"
    assert "<h1>The cart</h1>" in {text for _, text in seen}
    assert len(running.aws("ecs").list_services(cluster="edaha")["serviceArns"]) == 1


def test_one_push_that_comes_as_two_webhooks_is_deployed_once(
    running: Running, application: Application
) -> None:
    branch = running.wait_for_branch(SHOP, "feature/cart", "live")
    commit = branch["commit"]

    running.deliver("push", github.push(SHOP, "feature/cart", commit))
    time.sleep(2)

    after = running.branch(SHOP, "feature/cart")
    assert after is not None
    assert after["deployment"]["id"] == branch["deployment"]["id"]
    assert f"{commit[:7]} of {branch['slug']} is live already" in _decisions(running)


def test_redeploying_an_unchanged_tree_needs_no_build(
    running: Running, application: Application
) -> None:
    branch = running.wait_for_branch(SHOP, "feature/cart", "live")

    answer = running.api("POST", f"/branches/{branch['id']}/deployments")
    assert answer.status_code == 202
    deployment = answer.json()["id"]

    def is_live() -> bool:
        return bool(running.api("GET", f"/deployments/{deployment}").json()["state"] == "live")

    wait_for(is_live, "the redeploy to be live", 60)
    assert "no build needed" in running.log(deployment)


def test_names_of_every_kind_get_addresses_of_their_own(
    running: Running, application: Application
) -> None:
    names = ["feature/x", "feature-x", "Feature/X", "機能/検索", "$(id)", ";id", "b" * 250, "🌿"]
    for number, name in enumerate(names, 20):
        commit = application.branch(name, {"www/index.html": f"I am number {number}"})
        running.deliver(
            "pull_request", github.pull_request("opened", SHOP, name, commit, number=number)
        )

    for number, name in enumerate(names, 20):
        slug = running.wait_for_branch(SHOP, name, "live", seconds=180)["slug"]
        assert running.preview(slug).text.strip() == f"I am number {number}"

    for number, name in enumerate(names, 20):
        running.deliver(
            "pull_request",
            github.pull_request("closed", SHOP, name, "0" * 40, number=number),
        )
    for name in names:
        running.wait_for_branch(SHOP, name, "destroyed", seconds=180)


def test_the_address_says_what_is_going_on(running: Running, application: Application) -> None:
    assert running.preview("nobody-knows-this").status_code == 404

    slow = {"start.sh": "sleep 5\nexec busybox httpd -f -p $PORT -h /www\n"}
    commit = application.branch("slow-start", slow)
    running.deliver(
        "pull_request", github.pull_request("opened", SHOP, "slow-start", commit, number=9)
    )
    wait_for(lambda: running.branch(SHOP, "slow-start") is not None, "the branch", 20)
    waiting = running.preview("slow-start")
    assert waiting.status_code == 503
    assert int(waiting.headers["Retry-After"]) > 0

    running.wait_for_branch(SHOP, "slow-start", "live")
    wait_for(lambda: running.preview("slow-start").status_code == 200, "the preview", 5)


@pytest.mark.parametrize("ending", ["closed", "deleted", "destroyed"])
def test_at_the_end_nothing_is_left(
    running: Running, application: Application, ending: str
) -> None:
    name = f"short-lived-{ending}"
    commit = application.branch(name, {"www/index.html": name})
    running.deliver("pull_request", github.pull_request("opened", SHOP, name, commit, number=30))
    branch = running.wait_for_branch(SHOP, name, "live")

    if ending == "closed":
        running.deliver(
            "pull_request", github.pull_request("closed", SHOP, name, commit, number=30)
        )
    elif ending == "deleted":
        application.checkout("main")
        application.git("branch", "--quiet", "-D", name)
        running.deliver("delete", github.delete(SHOP, name))
    else:
        assert running.api("DELETE", f"/branches/{branch['id']}").status_code == 202
    running.wait_for_branch(SHOP, name, "destroyed")

    left = running.left_in_aws()
    assert not [entry for entries in left.values() for entry in entries if name in entry]
    gone = running.preview(branch["slug"])
    assert gone.status_code == 410
    assert name in gone.text


def test_a_reopened_pull_request_comes_back(running: Running, application: Application) -> None:
    application.checkout("short-lived-closed")
    commit = application.head()

    running.deliver(
        "pull_request",
        github.pull_request("reopened", SHOP, "short-lived-closed", commit, number=30),
    )

    branch = running.wait_for_branch(SHOP, "short-lived-closed", "live")
    wait_for(lambda: running.preview(branch["slug"]).status_code == 200, "the preview", 5)


def test_when_everything_is_closed_nothing_at_all_is_left(
    running: Running, application: Application
) -> None:
    open_branches = [
        branch
        for branch in running.api("GET", "/branches", params={"repository": SHOP}).json()
        if branch["state"] != "destroyed"
    ]
    assert open_branches
    for branch in open_branches:
        running.api("DELETE", f"/branches/{branch['id']}")
    for branch in open_branches:
        running.wait_for_branch(SHOP, branch["name"], "destroyed")

    assert {kind: entries for kind, entries in running.left_in_aws().items() if entries} == {}


def _decisions(running: Running) -> str:
    deliveries = running.api("GET", "/deliveries").json()
    return "\n".join(delivery["decision"] for delivery in deliveries)
