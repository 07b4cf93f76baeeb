"""Every address × everybody × every repository: nothing that is not listed passes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from dashboard.access import EVERYTHING, access_of
from dashboard.api.operations import api
from dashboard.streams.branches import changed_since
from deployments import running
from deployments.models import (
    ApiToken,
    Branch,
    Delivery,
    Deployment,
    Notice,
    Repository,
    Secret,
    Share,
    Subscription,
)
from deployments.states import BranchState
from tests.access.test_every_route import GUARDED, Route
from tests.access.world import EVERYBODY, MARKS, Place, Somebody, person, places, token
from tests.dashboard.rows import a_move

ABOUT_A_ROW = [route for route in GUARDED if getattr(route.view, "required_of", None)]
LISTS = [route for route in GUARDED if "4711" not in route.path and not route.is_stream]
_KEYS: dict[Any, Callable[[Place], int]] = {
    Repository: lambda place: place.repository.pk,
    Branch: lambda place: place.branch.pk,
    Deployment: lambda place: place.deployment.pk,
    Delivery: lambda place: place.delivery.pk,
    Share: lambda place: place.share.pk,
}
#: Without what these ask for, there is nothing to show even to those who may.
_NEEDS_MORE = {"screenshot", "roll_back", "runtime_text", "runtime_stream"} | {
    "approval",
    "approve",
    "reject",
    "replace_secret",
    "remove_secret",
}


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Place]:
    """In an AWS where nothing runs."""
    monkeypatch.setattr(running, "look", lambda deployment: [])
    return places()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done inside has not been done afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _name(value: Any) -> str:
    return value.name if isinstance(value, Route) else str(value)


def test_every_kind_of_row_that_has_an_address_is_told_apart() -> None:
    silent = [route.name for route in GUARDED if "4711" in route.path and route not in ABOUT_A_ROW]
    # These are for administrators of everything, about things that belong to no repository.
    of_subscriptions = [name for name in silent if "subscription" in name]
    assert len(of_subscriptions) == 6
    others = sorted(set(silent) - set(of_subscriptions))
    # A terminal is a person's own.
    assert others == ["change_person", "end_terminal", "remove_repository", "revoke_token"]


@pytest.mark.parametrize("route", ABOUT_A_ROW, ids=_name)
def test_an_address_of_a_row(world: dict[str, Place], route: Route) -> None:
    assert route.role
    wrong = []
    for somebody in EVERYBODY:
        client = Client(raise_request_exception=False)
        client.force_login(person(somebody, world["own"].repository))
        for name, place in world.items():
            expected = somebody.may(route.role.name.lower(), name)
            if is_endless(route) and not expected:
                continue
            path = route.path.replace("4711", str(_KEYS[route.view.required_of](place)))
            with undone():
                status = _ask(client, path).status_code
            if not _is_as(expected, status, route.name):
                wrong.append((str(somebody), name, expected, status))
    assert not wrong


def is_endless(route: Route) -> bool:
    """Whether what it answers goes on in a thread, with a connection of its own."""
    return route.is_stream or route.name == "log_text"


def _is_as(expected: int, status: int, name: str) -> bool:
    if expected:
        return status == expected
    return status in (200, 302) or (status == 404 and name in _NEEDS_MORE)


def _ask(client: Client, path: str) -> HttpResponse:
    response: Any = client.get(path)
    if response.status_code == 405:
        response = client.post(path)
    return response  # type: ignore[no-any-return]


@pytest.mark.parametrize("somebody", EVERYBODY, ids=str)
def test_no_list_tells_of_what_is_not_to_be_seen(
    world: dict[str, Place], somebody: Somebody
) -> None:
    client = Client()
    client.force_login(person(somebody, world["own"].repository))
    unseen = [MARKS[name] for name in MARKS if not somebody.sees(name)]
    leaks = []
    for route in LISTS:
        with undone():
            response = client.get(route.path)
            body = b"".join(response) if response.streaming else response.content
        leaks += [(route.name, mark) for mark in unseen if mark.encode() in body]
    assert not leaks


@pytest.mark.parametrize("somebody", EVERYBODY, ids=str)
def test_the_lists_show_what_is_to_be_seen(world: dict[str, Place], somebody: Somebody) -> None:
    client = Client()
    client.force_login(person(somebody, world["own"].repository))
    for name, mark in MARKS.items():
        for path in ("/", "/repositories", f"/?q={mark[:5]}", f"/palette?q={mark[:5]}"):
            shown = mark.encode() in client.get(path).content
            assert shown == somebody.sees(name), path


@pytest.mark.parametrize("somebody", EVERYBODY, ids=str)
def test_tabs_count_only_what_is_to_be_seen(world: dict[str, Place], somebody: Somebody) -> None:
    client = Client()
    client.force_login(person(somebody, world["own"].repository))
    response = client.get("/")
    if somebody.sees("own"):
        expected = sum(somebody.sees(name) for name in MARKS)
        assert response.context["numbers"]["live"] == expected


@pytest.mark.parametrize("somebody", EVERYBODY[1:], ids=str)
def test_streams_tell_only_of_what_is_to_be_seen(
    world: dict[str, Place], somebody: Somebody
) -> None:
    sight = access_of(person(somebody, world["own"].repository)).sight
    for place in world.values():
        a_move(place.branch, BranchState.LIVE)
    told = b"".join(event.in_language("en") for event in changed_since(0, sight)).decode()
    for name, mark in MARKS.items():
        assert (mark in told) == somebody.sees(name)


def test_a_hidden_row_answers_like_one_that_does_not_exist(world: dict[str, Place]) -> None:
    client = Client()
    client.force_login(person(Somebody(everywhere="deployer"), world["own"].repository))
    hidden = world["private"].branch.pk
    pages = [client.get(f"/branches/{pk}").content.decode() for pk in (hidden, 999_999)]
    # Each page has its own token, and its own address in the link to the other language.
    there, nowhere = (re.sub(r'value="[^"]*"|next=[^"]*', "", page) for page in pages)
    assert there == nowhere


def test_who_is_an_administrator_of_one_repository_cannot_reach_further(
    world: dict[str, Place],
) -> None:
    own = world["own"].repository
    client = Client()
    client.force_login(person(Somebody(inside="admin"), own))
    form = {
        field: getattr(own, field)
        for field in (
            "full_name",
            "clone_url",
            "default_branch",
            "policy",
            "startup_seconds",
            "cpu",
            "memory",
            "forks",
            "report_status",
            "builds",
        )
    }
    more = {
        "task_role_arn": "arn:aws:iam::123456789012:role/Root",
        "allowed": "role:*",
        "full_name": "evil/shop",
        "clone_url": "https://evil.example/shop.git",
        "cluster": "production",
        "dockerfile": "Dockerfile.preview",
        "context": ".",
        "definitions": "edaha.yml",
        "platforms": "linux/amd64",
    }
    answer: Any = client.post(f"/repositories/{own.pk}/edit", form | more)
    assert answer.status_code == 302, answer.context["form"].errors
    after = Repository.objects.get(pk=own.pk)
    assert after.dockerfile == "Dockerfile.preview"
    for field in ("task_role_arn", "allowed", "full_name", "clone_url", "cluster"):
        assert getattr(after, field) == getattr(own, field), field


class Operation(NamedTuple):
    method: str
    path: str
    role: str
    is_everywhere: bool


def _operations() -> list[Operation]:
    found = []
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method in methods:
            view = _view_of(path, method)
            auth = view.auth_callbacks[0]
            found.append(Operation(method, path, auth.role.name.lower(), auth.is_everywhere))
    return found


def _view_of(path: str, method: str) -> Any:
    for _, router in api._routers:
        for known, view in router.path_operations.items():
            for operation in view.operations:
                if path.endswith(known) and method.upper() in operation.methods:
                    return operation
    raise AssertionError(path)


OPERATIONS = _operations()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_an_operation_of_the_api(world: dict[str, Place], operation: Operation) -> None:
    wrong: list[tuple[object, ...]] = []
    for somebody in EVERYBODY[1:]:
        if somebody.everywhere and somebody.inside:
            continue  # a token has one role
        bearer = {"Authorization": f"Bearer {token(somebody, world['own'].repository)}"}
        for name, place in world.items():
            path = _path_of(operation, place)
            is_about_a_row = "{" in operation.path or operation.path in _NAMING
            is_list = operation.is_everywhere or not is_about_a_row
            expected = _expected_of(somebody, operation, name, is_list=is_list)
            if operation[:2] in _OF_EVERYTHING:
                # What was found names everything, and there is something private.
                expected = 0 if somebody.everywhere == "admin" else 403
            if operation.path.endswith("/stream") and not expected:
                continue  # it goes on in a thread, with a connection of its own
            with undone():
                answer = Client(raise_request_exception=False).generic(
                    operation.method.upper(),
                    path,
                    _body_of(operation, place),
                    content_type="application/json",
                    headers=bearer,
                )
            told = answer.status_code
            if not _is_as_said(operation, expected, told):
                wrong.append((str(somebody), name, expected, told))
            if is_list and not somebody.sees(name) and MARKS[name].encode() in answer.content:
                wrong.append((str(somebody), name, "leaks", told))
    assert not wrong


#: What is in these names everything that there is.
_OF_EVERYTHING = {("get", "/api/v1/reconciliations"), ("get", "/api/v1/orphans")}
#: Without a picture, or a container that prints, there is nothing to show even to those who may.
_HAS_NONE = ("/screenshot", "/output")


def _is_as_said(operation: Operation, expected: int, told: int) -> bool:
    if expected:
        return told == expected
    refused = {401, 403} if operation.path.endswith(_HAS_NONE) else {401, 403, 404}
    return told < 500 and told not in refused


def _path_of(operation: Operation, place: Place) -> str:
    keys = {
        "branch_id": place.branch.pk,
        "deployment_id": place.deployment.pk,
        "guid": place.delivery.guid,
        "repository_id": place.repository.pk,
        "share_id": place.share.pk,
        "secret_id": _secret(place.repository).pk,
        "subject": "git",
        "person_id": _stranger().pk,
        "token_id": _another_token().pk,
        "subscription_id": _subscription().pk,
        "notice_id": _notice().pk,
    }
    query = {}
    if operation[:2] == ("get", _BUILD_PLAN):
        query = _named(place)
    elif operation.path.endswith("/log/search"):
        query = {"q": "x"}
    address = operation.path.removesuffix("/").format(**keys)
    return f"{address}?{urlencode(query)}" if query else address


#: These name a repository, and not by its key.
_BUILD_PLAN = "/api/v1/build-plan"
_NAMING = {_BUILD_PLAN, "/api/v1/deployments"}


def _named(place: Place) -> dict[str, str]:
    return {"repository": place.repository.full_name, "branch": "main", "commit": "a" * 40}


def _secret(repository: Repository) -> Secret:
    return Secret.objects.get_or_create(
        repository=repository, name="DATABASE", reference="ssm:/shop/db"
    )[0]


def _stranger() -> User:
    return User.objects.get_or_create(username="stranger")[0]


def _subscription() -> Subscription:
    known = {"address": "https://ci.example.com/hook", "events": ["preview.ready"]}
    return Subscription.objects.get_or_create(name="CI", defaults=known)[0]


def _notice() -> Notice:
    return Notice.objects.get_or_create(subscription=_subscription(), event="preview.ready")[0]


def _another_token() -> ApiToken:
    if not ApiToken.objects.filter(name="another").exists():
        ApiToken.issue("another", "viewer")
    return ApiToken.objects.get(name="another")


def _body_of(operation: Operation, place: Place) -> str:
    """What an operation cannot do without: it is looked at before anything else."""
    if operation[:2] == ("post", "/api/v1/deployments"):
        return dumps(_named(place) | {"images": {"app": "x"}})
    path = operation.path.removeprefix("/api/v1")
    body = _BODIES.get((operation.method, path))
    return "" if body is None else dumps(body)


_COMMIT = {"commit": "a" * 40}
_BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/branches/{branch_id}/approvals"): _COMMIT,
    ("post", "/branches/{branch_id}/rejections"): _COMMIT,
    ("post", "/branches/{branch_id}/shares"): {},
    ("post", "/repositories"): {"full_name": "a/b", "clone_url": "https://github.com/a/b.git"},
    ("patch", "/repositories/{repository_id}"): {"dockerfile": "Other"},
    ("put", "/repositories/{repository_id}/members"): {"name": "stranger", "role": "viewer"},
    ("put", "/repositories/{repository_id}/secrets"): {"name": "A", "reference": "ssm:/a"},
    ("post", "/people"): {"name": "new"},
    ("patch", "/people/{person_id}"): {"role": "viewer"},
    ("post", "/tokens"): {"name": "new", "role": "viewer"},
    ("post", "/subscriptions"): {"name": "new", "events": ["preview.ready"]},
    ("patch", "/subscriptions/{subscription_id}"): {"is_enabled": False},
}


def _expected_of(somebody: Somebody, operation: Operation, name: str, *, is_list: bool) -> int:
    if is_list:
        # A list shows what may be seen; who has the role nowhere is refused.
        place = "open" if operation.is_everywhere else "own"
        return 403 if somebody.may(operation.role, place) else 0
    status = somebody.may(operation.role, name)
    if status == 404 and somebody.may(operation.role, "own") == 403:
        return 403  # the token has that role nowhere: nothing was looked for
    return status


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_the_api_without_a_proper_token(world: dict[str, Place], operation: Operation) -> None:
    path = _path_of(operation, world["open"])
    for headers in ({}, {"Authorization": "Bearer edaha_nothing"}, {"Authorization": "Basic eDp5"}):
        answer = Client().generic(operation.method.upper(), path, headers=headers)
        assert answer.status_code == 401


def test_feeds_are_shared_by_those_who_see_the_same(world: dict[str, Place]) -> None:
    own = world["own"].repository
    first = access_of(person(Somebody(everywhere="viewer"), own)).sight
    second = access_of(person(Somebody(everywhere="deployer"), own)).sight
    assert first == second
    assert first != EVERYTHING
    assert hash(first) == hash(second)
