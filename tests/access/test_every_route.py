"""Every address says who may open it, and means it: routes × roles."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.access import Role
from dashboard.api.operations import api
from dashboard.api.tokens import Token
from tests.dashboard.rows import a_person

#: Open to everybody, on purpose. The API's addresses check tokens by themselves.
OPEN = {"sign_in", "set_language", "healthz", "readyz", "schema"} | {
    f"router_{name}" for name in ("gate", "status", "refused", "enter", "share", "bypass")
}
#: On the way in, nobody is signed in yet.
OPEN |= {"account_login", "account_inactive", "mfa_authenticate", "github_login", "github_callback"}
OPEN |= {"openid_connect_login", "openid_connect_callback"}
#: A terminal on its way in, which has a secret of its own.
OPEN |= {"terminal_begin", "terminal_redeem", "terminal_leave"}
#: Open to whoever is signed in, whatever the role: a person's own account.
SIGNED_IN = {"sign_out", "account_reauthenticate", "account_change_password"}
SIGNED_IN |= {
    "account_set_password",
    "socialaccount_connections",
    "mfa_index",
    "mfa_reauthenticate",
}
SIGNED_IN |= {"mfa_activate_totp", "mfa_deactivate_totp"}
SIGNED_IN |= {"mfa_view_recovery_codes", "mfa_generate_recovery_codes"}


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    view: Any

    @property
    def role(self) -> Role | None:
        return getattr(self.view, "required_role", None)

    @property
    def is_open(self) -> bool:
        return not getattr(self.view, "login_required", True)

    @property
    def is_stream(self) -> bool:
        return self.path.endswith("stream")

    def ask(self, client: Client) -> HttpResponse:
        response = client.get(self.path)
        return client.post(self.path) if response.status_code == 405 else response  # type: ignore[return-value]


def _routes(patterns: list[Any], prefix: str = "/") -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "api":
                yield from _routes(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            assert isinstance(pattern, URLPattern)
            path = prefix + str(pattern.pattern).replace("<int:pk>", "4711").replace(
                "<slug:subject>", "git"
            ).replace("<int:secret>", "4711").replace("<int:notice>", "4711")
            yield Route(pattern.name or path, path, pattern.callback)


ROUTES = list(_routes(get_resolver().url_patterns))
GUARDED = [route for route in ROUTES if route.role]
BELOW: list[tuple[Route, str | None]] = [
    (route, role)
    for route in GUARDED
    for role in (None, "viewer", "deployer", "admin")
    if (Role.named(role or "") or 0) < (route.role or 0)
]
ENOUGH = [
    (route, role)
    for route in GUARDED
    for role in ("viewer", "deployer", "admin")
    if not route.is_stream and (Role.named(role) or 0) >= (route.role or 0)
]


def _name(value: Any) -> str:
    return value.name if isinstance(value, Route) else str(value)


def test_every_route_says_who_may_open_it() -> None:
    silent = {route.name for route in ROUTES if not route.role and not route.is_open}
    assert silent == SIGNED_IN


def test_what_is_open_to_everybody_is_so_on_purpose() -> None:
    assert {route.name for route in ROUTES if route.is_open} == OPEN


@pytest.mark.parametrize("route", GUARDED, ids=_name)
def test_whoever_is_not_signed_in_is_sent_to_do_so(db: None, route: Route) -> None:
    response = route.ask(Client())
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize(("route", "role"), BELOW, ids=_name)
def test_a_role_below_is_refused(db: None, route: Route, role: str | None) -> None:
    client = Client()
    client.force_login(a_person(role))
    assert route.ask(client).status_code == 403


@pytest.mark.parametrize(("route", "role"), ENOUGH, ids=_name)
def test_the_role_or_one_above_is_let_in(db: None, route: Route, role: str) -> None:
    client = Client()
    client.force_login(a_person(role))
    # There is no row of that number, and nothing was filled in: but nobody was refused.
    assert _is_let_in(route.ask(client))


def test_a_superuser_needs_no_group(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert all(_is_let_in(route.ask(client)) for route in GUARDED if not route.is_stream)


def _is_let_in(response: HttpResponse) -> bool:
    """Whoever is not is sent to sign in, or told 403."""
    is_done = response.status_code == 302 and response["Location"] in (
        "/system",
        "/me",
        "/people",
        "/tokens",
        "/github",
    )
    return is_done or response.status_code in (200, 404)


def test_who_may_no_longer_sign_in_has_no_role_left(db: None) -> None:
    person = a_person("admin")
    client = Client()
    client.force_login(person)
    User.objects.update(is_active=False)
    assert client.get("/").status_code == 302


#: Whom these are about, what these give away, and what these let code reach.
_ADMINISTRATORS = {
    *("list_people", "add_person", "change_person"),
    *("list_tokens", "issue_token", "revoke_token", "list_audit"),
    *("add_repository", "change_repository", "remove_repository", "get_settings", "put_member"),
    *("rotate_secret", "list_secrets", "put_secret", "remove_secret"),
    *("make_bypass", "revoke_bypass"),
    *("list_subscriptions", "add_subscription", "get_subscription", "change_subscription"),
    *("remove_subscription", "rotate_subscription", "test_subscription"),
    *("list_notices", "repeat_notice"),
}
#: What these read tells more than a page for everybody would, or is for whoever deploys.
_ABOUT_MACHINERY = {
    *("list_deliveries", "get_delivery", "list_reconciliations", "get_system"),
    *("check_repository", "list_members", "list_shares"),
    *("get_overview", "list_queue", "list_workers", "get_outbox", "list_orphans"),
    *("list_outputs", "get_output", "get_build_plan"),
}


def test_every_operation_of_the_api_names_a_role() -> None:
    operations = [
        operation
        for _, router in api._routers
        for path in router.path_operations.values()
        for operation in path.operations
    ]
    assert len(operations) > 10
    for operation in operations:
        (token,) = operation.auth_callbacks
        assert isinstance(token, Token)
        changes = set(operation.methods) & {"POST", "PUT", "PATCH", "DELETE"}
        is_known = operation.include_in_schema
        is_restricted = bool(changes) or operation.view_func.__name__ in _ABOUT_MACHINERY
        if operation.view_func.__name__ in _ADMINISTRATORS:
            assert token.role == Role.ADMIN
        else:
            assert token.role == (Role.DEPLOYER if is_restricted and is_known else Role.VIEWER)
