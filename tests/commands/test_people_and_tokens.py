import json

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from dashboard.access import Role, role_of
from deployments.models import ApiToken

from .conftest import Run


def test_a_new_token_is_all_that_is_printed_and_only_its_hash_is_kept(run: Run) -> None:
    token = run("token", "create", "ci", "--role", "deployer")
    assert len(token.split()) == 1
    found = ApiToken.find(token)
    assert found is not None
    assert (found.name, found.role) == ("ci", "deployer")
    assert token not in str(ApiToken.objects.values())


def test_a_tokens_name_is_given_once(run: Run) -> None:
    run("token", "create", "ci", "--role", "viewer")
    with pytest.raises(CommandError, match="a token ci already"):
        run("token", "create", "ci", "--role", "admin")
    assert ApiToken.objects.get().role == "viewer"


def test_a_token_needs_a_name_that_fits(run: Run) -> None:
    for name in ("", "x" * 101):
        with pytest.raises(CommandError, match=r"^NAME: "):
            run("token", "create", name, "--role", "viewer")
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_worth_nothing(run: Run) -> None:
    token = run("token", "create", "ci", "--role", "viewer")
    assert run("token", "list") == "ci  viewer  never used"
    run("token", "revoke", "ci")
    assert ApiToken.find(token) is None
    with pytest.raises(CommandError, match="no token ci"):
        run("token", "revoke", "ci")


def test_a_person_who_is_new_gets_a_password_that_works(run: Run) -> None:
    answer = json.loads(run("user", "ensure", "bo", "--role", "deployer"))
    assert (answer["username"], answer["created"]) == ("bo", True)
    user = authenticate(username="bo", password=answer["password"])
    assert user is not None
    assert role_of(user) is Role.DEPLOYER


def test_a_known_person_keeps_the_password_and_gets_the_role(run: Run) -> None:
    first = json.loads(run("user", "ensure", "bo", "--role", "admin"))
    assert json.loads(run("user", "ensure", "bo", "--role", "viewer")) == {
        "username": "bo",
        "created": False,
    }
    user = authenticate(username="bo", password=first["password"])
    assert user is not None
    assert role_of(user) is Role.VIEWER


def test_create_refuses_a_known_name_and_an_impossible_one(run: Run) -> None:
    run("user", "create", "bo", "--role", "viewer")
    with pytest.raises(CommandError, match="bo is known already"):
        run("user", "create", "bo", "--role", "admin")
    with pytest.raises(CommandError, match=r"^NAME: .*valid username"):
        run("user", "create", "a b", "--role", "viewer")
    assert [user.username for user in User.objects.all()] == ["bo"]


def test_the_list_tells_roles(run: Run) -> None:
    run("user", "create", "bo", "--role", "viewer")
    User.objects.create_superuser("root")
    User.objects.create(username="nobody", is_active=False)
    assert run("user", "list").splitlines() == [
        "bo  viewer",
        "nobody  no role  (may not sign in)",
        "root  admin",
    ]
