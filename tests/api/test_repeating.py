"""Idempotency-Key: repeated calls are answered as before, and nothing is done twice."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from dashboard.models import KeptAnswer
from deployments import sharing
from deployments.errors import PlatformError
from deployments.models import ApiToken, Branch
from tests.dashboard.rows import a_live_branch

from .conftest import Caller

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture
def branch(db: None) -> Branch:
    return a_live_branch()


def _share(caller: Caller, branch: Branch, **more: Any) -> Any:
    """What makes one thing more with every call."""
    given = {"headers": KEY, "json": {}} | more
    return caller("POST", f"/branches/{branch.pk}/shares", **given)


def test_a_repeated_call_is_answered_as_before(deployer: Caller, branch: Branch) -> None:
    first, second = (_share(deployer, branch) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert branch.shares.count() == 1
    assert _share(deployer, branch, headers={}).json()["url"] != first.json()["url"]


def test_a_key_in_quotes_is_the_same_key(deployer: Caller, branch: Branch) -> None:
    _share(deployer, branch)
    _share(deployer, branch, headers={"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'})
    assert branch.shares.count() == 1


def test_another_body_is_refused(deployer: Caller, branch: Branch) -> None:
    _share(deployer, branch, json={"note": "one"})
    answer = _share(deployer, branch, json={"note": "two"})
    assert (answer.status_code, branch.shares.count()) == (422, 1)


def test_a_key_counts_for_one_token_and_one_operation(deployer: Caller, branch: Branch) -> None:
    _share(deployer, branch)
    assert deployer("POST", f"/branches/{branch.pk}/extension", headers=KEY).status_code == 200
    deployer.token = ApiToken.issue("another", "deployer")
    _share(deployer, branch)
    assert branch.shares.count() == 2


def test_what_is_worked_on_is_not_begun_again(deployer: Caller, branch: Branch) -> None:
    _share(deployer, branch)
    KeptAnswer.objects.update(status=None)
    assert _share(deployer, branch).status_code == 409
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    assert _share(deployer, branch).status_code == 201


def test_a_failure_of_ours_may_be_repeated(
    deployer: Caller, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sharing, "share", _fail)
        assert _share(deployer, branch).status_code == 503
    assert _share(deployer, branch).status_code == 201


def _fail(*_: Any, **__: Any) -> None:
    raise PlatformError("AWS is away")


def test_a_revoked_token_is_given_nothing(deployer: Caller, branch: Branch) -> None:
    _share(deployer, branch)
    ApiToken.objects.all().delete()
    assert _share(deployer, branch).status_code == 401


def test_what_is_told_once_is_kept_encrypted_and_for_a_day(db: None) -> None:
    admin = Caller("admin")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        wish = {"name": "ci", "role": "viewer"}
        first, again = (admin("POST", "/tokens", json=wish, headers=KEY) for _ in range(2))
        assert first.json()["token"] == again.json()["token"]
        assert first.json()["token"] not in KeptAnswer.objects.get().sealed
        clock.shift(timedelta(hours=25))
        assert admin("POST", "/tokens", json=wish, headers=KEY).status_code == 409


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 256])
def test_a_key_that_is_none_is_refused(deployer: Caller, branch: Branch, key: str) -> None:
    answer = _share(deployer, branch, headers={"Idempotency-Key": key})
    assert (answer.status_code, branch.shares.count()) == (422, 0)
