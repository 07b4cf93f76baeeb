import asyncio

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from dashboard.access import Access, Role, requires, role_of
from tests.dashboard.rows import a_person


def test_roles_are_ordered() -> None:
    assert Role.VIEWER < Role.DEPLOYER < Role.ADMIN


def test_the_highest_of_a_persons_groups_counts(db: None) -> None:
    person = a_person("viewer")
    person.groups.add(Group.objects.create(name="admin"), Group.objects.create(name="football"))
    assert role_of(person) is Role.ADMIN


def test_who_is_in_no_group_has_no_role(db: None) -> None:
    assert role_of(a_person(None)) is None
    assert role_of(AnonymousUser()) is None


def test_an_inactive_superuser_has_no_role() -> None:
    assert role_of(User(is_superuser=True, is_active=True)) is Role.ADMIN
    assert role_of(User(is_superuser=True, is_active=False)) is None


@pytest.mark.parametrize(("is_superuser", "is_let_in"), [(True, True), (False, False)])
def test_async_views_are_guarded_too(
    monkeypatch: pytest.MonkeyPatch, is_superuser: bool, is_let_in: bool
) -> None:
    @requires(Role.DEPLOYER)
    async def view(request: HttpRequest, text: str) -> HttpResponse:
        return HttpResponse(text)

    async def user() -> User:
        return User(is_superuser=is_superuser)

    def may_do(user: User) -> Access:
        return Access(Role.ADMIN if user.is_superuser else Role.VIEWER)

    monkeypatch.setattr("dashboard.access.access_of", may_do)
    request = HttpRequest()
    request.auser = user
    try:
        response: HttpResponse = asyncio.run(view(request, text="hello"))  # type: ignore[arg-type]
    except PermissionDenied:
        assert not is_let_in
    else:
        assert is_let_in
        assert response.content == b"hello"
