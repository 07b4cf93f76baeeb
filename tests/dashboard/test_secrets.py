"""Secrets in the browser: written, and never read."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from dashboard.access import Role
from dashboard.api.operations import api
from deployments import sealing
from deployments.adapters import logs
from deployments.models import ApiToken, Branch, Repository, Secret
from tests.access.test_every_route import ROUTES

from .rows import a_live_branch, a_person, a_repository

pytestmark = pytest.mark.django_db

VALUE = "0pen-Sesame-0pen"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(a_person("admin", "ada"))
    return client


@pytest.fixture
def repository() -> Repository:
    return a_repository()


def given(**changed: str) -> dict[str, str]:
    filled = {"name": "DATABASE_URL", "pattern": "*", "for_containers": "on", "value": VALUE}
    return filled | changed


def add(client: Client, repository: Repository, **changed: str) -> str:
    where = f"/repositories/{repository.pk}/secrets/add"
    return client.post(where, given(**changed), follow=True).content.decode()


def test_it_is_stored_encrypted_and_listed_without_its_value(
    admin: Client, repository: Repository
) -> None:
    page = add(admin, repository, pattern="feature/*", for_builds="on")
    row = Secret.objects.get()
    assert (row.name, row.pattern, row.updated_by) == ("DATABASE_URL", "feature/*", "ada")
    assert row.for_containers and row.for_builds
    assert VALUE not in row.sealed and row.value() == VALUE
    for part in ("DATABASE_URL", "feature/*", "containers", "builds", "kept here", "by ada"):
        assert part in page
    assert VALUE not in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "not a name"}, "Use letters, digits"),
        ({"name": "EDAHA_URL"}, "sets this variable itself"),
        ({"pattern": "a b"}, "Give a pattern such as"),
        ({"for_containers": ""}, "Choose containers, builds, or both."),
        ({"reference": "ssm:/shop/db"}, "Give a value or a reference"),
        ({"value": "", "reference": ""}, "Give a value or a reference"),
        ({"value": "", "reference": "vault:x"}, "Write ssm:NAME"),
        ({"value": VALUE * 300}, "4800 bytes; AWS takes 4096"),
        ({"value": VALUE + "\0"}, "Null characters"),
    ],
)
def test_a_mistake_is_told_and_nothing_written_is_shown_again(
    admin: Client, repository: Repository, changed: dict[str, str], said: str
) -> None:
    page = add(admin, repository, **changed)
    assert said in page
    assert VALUE not in page
    assert not Secret.objects.exists()


def test_one_that_is_there_is_not_overwritten_by_adding(
    admin: Client, repository: Repository
) -> None:
    add(admin, repository)
    assert "replace that one" in add(admin, repository, value="another value")
    assert Secret.objects.get().value() == VALUE
    add(admin, repository, pattern="main", value="another value")
    assert Secret.objects.count() == 2


def test_replacing_keeps_what_is_left_out(admin: Client, repository: Repository) -> None:
    add(admin, repository)
    row = Secret.objects.get()
    where = f"/repositories/{repository.pk}/secrets/{row.pk}/replace"
    page = admin.get(where).content.decode()
    assert "Replace DATABASE_URL" in page and VALUE not in page

    admin.post(where, {"for_builds": "on", "value": ""})
    row.refresh_from_db()
    assert (row.for_containers, row.for_builds, row.value()) == (False, True, VALUE)

    admin.post(where, {"for_builds": "on", "value": "two\r\nlines", "name": "OTHER"})
    before = row.serial
    row.refresh_from_db()
    assert (row.name, row.value()) == ("DATABASE_URL", "two\nlines")
    assert sealing.unseal(row.sealed_before) == VALUE
    assert row.serial != before

    admin.post(where, {"for_builds": "on", "reference": "ssm:/shop/db"})
    row.refresh_from_db()
    assert (row.reference, row.sealed) == ("ssm:/shop/db", "")
    assert "ssm:/shop/db" in admin.get(f"/repositories/{repository.pk}").content.decode()


def test_removing_asks_first(admin: Client, repository: Repository) -> None:
    add(admin, repository)
    where = f"/repositories/{repository.pk}/secrets/{Secret.objects.get().pk}/remove"
    assert "Remove DATABASE_URL?" in admin.get(where).content.decode()
    assert Secret.objects.exists()
    page = admin.post(where, follow=True).content.decode()
    assert "is removed" in page and "None is set." in page
    assert not Secret.objects.exists()


def test_another_repositorys_is_not_found(admin: Client, repository: Repository) -> None:
    add(admin, repository)
    pk, other = Secret.objects.get().pk, a_repository("acme/other")
    for verb in ("replace", "remove"):
        where = f"/repositories/{other.pk}/secrets/{pk}/{verb}"
        assert admin.get(where).status_code == admin.post(where).status_code == 404
    assert Secret.objects.exists()


def test_a_short_one_is_taken_with_a_warning(admin: Client, repository: Repository) -> None:
    assert "shorter than 6 characters" in add(admin, repository, value="12345")
    assert Secret.objects.get().value() == "12345"


@pytest.mark.parametrize("role", ["viewer", "deployer"])
def test_whoever_is_no_admin_does_not_see_that_there_are_any(
    admin: Client, repository: Repository, role: str
) -> None:
    add(admin, repository)
    client = Client()
    client.force_login(a_person(role))
    assert "DATABASE_URL" not in client.get(f"/repositories/{repository.pk}").content.decode()
    assert client.get(f"/repositories/{repository.pk}/secrets/add").status_code == 403


def addresses(branch: Branch, secret: Secret) -> Iterator[str]:
    """Every page and every answer of the API that reads something, with numbers that exist."""
    for route in ROUTES:
        # Streams are made of rows, and no row has it: see below.
        if not route.is_stream and route.name != "log_text":
            pk = {"branches": branch.pk, "deployments": branch.live_id}.get(
                route.path.split("/")[1], branch.repository_id
            )
            if "secrets" in route.path:
                yield route.path.replace("4711", str(pk), 1).replace("4711", str(secret.pk))
            else:
                yield route.path.replace("4711", str(pk))
    for path in api.get_openapi_schema()["paths"]:
        yield path.replace("{pk}", str(branch.pk)).replace("{branch_id}", str(branch.pk))


def test_no_answer_of_any_kind_has_the_value(
    account: None, admin: Client, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = logs.Part([(1, f"I print {VALUE}")], "")
    monkeypatch.setattr(logs, "read", lambda *_, **__: printed)
    monkeypatch.setattr(logs, "streams", lambda *_: [])
    branch = a_live_branch()
    add(admin, branch.repository)
    secret = Secret.objects.get()
    token = ApiToken.issue("ci", Role.ADMIN.name.lower())
    seen = 0
    for address in addresses(branch, secret):
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            answer: Any = admin.get(address, headers=headers)
            told = b"".join(answer) if answer.streaming else answer.content
            assert VALUE.encode() not in told, address
            assert secret.sealed.encode() not in told, address
            assert VALUE not in str(answer.headers)
            seen += answer.status_code == 200
    assert seen > 40
    assert VALUE not in str(list(admin.session.items()))


def test_no_row_has_the_value(admin: Client, repository: Repository) -> None:
    add(admin, repository)
    for model in apps.get_models():
        assert VALUE not in str(list(model._default_manager.values()))
