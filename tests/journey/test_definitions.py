"""Step by step of the guide: what an application's own files say is what runs."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from . import account, base_images
from .running import Running, wait_for
from .step import EXAMPLES, Step, branch_of, index_of

#: Example → what a visitor of its preview reads.
ANSWERS = {
    "1-dockerfile": "<h1>Our shop</h1>",
    "2-settings": "Hello from cart-2",
    "3-sidecar": "The shop was asked for /",
    "4-two-services": "Coffee costs 480",
    "5-migration": "I keep my things in shop_cart-5",
    "6-monorepo": "The shop",
    "7-ecspresso": "Hello from cart-7",
    "8-ecspresso-jsonnet": "Hello from cart-8, on x86_64",
}


@pytest.fixture(scope="module")
def page(running: Running, browser: Browser) -> Iterator[Page]:
    """A browser that has signed in as the terminal says."""
    user, password = re.findall(r"Sign in +(\S+) / (\S+)", running.output.read_text())[0]
    page = browser.new_page()
    page.goto(running.url)
    page.get_by_label("Name").fill(user)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Previews")).to_be_visible()
    yield page
    page.close()


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_guide_is_deployed(steps: dict[str, Step], example: str) -> None:
    step = steps[example]
    step.wait(branch_of(example))

    answer = step.ask(branch_of(example))

    assert (answer.status_code, ANSWERS[example] in answer.text) == (200, True), answer.text


@pytest.mark.parametrize(
    ("example", "containers"),
    [("3-sidecar", ["app", "shop"]), ("8-ecspresso-jsonnet", ["app", "nginx"])],
)
def test_nginx_and_the_application_are_in_one_task(
    steps: dict[str, Step], example: str, containers: list[str]
) -> None:
    step = steps[example]
    branch = step.wait(branch_of(example))

    assert step.ask(branch_of(example)).headers["X-Served-By"] == "nginx"
    running = step.containers(branch)
    assert sorted(each["name"] for each in running) == containers
    assert {each["lastStatus"] for each in running} == {"RUNNING"}
    assert len({each["taskArn"] for each in running}) == 1


def test_one_service_asks_the_other_at_its_preview_address(steps: dict[str, Step]) -> None:
    step = steps["4-two-services"]
    branch = step.wait("cart-4")

    assert step.ask("cart-4", service="api").json() == {"Coffee": 480, "Cocoa": 500}
    told = {each["service"]: each["task_definition"] for each in step.definitions(branch)}
    variables = {
        each["name"]: each["value"]
        for each in told["web"]["containerDefinitions"][0]["environment"]
    }
    assert variables["API_URL"].startswith(f"http://api--{branch['slug']}.")

    # And on the same branch: another one's API is another one.
    api = step.read("main", "api/server.py")
    commit = step.open("dearer", {"api/server.py": api.replace("480", "520")})
    step.wait("dearer", commit=commit)
    assert "Coffee costs 520" in step.ask("dearer").text
    assert "Coffee costs 480" in step.ask("cart-4").text


def test_a_migration_runs_before_the_new_version(steps: dict[str, Step]) -> None:
    step = steps["5-migration"]
    branch = step.wait("cart-5")

    log = step.log(branch)

    assert "Migrated shop_cart-5" in log
    assert log.index("Migrated shop_cart-5") < log.index("tasks run")


def test_a_migration_that_fails_leaves_the_old_version_serving(steps: dict[str, Step]) -> None:
    step = steps["5-migration"]
    before = step.wait("cart-5")

    commit = step.push(
        "cart-5",
        {
            "migrate.py": 'raise SystemExit("the column price is there already")\n',
            "server.py": "raise SystemExit('this must never run')\n",
        },
    )

    failed = step.wait("cart-5", "failed", commit=commit)
    assert "exit code 1" in failed["deployment"]["error"]
    assert "the column price is there already" in step.log(failed)
    assert ANSWERS["5-migration"] in step.ask("cart-5").text
    assert failed["live"]["id"] == before["deployment"]["id"]


def test_a_destroy_hook_runs_at_the_end(steps: dict[str, Step]) -> None:
    step = steps["5-migration"]
    step.open("short-lived")
    step.wait("short-lived")

    step.close("short-lived")
    ended = step.wait("short-lived", "destroyed")

    assert "Dropped shop_short-lived" in step.log(ended)
    assert step.containers(ended) == []


def test_both_architectures_are_in_one_image(steps: dict[str, Step], running: Running) -> None:
    branch = steps["8-ecspresso-jsonnet"].wait("cart-8")

    for name in ("app", "nginx"):
        index = index_of(running, branch["deployment"]["images"][name])
        assert base_images.architectures(index) == {"linux/amd64", "linux/arm64"}


def test_ecs_has_what_the_team_wrote(steps: dict[str, Step]) -> None:
    step = steps["8-ecspresso-jsonnet"]
    branch = step.wait("cart-8")

    service = step.service(branch)

    strategy = {
        each["capacityProvider"]: each["weight"] for each in service["capacityProviderStrategy"]
    }
    assert strategy == {"FARGATE_SPOT": 3, "FARGATE": 1}
    assert not service.get("launchType")
    assert service["enableExecuteCommand"] is True
    breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert breaker == {"enable": True, "rollback": True}
    assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 50


def test_production_is_not_touched_and_every_change_is_told(steps: dict[str, Step]) -> None:
    step = steps["7-ecspresso"]
    branch = step.wait("cart-7")
    [told] = step.definitions(branch)

    service = step.service(branch)

    assert service["clusterArn"].endswith("/edaha")
    assert (service["desiredCount"], service["loadBalancers"]) == (1, [])
    assert told["task_definition"]["taskRoleArn"] == f"{account.ROLES}/shop"
    changes = {change["where"]: change["why"] for change in told["changes"]}
    for where in ("service.loadBalancers", "service.serviceRegistries", "taskDefinition.family"):
        assert changes[where]


def test_a_pull_request_adds_a_container_and_shows_it(
    steps: dict[str, Step], running: Running, page: Page
) -> None:
    step = steps["2-settings"]
    step.wait("cart-2")
    written = step.read("cart-2", "edaha.yml")
    added = "    containers:\n      clock: {image: app, command: [sleep, '3600']}\n"

    commit = step.push("cart-2", {"edaha.yml": written + added})

    branch = step.wait("cart-2", commit=commit)
    wait_for(
        lambda: sorted(each["name"] for each in step.containers(branch)) == ["app", "clock"],
        "the old task to be gone",
        30,
    )
    [told] = step.definitions(branch)
    names = [each["name"] for each in told["task_definition"]["containerDefinitions"]]
    assert names == ["app", "clock"]
    page.goto(f"{running.url}/deployments/{branch['deployment']['id']}")
    page.get_by_role("link", name="What ECS is told", exact=True).click()
    expect(page.get_by_text("clock").first).to_be_visible()
    # Compared with the deployment before it, nothing but the container is new.
    expect(page.locator(".differences").first).to_contain_text("sleep")


def test_what_only_says_how_it_is_deployed_needs_no_build(steps: dict[str, Step]) -> None:
    step = steps["2-settings"]
    before = step.wait("cart-2")
    written = step.read("cart-2", "edaha.yml")

    commit = step.push("cart-2", {"edaha.yml": written.replace("Hello from", "Welcome to")})

    branch = step.wait("cart-2", commit=commit)
    assert branch["deployment"]["images"] == before["deployment"]["images"]
    assert "no build needed" in step.log(branch)
    wait_for(lambda: step.ask("cart-2").text == "Welcome to cart-2", "the new text", 10)


def test_an_image_that_nothing_has_changed_for_is_not_built(steps: dict[str, Step]) -> None:
    step = steps["6-monorepo"]
    before = step.wait("cart-6")["deployment"]["images"]

    commit = step.push("cart-6", {"web/server.py": 'from pages import serve\n\nserve("New")\n'})

    branch = step.wait("cart-6", commit=commit)
    after = branch["deployment"]["images"]
    assert after["admin"] == before["admin"]
    assert after["web"] != before["web"]
    assert "Nothing that goes into the image admin has changed" in step.log(branch)
    wait_for(lambda: step.ask("cart-6").text == "New", "the new page", 10)
    assert step.ask("cart-6", service="admin").text == "The back office"


def test_what_all_images_share_builds_them_all(steps: dict[str, Step]) -> None:
    step = steps["6-monorepo"]
    before = step.wait("cart-6")["deployment"]["images"]
    shared = step.read("cart-6", "shared/pages.py")

    commit = step.push("cart-6", {"shared/pages.py": shared.replace("[text.", "[text.upper().")})

    after = step.wait("cart-6", commit=commit)["deployment"]["images"]
    assert all(after[name] != before[name] for name in ("web", "admin"))
