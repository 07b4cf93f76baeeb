"""Who is let in, and what those are told who are not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from deployments.models import ApiToken
from tests.dashboard.rows import a_live_branch

from .conftest import Caller

CHANGES = [("POST", "/branches/{}/deployments"), ("DELETE", "/branches/{}")]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer edaha_wrong", "Basic YTpi", "Token {}", "{}"],
)
def test_without_a_valid_token_nothing_is_told(viewer: Caller, authorization: str | None) -> None:
    a_live_branch()
    given = {} if authorization is None else {"Authorization": authorization.format(viewer.token)}
    answer = Client().get("/api/v1/branches", headers=given)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="edaha"'
    assert "Authorization: Bearer TOKEN" in answer.json()["hint"]


def test_a_token_is_worth_nothing_once_it_is_revoked(viewer: Caller) -> None:
    assert viewer("GET", "/branches").status_code == 200
    ApiToken.objects.all().delete()
    assert viewer("GET", "/branches").status_code == 401


def test_a_signed_in_browser_is_no_caller(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert client.get("/api/v1/branches").status_code == 401
    assert client.delete("/api/v1/branches/1").status_code == 401


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_viewer_changes_nothing(viewer: Caller, method: str, path: str) -> None:
    branch = a_live_branch()
    answer = viewer(method, path.format(branch.pk))
    assert answer.status_code == 403
    assert answer.json()["detail"] == "This needs the role deployer."
    generation = branch.generation
    branch.refresh_from_db()
    assert branch.generation == generation


@pytest.mark.parametrize("role", ["deployer", "admin"])
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_deployer_and_an_administrator_do(db: None, role: str, method: str, path: str) -> None:
    assert Caller(role)(method, path.format(a_live_branch().pk)).status_code == 202


def test_a_role_that_is_not_known_may_do_nothing(db: None) -> None:
    assert Caller("emperor")("GET", "/branches").status_code == 403


def test_a_tokens_last_use_is_written_at_most_once_a_minute(viewer: Caller) -> None:
    def last_use() -> datetime | None:
        return ApiToken.objects.get().last_used_at

    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for seconds, expected in ((0, 0), (59, 0), (61, 61), (62, 61)):
        with time_machine.travel(noon + timedelta(seconds=seconds), tick=False):
            viewer("GET", "/branches")
        assert last_use() == noon + timedelta(seconds=expected)


@pytest.mark.parametrize(
    "path",
    [
        "/branches/4711",
        "/branches/4711/deployments",
        "/deployments/4711",
        "/deployments/4711/log",
        "/deliveries/00000000-0000-4000-8000-000000000000",
        "/branches/4711/nothing",
        "/unknown",
        "/",
    ],
)
def test_what_is_not_there_is_a_404_in_the_apis_own_form(deployer: Caller, path: str) -> None:
    answer = deployer("GET", path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/branches?repositroy=acme/shop", "query.repositroy"),
        ("/branches?repository=shop", "query.repository"),
        ("/branches?repository=acme/shop%00", "query.repository"),
        ("/branches?state=alive", "query.state.0"),
        ("/branches?limit=0", "query.limit"),
        ("/branches?limit=1001", "query.limit"),
        ("/branches?after=-1", "query.after"),
        ("/branches?after=99999999999999999999999", "query.after"),
        ("/branches/1?verbose=1", "query.verbose"),
        ("/branches/x", "path.branch_id"),
        ("/branches/99999999999999999999999", "path.branch_id"),
        ("/deliveries?state=pending", "query.state"),
        ("/deliveries/%00", "path.guid"),
        ("/deployments/1/log?after=x", "query.after"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(deployer: Caller, path: str, where: str) -> None:
    answer = deployer("GET", path)
    assert answer.status_code == 422
    assert [problem["where"] for problem in answer.json()["errors"]] == [where]


def test_the_wrong_method_is_told_the_right_ones(deployer: Caller) -> None:
    answer = deployer("PUT", "/branches")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer.json()["hint"] == "It takes GET."


def test_nothing_of_it_is_kept_by_a_cache(viewer: Caller) -> None:
    assert viewer("GET", "/branches")["Cache-Control"] == "no-store"
