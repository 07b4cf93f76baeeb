"""What the pages can do, the API can do: each address that changes something, beside its
operation or with the reason why there is none."""

from typing import Any

from django.urls import get_resolver

from dashboard.api.operations import api
from tests.access.test_every_route import OPEN, SIGNED_IN, _routes

#: How the addresses begin by which people sign in.
_ACCOUNTS = ("account_", "mfa_", "github_login", "github_callback", "openid_connect_")

SAME = {
    "redeploy": "redeploy",
    "choose_deployment": "redeploy",
    "roll_back": "roll_back",
    "choose_rollback": "roll_back",
    "destroy": "destroy",
    "confirm_destroy": "destroy",
    "cancel": "cancel",
    "confirm_cancel": "cancel",
    "approve": "approve",
    "reject": "reject",
    "pin": "pin",
    "unpin": "unpin",
    "extend": "extend",
    "shares": "share",
    "unshare": "unshare",
    "replay": "replay",
    "add_repository": "add_repository",
    "edit_repository": "change_repository",
    "rotate_secret": "rotate_secret",
    "make_bypass": "make_bypass",
    "revoke_bypass": "revoke_bypass",
    "remove_repository": "remove_repository",
    "add_secret": "put_secret",
    "replace_secret": "put_secret",
    "remove_secret": "remove_secret",
    "check": "check_repository",
    "member": "put_member",
    "add_person": "add_person",
    "change_person": "change_person",
    "issue_token": "issue_token",
    "revoke_token": "revoke_token",
    "compare": "compare",
    "people": "list_people",
    "tokens": "list_tokens",
    "audit": "list_audit",
    "audit_export": "list_audit",
    "system": "get_system",
    "branches": "list_branches",
    "branch": "get_branch",
    "approval": "list_approvals",
    "deployment": "get_deployment",
    "definitions": "get_definitions",
    "log": "get_log",
    "log_lines": "get_log",
    "log_text": "get_log",
    "log_stream": "stream_log",
    "deliveries": "list_deliveries",
    "delivery": "get_delivery",
    "repositories": "list_repositories",
    "repository": "get_repository",
    "tell_again": "tell_again",
    "activity": "list_activity",
    "add_subscription": "add_subscription",
    "edit_subscription": "change_subscription",
    "log_search": "search_log",
    "overview": "get_overview",
    "remove_subscription": "remove_subscription",
    "rotate_subscription": "rotate_subscription",
    "running": "get_running",
    "runtime_log": "list_outputs",
    "runtime_stream": "get_output",
    "runtime_text": "get_output",
    "screenshot": "get_screenshot",
    "subscription": "list_notices",
    "subscriptions": "list_subscriptions",
    "tell_subscription_again": "repeat_notice",
    "test_subscription": "test_subscription",
    # What these push, these tell to who asks again.
    "branches_stream": "list_branches",
    "branch_stream": "get_branch",
    "deliveries_stream": "list_deliveries",
    # What these show, these tell as well.
    "banner": "get_system",
    "palette": "list_branches",
}
_OF_A_PERSON = "is a person's own, and a token is nobody's"
_OF_A_BROWSER = "leads a browser to GitHub and back, or to a preview: a token goes nowhere"
_OF_AN_ADDRESS = "is a picture of the address that the branch tells"
_OF_THE_ROUTER = "is asked by the router, for visitors of previews"
_OF_SIGNING_IN = "is on the way in, or about it: a token is in"
_OPEN = "is open to everybody as it is, and no page"
REASONS = (
    dict.fromkeys(("favourite", "unfavourite", "preferences", "save_preferences"), _OF_A_PERSON)
    | dict.fromkeys(("terminal", "decide_terminal", "end_terminal"), _OF_A_PERSON)
    | dict.fromkeys(("terminal_begin", "terminal_redeem", "terminal_leave"), _OF_SIGNING_IN)
    | dict.fromkeys(("enter_preview", "github", "github_begin", "github_made"), _OF_A_BROWSER)
    | dict.fromkeys(("github_seen", "github_forget"), _OF_A_BROWSER)
    | {"qr": _OF_AN_ADDRESS, "set_language": _OF_A_PERSON}
    | dict.fromkeys(("healthz", "readyz", "schema"), _OPEN)
    | {name: _OF_THE_ROUTER for name in OPEN if name.startswith("router_")}
    | dict.fromkeys(SIGNED_IN, _OF_SIGNING_IN)
    | {name: _OF_SIGNING_IN for name in OPEN if name.startswith(("sign_", *_ACCOUNTS))}
)
#: What a page shows besides what it is about, and the operation that has it.
PARTS = {
    "branch": {"list_deployments", "list_reports", "list_activity", "list_approvals"},
    "deployment": {"get_changes", "get_log"},
    "definitions": {"get_definitions", "get_changes"},
    "running": {"get_environment", "get_cost"},
    "system": {"list_reconciliations", "list_orphans", "get_outbox"},
    "overview": {"list_queue", "list_workers", "get_system"},
    "repository": {"list_members", "list_secrets", "get_settings"},
    "subscription": {"get_subscription", "list_notices"},
    "shares": {"list_shares"},
}


def test_every_address_of_a_page_has_an_operation_or_a_reason() -> None:
    """Also those that ask for no role: a new one is thought of here."""
    pages = {route.name for route in _routes(get_resolver().url_patterns)}
    assert pages == SAME.keys() | REASONS.keys()
    assert not SAME.keys() & REASONS.keys()


def test_what_changes_something_is_no_reading_operation() -> None:
    """An address that takes POST alone is the same as something that changes rows."""
    reading = {
        operation["operationId"]
        for path in api.get_openapi_schema()["paths"].values()
        for method, operation in path.items()
        if method == "get"
    }
    for route in _routes(get_resolver().url_patterns):
        if route.name in SAME and _takes_post_alone(route.view):
            assert SAME[route.name] not in reading or route.name == "check", route.name


def _takes_post_alone(view: Any) -> bool:
    return "GET" not in _methods(view)


def _methods(view: Any) -> set[str]:
    """What `require_POST` and its like let through."""
    while view is not None:
        names, cells = view.__code__.co_freevars, view.__closure__ or ()
        known = dict(zip(names, cells, strict=True))
        if "request_method_list" in known:
            return set(known["request_method_list"].cell_contents)
        view = getattr(view, "__wrapped__", None)
    return {"GET", "POST"}


def test_the_operations_that_are_named_exist() -> None:
    described = api.get_openapi_schema()["paths"].values()
    known = {operation["operationId"] for path in described for operation in path.values()}
    assert set(SAME.values()).union(*PARTS.values()) <= known
    assert PARTS.keys() <= SAME.keys()
