"""A deployment's log in parts, what is new in it, its environment, price and picture."""

import pytest

from deployments.config import config
from deployments.models import Deployment, Screenshot
from deployments.prices import Prices
from tests.dashboard.rows import COMMIT, a_branch, a_deployment, some_lines

from .conftest import Caller


@pytest.fixture
def two(db: None) -> tuple[Deployment, Deployment]:
    """The second has another size and another value."""
    branch = a_branch()
    made = [a_deployment(branch), a_deployment(branch)]
    for number, deployment in enumerate(made, start=1):
        variables = [{"name": "LANG", "value": f"secret-{number}"}]
        container = {
            "name": "app",
            "environment": variables,
            "secrets": [{"name": "KEY", "valueFrom": "arn:x"}],
        }
        deployment.services.update(
            task_definition={
                "cpu": str(256 * number),
                "memory": "1024",
                "containerDefinitions": [container],
            },
            service_definition={"desiredCount": 1},
        )
    return made[0], made[1]


def test_a_range_of_a_log(viewer: Caller) -> None:
    deployment = a_deployment(a_branch())
    some_lines(deployment, 1, 30)
    some_lines(deployment, 31, 30)
    path = f"/deployments/{deployment.pk}/log?after=28&limit=4"
    answer = viewer("GET", path)
    assert answer.content.decode().split("\n")[:-1] == [f"line {n}" for n in range(29, 33)]
    assert f"deployment-{deployment.pk}.txt" in answer["Content-Disposition"]
    told = viewer("GET", path, headers={"Accept": "application/json"}).json()
    assert [line["number"] for line in told] == [29, 30, 31, 32]


def test_a_log_is_searched(viewer: Caller) -> None:
    deployment = a_deployment(a_branch())
    some_lines(deployment, 1, 12, "\x1b[1mLine\x1b[0m {}.")
    path = f"/deployments/{deployment.pk}/log/search"
    assert viewer("GET", f"{path}?q=line+1").json() == {
        "lines": [1, 10, 11, 12],
        "total": 4,
        "last": 12,
    }
    assert viewer("GET", f"{path}?q=line+1&after=10").json()["lines"] == [11, 12]
    assert viewer("GET", path).status_code == 422


def test_what_is_new_is_told_and_values_only_to_those_who_may_deploy(
    viewer: Caller, deployer: Caller, two: tuple[Deployment, Deployment]
) -> None:
    first, second = two
    commit = {"commit": COMMIT, "author": "Mika", "subject": "Mend it", "at": 1_700_000_000}
    Deployment.objects.filter(pk=second.pk).update(
        commits=[commit], commits_count=3, previous_commit="a" * 40
    )
    path = f"/deployments/{second.pk}/changes"
    told = deployer("GET", path).json()
    assert (told["previous"], told["previous_commit"]) == (first.pk, "a" * 40)
    assert (told["commits"], told["commits_count"]) == ([commit], 3)
    (service,) = told["services"]
    changed = {each["path"]: (each["before"], each["after"]) for each in service["since_previous"]}
    assert changed["taskDefinition.cpu"] == ("256", "512")
    assert ("secret-1", "secret-2") in changed.values()
    hidden = viewer("GET", path).content.decode()
    assert "LANG" in hidden and "secret-" not in hidden
    assert viewer("GET", f"/deployments/{first.pk}/changes").json()["previous"] is None


def test_an_environment_is_told_by_name(viewer: Caller, two: tuple[Deployment, Deployment]) -> None:
    answer = viewer("GET", f"/deployments/{two[0].pk}/environment")
    assert [(each["name"], each["is_secret"]) for each in answer.json()] == [
        ("LANG", False),
        ("KEY", True),
    ]
    assert "secret-1" not in answer.content.decode()


def test_what_a_day_costs(
    viewer: Caller, two: tuple[Deployment, Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/deployments/{two[0].pk}/cost"
    monkeypatch.setattr(config(), "prices", None)
    assert viewer("GET", path).json() == {"a_day": None, "currency": ""}
    monkeypatch.setattr(config(), "prices", Prices.parse("EUR FARGATE=0.04/0.004"))
    told = viewer("GET", path).json()
    assert told["currency"] == "EUR"
    assert told["a_day"] == pytest.approx(24 * (0.25 * 0.04 + 1 * 0.004))


def test_a_picture_is_fetched_once(viewer: Caller) -> None:
    deployment = a_deployment(a_branch())
    path = f"/deployments/{deployment.pk}/screenshot"
    none = viewer("GET", path)
    assert (none.status_code, none["Content-Type"]) == (404, "application/problem+json")
    assert "no screenshot" in none.json()["detail"]
    image = b"\x89PNG\r\n\x1a\nnot really"
    Screenshot.objects.create(deployment=deployment, image=image, width=4, height=3)
    there = viewer("GET", path)
    assert (there.content, there["Content-Type"]) == (image, "image/png")
    known = {"If-None-Match": there["ETag"]}
    again = viewer("GET", path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    Screenshot.objects.update(image=image + b"!")
    assert viewer("GET", path, headers=known).status_code == 200
