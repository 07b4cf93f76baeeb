import re
import threading
import time
from typing import Any

import pytest
from django.core.signing import TimestampSigner
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from deployments import visits
from deployments.config import config
from deployments.models import Branch, BuildStep, Deployment
from deployments.states import BranchState, DeploymentState

from .rows import a_branch, a_deployment, a_live_branch, a_service

pytestmark = pytest.mark.django_db

PROBE = TimestampSigner(salt="edaha.probe")


def gate(client: Client, host: str, probe: str = "") -> Any:
    headers = {"X-Edaha-Host": host} | ({"X-Edaha-Probe": probe} if probe else {})
    return client.get("/router/gate", headers=headers)


def status(client: Client, slug: str, **headers: str) -> Any:
    return client.get("/router/status", headers={"X-Edaha-Host": f"{slug}.localhost", **headers})


def visited(branch: Branch) -> bool:
    branch.refresh_from_db()
    return branch.visited_at is not None


def upstream(deployment: Deployment) -> str:
    return f"{deployment.service_name(config().installation)}.edaha.internal:3000"


def test_the_gate_names_the_live_deployments_tasks(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    branch = a_live_branch(visited_at=timezone.now())
    with django_assert_num_queries(1):
        answer = gate(client, "feature-x.localhost")
    assert answer.status_code == 204
    assert branch.live is not None
    assert answer["X-Edaha-Upstream"] == upstream(branch.live)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "other.localhost",
        "feature-x.example.com",
        "a.feature-x.localhost",
        "feature-x.localhost.example.com",
        "-feature-x.localhost",
        "feature-x\x00.localhost",
    ],
)
def test_the_gate_is_shut_for(client: Client, host: str) -> None:
    a_live_branch()
    assert gate(client, host).status_code == 403


def test_the_gate_is_shut_until_something_is_live(client: Client) -> None:
    a_deployment(a_branch(), DeploymentState.VERIFYING)
    assert gate(client, "feature-x.localhost").status_code == 403


def test_a_probe_reaches_a_deployment_before_it_is_live(client: Client) -> None:
    branch = a_live_branch()
    new = a_deployment(branch, DeploymentState.VERIFYING)
    answer = gate(client, "feature-x.localhost", PROBE.sign(str(new.pk)))
    assert answer["X-Edaha-Upstream"] == upstream(new)


def test_a_probe_opens_no_other_branch(client: Client) -> None:
    a_live_branch("feature-y")
    new = a_deployment(a_branch("feature-x"), DeploymentState.VERIFYING)
    assert gate(client, "feature-y.localhost", PROBE.sign(str(new.pk))).status_code == 403


@pytest.mark.parametrize("token", ["1", "1:abc:def", "x" * 5000])
def test_a_forged_probe_is_refused_even_where_something_is_live(client: Client, token: str) -> None:
    a_live_branch()
    assert gate(client, "feature-x.localhost", token).status_code == 403


def test_an_old_probe_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    branch = a_live_branch()
    token = PROBE.sign(str(branch.live_id))
    monkeypatch.setattr("dashboard.previews._PROBE_SECONDS", -1)
    assert gate(client, "feature-x.localhost", token).status_code == 403


@pytest.mark.parametrize(
    ("state", "code"),
    [(state, 503) for state in BranchState if state != BranchState.DESTROYED]
    + [(BranchState.DESTROYED, 410)],
)
def test_the_status_page_tells_the_state(client: Client, state: BranchState, code: int) -> None:
    a_branch(state=state, title="Coupons")
    answer = status(client, "feature-x")
    assert answer.status_code == code
    assert answer["X-Edaha-Status"] == state
    assert ("Retry-After" in answer) == (code == 503)
    assert "Coupons" in answer.content.decode()


def test_a_name_nobody_knows_is_not_found(client: Client) -> None:
    answer = status(client, "nobody")
    assert (answer.status_code, answer["X-Edaha-Status"]) == (404, "unknown")


def test_a_build_shows_its_step_and_how_long_it_may_take(client: Client) -> None:
    branch = a_live_branch()
    building = a_deployment(branch, DeploymentState.BUILDING, started_at=timezone.now())
    branch.state = BranchState.BUILDING
    branch.save()
    BuildStep.objects.create(
        deployment=building, number=3, name="RUN npm ci", started_at=timezone.now()
    )
    page = status(client, "feature-x").content.decode()
    assert "RUN npm ci" in page
    assert "The last one took" in page
    assert f"/branches/{branch.pk}" in page


def test_a_failure_says_what_failed_and_where_to_look(client: Client) -> None:
    branch = a_branch(state=BranchState.FAILED)
    a_deployment(branch, DeploymentState.FAILED, error="<b>No Dockerfile.", hint="Add one.")
    page = status(client, "feature-x").content.decode()
    assert "&lt;b&gt;No Dockerfile." in page
    assert "Add one." in page


def test_the_page_brings_all_it_needs_and_its_policy_allows_that_alone(client: Client) -> None:
    a_branch(state=BranchState.BUILDING)
    answer: HttpResponse = status(client, "feature-x")
    page = answer.content.decode()
    assert not re.search(r'(src|href)="(?!data:|http://localhost:8000/branches/)', page)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert len(page) < 6000


def test_a_probe_by_head_costs_no_body(client: Client) -> None:
    a_branch(state=BranchState.BUILDING)
    answer = client.head("/router/status", headers={"X-Edaha-Host": "feature-x.localhost:8080"})
    assert (answer.status_code, answer.content) == (503, b"")


def test_the_page_speaks_japanese(client: Client) -> None:
    a_branch(state=BranchState.BUILDING)
    answer = status(client, "feature-x", **{"Accept-Language": "ja"})
    assert "ビルドしています" in answer.content.decode()


def test_each_service_has_an_address_of_its_own(client: Client) -> None:
    branch = a_live_branch()
    assert branch.live is not None
    api = a_service(branch.live, "api", port=9000)
    answer = gate(client, "api--feature-x.localhost")
    assert answer["X-Edaha-Upstream"] == f"{api.release_name}.edaha.internal:9000"
    assert gate(client, "feature-x.localhost")["X-Edaha-Upstream"] == upstream(branch.live)
    assert gate(client, "web--feature-x.localhost").status_code == 403


def test_a_probe_reaches_one_service_of_a_deployment_before_it_is_live(client: Client) -> None:
    new = a_deployment(a_branch(), DeploymentState.VERIFYING)
    api = a_service(new, "api", port=9000)
    answer = gate(client, "api--feature-x.localhost", PROBE.sign(str(new.pk)))
    assert answer["X-Edaha-Upstream"] == f"{api.release_name}.edaha.internal:9000"


def test_a_services_address_has_its_previews_status_page(client: Client) -> None:
    a_branch(title="The new search", state=BranchState.BUILDING)
    answer = status(client, "api--feature-x")
    assert (answer.status_code, answer["X-Edaha-Status"]) == (503, "building")
    assert "The new search" in answer.content.decode()


def test_a_service_that_a_preview_does_not_have_is_told_with_those_that_it_has(
    client: Client,
) -> None:
    branch = a_live_branch()
    assert branch.live is not None
    a_service(branch.live, "api")
    answer = status(client, "nope--feature-x")
    assert (answer.status_code, answer["X-Edaha-Status"]) == (404, "unknown")
    assert "api--feature-x.localhost" in answer.content.decode()
    assert status(client, "api--feature-x").status_code == 503


def test_a_service_that_the_next_version_brings_is_on_its_way(client: Client) -> None:
    branch = a_live_branch()
    new = a_deployment(branch, DeploymentState.VERIFYING)
    a_service(new, "api")
    assert status(client, "api--feature-x").status_code == 503


def test_an_address_that_was_cut_to_fit_has_its_previews_status_page(client: Client) -> None:
    branch = a_branch("long-" * 12 + "x", state=BranchState.BUILDING)
    service = a_service(a_deployment(branch), "administration")
    assert not service.label.endswith(branch.slug)
    assert status(client, service.label)["X-Edaha-Status"] == "building"


def test_a_visit_is_noted_and_keeps_the_preview(client: Client) -> None:
    branch = a_live_branch(expires_seconds=3600)
    gate(client, "feature-x.localhost")
    assert visited(branch)
    assert branch.expires_at is not None
    assert branch.expires_at > timezone.now()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_look_that_shows_nothing_is_no_visit(client: Client, method: str) -> None:
    branch = a_live_branch()
    headers = {"X-Edaha-Host": "feature-x.localhost", "X-Edaha-Method": method}
    assert client.get("/router/gate", headers=headers).status_code == 204
    assert not visited(branch)


def test_neither_probes_nor_status_pages_are_visits(client: Client) -> None:
    branch = a_live_branch()
    gate(client, "feature-x.localhost", PROBE.sign(str(branch.live_id)))
    status(client, "feature-x")
    assert not visited(branch)


def test_the_gate_opens_even_if_the_visit_cannot_be_noted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: object) -> None:
        raise OperationalError("database is locked")

    branch = a_live_branch()
    monkeypatch.setattr(visits, "_write", locked)
    assert gate(client, "feature-x.localhost").status_code == 204
    assert not visited(branch)


@pytest.mark.django_db(transaction=True)
def test_a_locked_database_does_not_hold_the_visitor_up(client: Client) -> None:
    branch = a_live_branch()
    is_locked, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Branch.objects.filter(pk=branch.pk).update(title="held")
            is_locked.set()
            may_end.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_locked.wait(20)
        before = time.monotonic()
        assert gate(client, "feature-x.localhost").status_code == 204
        assert time.monotonic() - before < 3
    finally:
        may_end.set()
        holder.join()
    assert not visited(branch)
    gate(client, "feature-x.localhost")
    assert visited(branch)
