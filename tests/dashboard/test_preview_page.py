"""One preview's page: what runs, what it costs, how long it takes, and what can be taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pydantic import ValidationError

from dashboard import ecs_words, estimates, looks
from deployments import running
from deployments.config import Config
from deployments.errors import PlatformError
from deployments.models import Branch, Build, BuildStep, Deployment, Screenshot
from deployments.prices import Prices
from deployments.running import Event, Running, Task
from deployments.states import BranchState, DeploymentState

from .rows import a_branch, a_deployment, a_live_branch

pytestmark = pytest.mark.django_db

FARGATE = Prices.parse("USD FARGATE=0.04/0.004")
SECRET = {"name": "STRIPE", "valueFrom": "arn:aws:ssm:x:1:parameter/stripe"}


@pytest.fixture(autouse=True)
def _no_look_remembered() -> None:
    looks.forget()


def a_running_branch(monkeypatch: pytest.MonkeyPatch) -> Branch:
    branch = a_live_branch()
    service = branch.deployment.services.get()  # type: ignore[union-attr]
    service.task_definition = {
        "cpu": "512",
        "memory": "1024",
        "containerDefinitions": [
            {
                "name": "app",
                "environment": [{"name": "MODE", "value": "do-not-show"}],
                "secrets": [SECRET],
            }
        ],
    }
    service.service_definition = {"desiredCount": 2}
    service.save()
    events = [Event(timezone.now(), "(service x) has reached a steady state.")]
    tasks = [
        Task("a" * 32, "RUNNING", "HEALTHY", timezone.now(), None, "", {}),
        Task("b" * 32, "STOPPED", "UNKNOWN", None, timezone.now(), "<b>why</b>", {"app": 137}),
    ]
    seen = [Running(service, True, 2, 1, 1, tasks, events)]
    monkeypatch.setattr(running, "look", lambda _deployment: seen)
    return branch


def test_what_runs_is_told_in_plain_words(
    deployer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = a_running_branch(monkeypatch)
    prices = settings.EDAHA.model_copy(update={"prices": FARGATE})
    monkeypatch.setattr(settings, "EDAHA", prices)
    page = deployer.get(f"/branches/{branch.pk}/running").content.decode()
    for part in (
        "1 of 2 copies run",
        "1 starting",
        "Everything runs as wanted.",
        "it was killed, as it is where memory runs out",
        "&lt;b&gt;why&lt;/b&gt;",
        "MODE",
        "STRIPE",
        # 2 tasks × 24 h × (0.5 vCPU × 0.04 + 1 GB × 0.004)
        "About 1.15 USD a day",
    ):
        assert part in page
    assert "do-not-show" not in page
    assert "parameter/stripe" not in page


def test_one_look_serves_everybody(deployer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    branch = a_running_branch(monkeypatch)
    asked: list[Deployment] = []

    def look(deployment: Deployment) -> list[Running]:
        asked.append(deployment)
        return []

    monkeypatch.setattr(running, "look", look)
    for _ in range(3):
        deployer.get(f"/branches/{branch.pk}/running")
    assert len(asked) == 1


def test_what_ecs_refuses_is_said(deployer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    branch = a_running_branch(monkeypatch)

    def refuse(_deployment: Deployment) -> list[Running]:
        raise PlatformError("AWS refused to look.", hint="Grant it.")

    monkeypatch.setattr(running, "look", refuse)
    page = deployer.get(f"/branches/{branch.pk}/running").content.decode()
    assert "ECS could not be asked." in page
    assert "AWS refused to look. Grant it." in page


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("(service s) has started 2 tasks: (task a) (task b).", "A copy is being started."),
        ("(service s) was unable to place a task because no container instance met all of its "
         "requirements. Reason: insufficient memory", "The cluster has too little room."),
        ("(service s) (deployment d) deployment failed: tasks failed to start.",
         "The new version could not start: ECS gave it up."),
        ("something new", "something new"),
    ],
)  # fmt: skip
def test_events_that_nobody_knows_stay_as_they_are(message: str, said: str) -> None:
    assert ecs_words.event(message) == said


@pytest.mark.parametrize(
    ("task", "service", "cost"),
    [
        ({"cpu": "1024", "memory": "2048"}, {}, 24 * (0.04 + 2 * 0.004)),
        ({"cpu": "1024", "memory": "1024"}, {"desiredCount": 0}, 0.0),
        ({"cpu": "1024", "memory": "1024"}, {"launchType": "EC2"}, None),
        ({"containerDefinitions": [{"cpu": 512, "memory": 512}] * 2}, {}, 24 * (0.04 + 0.004)),
    ],
)
def test_a_day_costs_what_the_table_says(
    task: dict[str, Any], service: dict[str, Any], cost: float | None
) -> None:
    assert FARGATE.a_day([(task, service)]) == (None if cost is None else pytest.approx(cost))


@pytest.mark.parametrize(
    "text", ["USD", "usd FARGATE=1/1", "USD FARGATE=1", "USD FARGATE=x/1", "USD FARGATE=-1/1", "{}"]
)
def test_a_price_table_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="write it as USD"):
        Config(prices=text, secret_key="x" * 32)


def a_past(branch: Branch, seconds: tuple[int, int, int]) -> None:
    """A deployment whose stages took that long."""
    at = timezone.now() - timedelta(hours=1)
    times, names = [at], ("started_at", "built_at", "released_at", "finished_at")
    for each in seconds:
        times.append(times[-1] + timedelta(seconds=each))
    past: dict[str, Any] = dict(zip(names, times, strict=True))
    a_deployment(branch, DeploymentState.RETIRED, **past)


def test_the_last_ones_tell_how_long_it_takes() -> None:
    branch = a_branch(state=BranchState.BUILDING)
    for seconds in ((60, 5, 15), (80, 5, 15), (70, 5, 15)):
        a_past(branch, seconds)
    began = timezone.now() - timedelta(seconds=40)
    now = a_deployment(branch, DeploymentState.BUILDING, started_at=began)
    BuildStep.objects.create(deployment=now, number=1, name="a", completed_at=began)
    BuildStep.objects.create(deployment=now, number=2, name="b", started_at=began)
    told = estimates.estimate(now)
    assert told is not None and told.ends_at is not None
    left = (told.ends_at - timezone.now()).total_seconds()
    assert left == pytest.approx(70 - 40 + 5 + 15, abs=2)
    assert (told.step, told.steps) == (2, 2)
    assert told.percent == pytest.approx(44, abs=3)


def test_without_a_past_no_time_is_promised(viewer: Client) -> None:
    branch = a_branch(state=BranchState.BUILDING)
    deployment = a_deployment(branch, DeploymentState.BUILDING, started_at=timezone.now())
    told = estimates.estimate(deployment)
    assert told is not None and told.ends_at is None and told.percent is None
    assert "left, going by" not in viewer.get(f"/branches/{branch.pk}").content.decode()


def test_a_picture_is_shown_and_kept_by_the_browser(viewer: Client) -> None:
    branch = a_live_branch()
    assert "screenshot.png" not in viewer.get(f"/branches/{branch.pk}").content.decode()
    assert branch.deployment is not None
    Screenshot.objects.create(deployment=branch.deployment, image=b"\x89PNG", width=640, height=400)
    assert "screenshot.png" in viewer.get(f"/branches/{branch.pk}").content.decode()
    picture = viewer.get(f"/deployments/{branch.deployment_id}/screenshot.png")
    assert picture["Content-Type"] == "image/png"
    assert "immutable" in picture["Cache-Control"]
    assert viewer.get("/deployments/999/screenshot.png").status_code == 404


def test_the_address_can_be_scanned(viewer: Client) -> None:
    picture = viewer.get(f"/branches/{a_live_branch().pk}/qr.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert b"<svg" in picture.content


def test_commits_are_text_and_lead_to_github_alone(viewer: Client) -> None:
    branch = a_live_branch()
    hostile = "<script>alert(1)</script>\u202e" + "x" * 300
    commits = [{"commit": "a" * 40, "author": hostile, "subject": hostile, "at": 0}]
    branch.deployments.update(commits=commits, commits_count=1)
    page = viewer.get(f"/branches/{branch.pk}").content.decode()
    assert f'href="https://github.com/acme/shop/commit/{"a" * 40}"' in page
    assert "<script>alert(1)" not in page
    branch.repository.clone_url = "/srv/git/shop"
    branch.repository.save()
    assert "/commit/" not in viewer.get(f"/branches/{branch.pk}").content.decode()


def send(client: Client, branch: Branch, path: str, **fields: Any) -> str:
    branch.refresh_from_db()
    given = {"generation": branch.generation} | fields
    return client.post(f"/branches/{branch.pk}/{path}", given, follow=True).content.decode()


def test_going_back_and_forward_again(deployer: Client, woken: list[Any]) -> None:
    branch = a_live_branch()
    first = branch.deployment
    assert first is not None
    Build.objects.create(deployment=first, name="app", reference="r/x@sha256:" + "0" * 64)
    Deployment.objects.filter(pk=first.pk).update(
        state=DeploymentState.RETIRED, released_at=timezone.now()
    )
    assert "#1" in deployer.get(f"/branches/{branch.pk}/rollback").content.decode()
    page = send(deployer, branch, "rollback/confirmed", deployment=first.pk)
    assert "Deployment #1 is on its way back." in page
    assert "Deploy the newest commit" in page
    branch.refresh_from_db()
    assert branch.deployment is not None and branch.deployment.rolls_back_to == first
    # The same form sent once more does nothing.
    old = {"generation": branch.generation - 1, "deployment": first.pk}
    deployer.post(f"/branches/{branch.pk}/rollback/confirmed", old)
    assert branch.deployments.count() == 2


@pytest.mark.parametrize("chosen", ["", "x", "99999999999999999999999", "-1", "٣"])
def test_a_deployment_of_nobody_cannot_be_gone_back_to(
    deployer: Client, woken: list[Any], chosen: str
) -> None:
    branch = a_live_branch()
    given = {"generation": branch.generation, "deployment": chosen}
    answer = deployer.post(f"/branches/{branch.pk}/rollback/confirmed", given)
    assert answer.status_code == 404


def test_another_commit_is_chosen_by_its_hash(deployer: Client, woken: list[Any]) -> None:
    branch = a_live_branch()
    assert "is not a commit’s hash" in send(deployer, branch, "redeploy", commit="main; id")
    page = send(deployer, branch, "redeploy", commit="3F2A1BC", reason="why not")
    assert "That commit is on its way." in page
    branch.refresh_from_db()
    assert branch.deployment is not None and branch.deployment.commit == "3f2a1bc"


def test_what_was_destroyed_is_brought_back_by_a_button(deployer: Client, woken: list[Any]) -> None:
    branch = a_live_branch()
    page = send(deployer, branch, "destroy/confirmed")
    assert "Bring it back" in page
    branch.refresh_from_db()
    assert branch.wanted == "absent"
    send(deployer, branch, "redeploy")
    branch.refresh_from_db()
    assert branch.wanted == "present"


def test_a_pin_is_taken_back_by_a_button(deployer: Client) -> None:
    branch = a_live_branch()
    assert "Unpin it" in send(deployer, branch, "pin")
    assert "Pin it again" in send(deployer, branch, "unpin")
