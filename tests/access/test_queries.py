"""What somebody may see costs the database the same, however much there is of it."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from dashboard.access import Access, Role, Sight, access_of
from dashboard.models import Membership
from deployments.models import Repository
from tests.dashboard.rows import a_live_branch, a_person, a_repository
from tests.webhooks.conftest import set_config

pytestmark = pytest.mark.django_db


def a_private(name: str) -> Repository:
    repository = a_repository(f"acme/{name}")
    Repository.objects.filter(pk=repository.pk).update(is_private=True)
    return repository


def a_member(person: User, repository: Repository, role: str = "deployer") -> None:
    Membership.objects.create(user=person, repository=repository, role=role)


@pytest.fixture
def vera() -> User:
    return a_person("viewer", "vera")


def known(person: User) -> Access:
    """Read as a request reads it."""
    return access_of(User.objects.get(pk=person.pk))


def test_memberships_and_private_repositories_are_one_query(
    vera: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hidden, own, shared = a_private("hidden"), a_private("own"), a_repository("acme/shared")
    a_repository("acme/open")
    other = a_person("viewer", "otto")
    a_member(vera, own)
    a_member(vera, shared, "admin")
    for repository in (hidden, own, shared):
        a_member(other, repository, "viewer")
    person = User.objects.get(pk=vera.pk)
    with django_assert_num_queries(2):  # the role by groups, and the repositories
        access = access_of(person)
        assert access.role is Role.VIEWER
        assert access.repositories == {own.pk: Role.DEPLOYER, shared.pk: Role.ADMIN}
        assert access.sight == Sight(is_all_but=True, repositories=frozenset([hidden.pk]))
        assert access.inside(hidden.pk) is None
        assert access.inside(own.pk) is Role.DEPLOYER
        assert access.inside(shared.pk) is Role.ADMIN


def test_whose_role_is_inside_a_repository_alone_sees_that_one() -> None:
    nobody = a_person(None, "nora")
    own, _hidden, _open = a_repository("acme/own"), a_private("hidden"), a_repository("acme/open")
    a_member(nobody, own, "viewer")
    access = known(nobody)
    assert access.role is None
    assert access.sight == Sight(is_all_but=False, repositories=frozenset([own.pk]))


def test_who_is_deactivated_has_nothing_of_their_memberships(vera: User) -> None:
    a_member(vera, a_private("own"))
    User.objects.filter(pk=vera.pk).update(is_active=False)
    assert known(vera).highest is None
    assert known(vera).repositories == {}


def test_private_ones_are_hidden_from_those_who_read_without_signing_in(
    settings: Settings,
) -> None:
    set_config(settings, open_reading=True)
    hidden = a_private("hidden")
    assert access_of(AnonymousUser()).inside(hidden.pk) is None


def test_the_home_page_asks_as_often_for_many_repositories_as_for_none(
    client: Client, vera: User
) -> None:
    a_live_branch()
    client.force_login(vera)
    few = queries(client)
    for number in range(20):
        a_private(f"hidden-{number}")
        a_member(vera, a_private(f"own-{number}"))
        a_member(vera, a_repository(f"acme/shared-{number}"), "viewer")
    many = queries(client)
    assert many == few
    about = [each for each in last_queries(client) if "is_private" in each.partition("FROM")[2]]
    assert len(about) == 1


def queries(client: Client) -> int:
    """Of a page whose filters are known already."""
    client.get("/")
    return len(last_queries(client))


def last_queries(client: Client) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/").status_code == 200
    return [each["sql"] for each in asked.captured_queries]
