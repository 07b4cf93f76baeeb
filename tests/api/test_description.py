"""The API is what its description says: cases made from the description itself."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from dashboard.access import Role
from dashboard.api import repeating
from dashboard.api.operations import api
from dashboard.api.settings import Change
from dashboard.api.subscriptions import NewSubscription
from deployments import running
from deployments.adapters import logs
from deployments.config import config
from deployments.models import ApiToken
from tests.dashboard.rows import a_branch, a_delivery, a_live_branch, some_lines

from .conftest import Caller

application = get_wsgi_application()


def uncompressed(environ: dict[str, Any], start_response: Any) -> Any:
    """Schemathesis takes compressed answers for broken ones."""
    return application(environ | {"HTTP_ACCEPT_ENCODING": "identity"}, start_response)


# A stream has no end that one could wait for here: tests/api/test_progress.py reads it.
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", uncompressed).exclude(
    path_regex="/log/stream$"
)


@pytest.fixture(autouse=True)
def _without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks as often as this."""
    for limit in ("api_requests_per_minute", "refusals_per_minute"):
        monkeypatch.setattr(config(), limit, 0)


@pytest.fixture(autouse=True)
def _quiet_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs there, and one task has printed nothing."""
    monkeypatch.setattr(running, "look", lambda deployment: [])
    monkeypatch.setattr(logs, "read", lambda *_, **__: logs.Part([], "t"))
    monkeypatch.setattr(logs, "streams", lambda *_: [])


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """A request's end must not close the connection that the test's transaction is in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(deployer: Caller, _one_connection: None) -> str:
    branch = a_live_branch()
    some_lines(branch.deployment, 1, 3)  # type: ignore[arg-type]
    a_branch("without-a-commit", wanted_commit="")
    a_delivery("72d3162e-cc78-11e3-81ab-4c9367dc0958")
    return deployer.token


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    # Some random cases that Schemathesis takes for wrong are right, such as ?after=2.
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_every_operation_keeps_to_its_description(case: Any, token: str) -> None:
    _ask(case, {"Authorization": f"Bearer {token}"})


#: A schema cannot say what fits together, nor what there is: an operation may refuse what it
#: describes with these statuses and, of a 422, for these places alone.
_SETTINGS = {"body", *(f"body.{name}" for name in Change.model_fields)}
_SUBSCRIPTION = {f"body.{name}" for name in NewSubscription.model_fields}
_MAY_BE_REFUSED: dict[str, dict[int, set[str]]] = {
    "POST /repositories": {422: _SETTINGS},
    "PATCH /repositories/{repository_id}": {422: _SETTINGS},
    # A value and a reference, or neither.
    "PUT /repositories/{repository_id}/secrets": {
        409: set(),
        422: {"body", "body.name", "body.pattern", "body.value", "body.reference"},
    },
    # Repositories that there are not, a name that is taken, days that are none.
    "POST /tokens": {409: set(), 422: {"body.name"}},
    "POST /people": {422: {"body.username"}},
    "POST /subscriptions": {422: _SUBSCRIPTION},
    "PATCH /subscriptions/{subscription_id}": {422: _SUBSCRIPTION},
    # A place in a list or an output is what an answer before named.
    "GET /branches": {422: {"query.after", "query.mine", "query.favourite"}},
    "GET /branches/{branch_id}/output": {422: {"query.cursor"}},
}


def _is_allowed(operation: str, response: Any) -> bool:
    """Whether it says no for a reason that its schema cannot have told."""
    allowed = _MAY_BE_REFUSED.get(operation, {})
    if response.status_code not in allowed:
        return False
    told = json.loads(response.content)["errors"]
    return {each["where"] for each in told} <= allowed[response.status_code]


def _ask(case: Any, headers: dict[str, str]) -> Any:
    key = (case.headers or {}).get(repeating.HEADER, "")
    if re.fullmatch(repeating.PATTERN, key):
        # Each wish is one of its own; keys that come again have tests of their own.
        case.headers[repeating.HEADER] = str(uuid.uuid4())
    operation = f"{case.method.upper()} {case.path.removeprefix('/api/v1')}"
    response = case.call(headers=headers)
    left_out = [positive_data_acceptance] if _is_allowed(operation, response) else []
    case.validate_response(
        response,
        headers=headers,
        excluded_checks=left_out,
        transport_kwargs={"headers": dict(headers)},
    )
    return response


def _role_of(case: Any) -> Role:
    """What the operation itself says that it needs; tests/access holds that to the roles."""
    path = case.path.removeprefix("/api/v1")
    for _, router in api._routers:
        for operation in router.path_operations[path].operations:
            if case.method.upper() in operation.methods:
                return operation.auth_callbacks[0].role  # type: ignore[attr-defined, no-any-return]
    raise AssertionError(path)


class Asker(NamedTuple):
    role: str

    def headers(self) -> dict[str, str]:
        """With a new token: the call before may have revoked the last one."""
        if not self.role:
            return {}
        return {"Authorization": f"Bearer {ApiToken.issue(str(uuid.uuid4()), self.role)}"}


@pytest.fixture(params=["", "viewer", "admin"])
def asker(request: pytest.FixtureRequest, token: str) -> Asker:
    """Without a role, without a token."""
    return Asker(request.param)


@schema.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_every_operation_keeps_to_it_for_every_role(case: Any, asker: Asker) -> None:
    """And lets nobody do more than the role may, whatever else is right or wrong in the call."""
    headers = asker.headers()
    response = _ask(case, headers)
    if response.status_code == 405:
        return  # a method that it does not have, which is tried as well
    if response.request.headers.get("Authorization") != headers.get("Authorization"):
        return  # so is another token, or none
    if not asker.role:
        assert response.status_code == 401
    elif asker.role == "viewer" and _role_of(case) > Role.VIEWER:
        assert response.status_code == 403
    else:
        assert response.status_code not in {401, 403}


def test_the_description_is_open_and_names_every_operation() -> None:
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in schema.raw_schema["paths"].items()
        for method in methods
    }
    assert described == {
        "GET /branches",
        "GET /branches/{branch_id}",
        "DELETE /branches/{branch_id}",
        "GET /branches/{branch_id}/deployments",
        "POST /branches/{branch_id}/deployments",
        "GET /branches/{branch_id}/approvals",
        "POST /branches/{branch_id}/approvals",
        "POST /branches/{branch_id}/rejections",
        "GET /branches/{branch_id}/reports",
        "POST /branches/{branch_id}/reports",
        "PUT /branches/{branch_id}/pin",
        "DELETE /branches/{branch_id}/pin",
        "POST /branches/{branch_id}/extension",
        "GET /build-plan",
        "POST /deployments",
        "GET /deployments/{deployment_id}",
        "POST /deployments/{deployment_id}/rollback",
        "DELETE /deployments/{deployment_id}",
        "GET /deployments/{deployment_id}/definitions",
        "GET /deployments/{deployment_id}/log",
        "GET /deployments/{deployment_id}/log/stream",
        "GET /deployments/{deployment_id}/progress",
        "GET /reconciliations",
        "POST /reconciliations",
        "GET /repositories",
        "GET /deliveries",
        "GET /deliveries/{guid}",
        "POST /deliveries/{guid}/replay",
        "POST /repositories",
        "GET /repositories/{repository_id}",
        "PATCH /repositories/{repository_id}",
        "DELETE /repositories/{repository_id}",
        "GET /repositories/{repository_id}/settings",
        "POST /repositories/{repository_id}/webhook-secret",
        "GET /repositories/{repository_id}/checks/{subject}",
        "GET /repositories/{repository_id}/members",
        "PUT /repositories/{repository_id}/members",
        "GET /repositories/{repository_id}/secrets",
        "PUT /repositories/{repository_id}/secrets",
        "DELETE /secrets/{secret_id}",
        "POST /repositories/{repository_id}/bypass",
        "DELETE /repositories/{repository_id}/bypass",
        "GET /branches/{branch_id}/shares",
        "POST /branches/{branch_id}/shares",
        "DELETE /shares/{share_id}",
        "GET /people",
        "POST /people",
        "PATCH /people/{person_id}",
        "GET /tokens",
        "POST /tokens",
        "DELETE /tokens/{token_id}",
        "GET /audit",
        "GET /system",
        "GET /activity",
        "GET /branches/{branch_id}/running",
        "GET /branches/{branch_id}/outputs",
        "GET /branches/{branch_id}/output",
        "GET /deployments/{deployment_id}/changes",
        "GET /deployments/{deployment_id}/cost",
        "GET /deployments/{deployment_id}/environment",
        "GET /deployments/{deployment_id}/log/search",
        "GET /deployments/{deployment_id}/screenshot",
        "GET /orphans",
        "GET /outbox",
        "GET /overview",
        "GET /queue",
        "GET /workers",
        "GET /subscriptions",
        "POST /subscriptions",
        "GET /subscriptions/{subscription_id}",
        "PATCH /subscriptions/{subscription_id}",
        "DELETE /subscriptions/{subscription_id}",
        "POST /subscriptions/{subscription_id}/secret",
        "POST /subscriptions/{subscription_id}/tests",
        "GET /subscriptions/{subscription_id}/notices",
        "POST /notices/{notice_id}/repetition",
    }
