"""What the pages can do, the API can do: each address that changes something, beside its
operation or with the reason why there is none."""

from django.urls import get_resolver

from dashboard.api.operations import api
from tests.access.test_every_route import _routes

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
}
_OF_A_PERSON = "is a person's own, and a token is nobody's"
_OF_A_BROWSER = "is for a browser alone"
_NOT_YET = "is not offered yet"
REASONS = (
    dict.fromkeys(("favourite", "unfavourite", "preferences", "save_preferences"), _OF_A_PERSON)
    | dict.fromkeys(("terminal", "decide_terminal", "end_terminal"), _OF_A_PERSON)
    | dict.fromkeys(
        (
            "activity",
            "banner",
            "branches_stream",
            "branch_stream",
            "deliveries_stream",
            "enter_preview",
            "github",
            "github_begin",
            "github_forget",
            "github_made",
            "github_seen",
            "palette",
            "qr",
        ),
        _OF_A_BROWSER,
    )
    | dict.fromkeys(
        (
            "add_subscription",
            "edit_subscription",
            "log_search",
            "overview",
            "remove_subscription",
            "rotate_subscription",
            "subscription",
            "subscriptions",
            "tell_subscription_again",
            "test_subscription",
            "running",
            "runtime_log",
            "runtime_stream",
            "runtime_text",
            "screenshot",
        ),
        _NOT_YET,
    )
)


def test_what_needs_a_role_on_a_page_is_an_operation_or_has_a_reason() -> None:
    pages = {route.name for route in _routes(get_resolver().url_patterns) if route.role}
    assert pages == SAME.keys() | REASONS.keys()
    assert not SAME.keys() & REASONS.keys()


def test_the_operations_that_are_named_exist() -> None:
    described = api.get_openapi_schema()["paths"].values()
    known = {operation["operationId"] for path in described for operation in path.values()}
    assert set(SAME.values()) <= known
