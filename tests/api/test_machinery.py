"""What operators see: numbers, the queue, workers, and what is left over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.overview import views
from deployments.models import Orphan, Outgoing, Pulse, Repository, Transition
from deployments.states import DeploymentState
from tests.dashboard.rows import (
    a_branch,
    a_delivery,
    a_deployment,
    a_live_branch,
    a_repository,
)

from .conftest import Caller


@pytest.fixture(autouse=True)
def _anew() -> None:
    views.forget()


@pytest.fixture
def hidden(db: None) -> Repository:
    made = a_repository("acme/hidden")
    Repository.objects.filter(pk=made.pk).update(is_private=True)
    return made


def test_the_numbers_are_those_of_what_is_seen(deployer: Caller, hidden: Repository) -> None:
    now = timezone.now()
    for repository in (a_repository(), hidden):
        branch = a_live_branch(repository.full_name[5:], repository=repository)
        a_deployment(branch, DeploymentState.FAILED, cause="memory", started_at=now)
    told = deployer("GET", "/overview?days=7").json()
    assert len(told["days"]) == 7
    assert (told["number"], told["days"][-1]["failed"]) == (1, 1)
    assert told["causes"] == [{"cause": "memory", "number": 1}]
    assert sum(age["number"] for age in told["ages"]) == 1
    everything = Caller("admin")("GET", "/overview?days=7").json()
    assert everything["number"] == 2


@pytest.mark.parametrize("days", ["8", "x", "0"])
def test_another_time_is_refused(deployer: Caller, days: str) -> None:
    assert deployer("GET", f"/overview?days={days}").status_code == 422


def test_the_queue_in_its_order(deployer: Caller, hidden: Repository) -> None:
    first = a_deployment(a_branch("one"))
    a_deployment(a_branch("secret", repository=hidden))
    last = a_deployment(a_branch("two"))
    told = deployer("GET", "/queue").json()
    assert [each["deployment"] for each in told] == [first.pk, last.pk]
    assert [each["repository"] for each in told] == ["acme/shop"] * 2
    assert len(Caller("admin")("GET", "/queue").json()) == 3


def test_signs_of_life(deployer: Caller) -> None:
    Pulse.show(Pulse.Part.BUILD, timezone.now())
    Pulse.show(Pulse.Part.TIDY, timezone.now())
    (told,) = deployer("GET", "/workers").json()
    assert told["part"] == "build" and told["at"]


def test_what_github_has_to_be_told(deployer: Caller) -> None:
    branch = a_branch()
    for number, problem in enumerate(("", "GitHub is down.")):
        Outgoing.objects.create(
            branch=branch,
            repository=branch.repository,
            kind=Outgoing.Kind.COMMENT,
            key=str(number),
            problem=problem,
            due_at=timezone.now(),
            asked_at=timezone.now(),
        )
    told = deployer("GET", "/outbox").json()
    assert (told["length"], told["failing"]) == (2, 1)


def test_left_overs_are_for_those_who_see_everything(deployer: Caller, hidden: Repository) -> None:
    Orphan.objects.create(
        kind="ecs_service", arn="arn:x", first_seen_at=timezone.now() - timedelta(hours=1)
    )
    assert deployer("GET", "/orphans").status_code == 403
    (told,) = Caller("admin")("GET", "/orphans").json()
    assert (told["arn"], told["removed_at"]) == ("arn:x", None)


def test_what_people_did_is_found_by_words(viewer: Caller, hidden: Repository) -> None:
    for name, repository in (("cart", a_repository()), ("secret", hidden)):
        branch = a_branch(name, repository=repository)
        Transition.objects.create(branch=branch, before="live", after="pending", actor="mika")
    Transition.objects.create(branch=a_branch("pay"), before="live", after="pending", actor="")
    (told,) = viewer("GET", "/activity").json()
    assert (told["actor"], told["repository"]) == ("mika", "acme/shop")
    assert viewer("GET", "/activity?q=cart").json() == [told]
    assert viewer("GET", "/activity?q=secret").json() == []


def test_webhooks_and_the_audit_log_are_searched(deployer: Caller) -> None:
    a_delivery("guid-1", decision="deploying it")
    a_delivery("guid-2", decision="ignored")
    found = deployer("GET", "/deliveries?q=deploying").json()
    assert [each["guid"] for each in found] == ["guid-1"]
    admin = Caller("admin")
    admin("POST", "/people", json={"name": "mika"})
    assert [each["subject"] for each in admin("GET", "/audit?q=person.add").json()] == ["mika"]
    assert admin("GET", "/audit?q=nobody").json() == []
