import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.waiting import looks
from deployments.models import Branch, Repository
from deployments.states import BranchState, DeploymentState
from tests.dashboard.rows import (
    COMMIT,
    a_branch,
    a_delivery,
    a_deployment,
    a_live_branch,
    a_repository,
    some_lines,
)

from .conftest import Caller

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def test_a_branch_is_told_with_its_newest_attempt_and_what_is_live(viewer: Caller) -> None:
    branch = a_live_branch("feature/x", title="A cart", pull_request=7)
    live = branch.live
    failed = a_deployment(branch, DeploymentState.FAILED, error="It broke.", hint="Mend it.")
    Branch.objects.update(state=BranchState.FAILED, wanted_commit="b" * 40)
    told = viewer("GET", f"/branches/{branch.pk}").json()
    expected = {
        "id": branch.pk,
        "repository": "acme/shop",
        "name": "feature/x",
        "slug": branch.slug,
        "state": "failed",
        "url": branch.url,
        "commit": "b" * 40,
        "title": "A cart",
        "pull_request": 7,
    }
    assert expected.items() <= told.items()
    newest = {"id": failed.pk, "state": "failed", "commit": COMMIT, "error": "It broke."}
    assert (newest | {"hint": "Mend it.", "branch": branch.pk}).items() <= told[
        "deployment"
    ].items()
    assert live is not None
    assert (told["live"]["id"], told["live"]["state"]) == (live.pk, "live")


def test_a_branch_without_a_deployment_says_null(viewer: Caller) -> None:
    told = viewer("GET", f"/branches/{a_branch().pk}").json()
    assert (told["deployment"], told["live"]) == (None, None)


def test_branches_are_a_plain_list_of_the_same_objects(viewer: Caller) -> None:
    branch = a_live_branch()
    assert viewer("GET", "/branches").json() == [viewer("GET", f"/branches/{branch.pk}").json()]


def test_branches_are_found_by_repository_and_by_states(viewer: Caller) -> None:
    a_live_branch("one")
    a_branch("two", state=BranchState.FAILED)
    a_branch("three", repository=a_repository("acme/other"))

    def names(query: str) -> list[str]:
        return [branch["name"] for branch in viewer("GET", f"/branches?{query}").json()]

    assert names("repository=acme/shop") == ["one", "two"]
    assert names("repository=ACME/Shop&state=live") == ["one"]
    assert names("state=failed&state=pending") == ["two", "three"]
    assert names("repository=acme/unknown") == []


def test_a_list_costs_the_same_few_queries_however_long_it_is(viewer: Caller) -> None:
    a_live_branch("first")
    viewer("GET", "/branches")  # notes the token's use
    with CaptureQueriesContext(connection) as few:
        viewer("GET", "/branches")
    for number in range(20):
        a_live_branch(f"branch-{number}")
    with CaptureQueriesContext(connection) as many:
        viewer("GET", "/branches")
    # Two of them are for what the token may see.
    assert len(many) == len(few) <= 8


@pytest.mark.parametrize("path", ["/branches", "/deliveries", "/repositories"])
def test_pages_follow_each_other_by_the_link_header(deployer: Caller, path: str) -> None:
    for number in range(5):
        a_branch(f"b{number}", repository=a_repository(f"acme/r{number}"))
        a_delivery(f"guid-{number}")
    key = {"/branches": "name", "/deliveries": "guid", "/repositories": "full_name"}[path]
    whole = [row[key] for row in deployer("GET", path).json()]
    found: list[str] = []
    address: str | None = f"{path}?limit=2"
    pages = 0
    while address:
        response = deployer("GET", address)
        found += [row[key] for row in response.json()]
        link = re.fullmatch(r'<http://testserver/api/v1(.+)>; rel="next"', response.get("Link", ""))
        address, pages = link and link[1], pages + 1
    assert (pages, len(found)) == (3, 5)
    assert found == whole
    assert found == sorted(found, reverse=path == "/deliveries")


def test_the_next_page_asks_for_the_same_things(viewer: Caller) -> None:
    for number in range(3):
        a_live_branch(f"b{number}")
    link = viewer("GET", "/branches?repository=acme/shop&state=live&limit=1")["Link"]
    assert "repository=acme%2Fshop" in link
    assert "state=live" in link
    assert "limit=1" in link


def test_a_branchs_deployments_come_newest_first(viewer: Caller) -> None:
    branch, other = a_live_branch(), a_live_branch("other")
    newest = a_deployment(branch)
    told = viewer("GET", f"/branches/{branch.pk}/deployments").json()
    assert [each["id"] for each in told] == [newest.pk, newest.pk - 2]
    assert other.deployment_id not in [each["id"] for each in told]
    assert viewer("GET", f"/deployments/{newest.pk}").json() == told[0]


def test_a_log_is_plain_text_unless_json_is_asked_for(viewer: Caller) -> None:
    deployment = a_deployment(a_branch())
    some_lines(deployment, 1, 2, "\x1b[31mred\x1b[0m {}")
    some_lines(deployment, 3, 2)
    path = f"/deployments/{deployment.pk}/log"
    for accept in ({}, {"Accept": "*/*"}, {"Accept": "text/plain"}, {"Accept": "text/html"}):
        answer = viewer("GET", path, headers=accept)
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.content.decode() == "red 1\nred 2\nline 3\nline 4\n"
    lines = viewer("GET", path, headers={"Accept": "application/json"}).json()
    assert lines[0] == {"number": 1, "at": 0, "step": 1, "text": "\x1b[31mred\x1b[0m 1"}
    assert [line["number"] for line in lines] == [1, 2, 3, 4]


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 9, 10, 2**31 - 1])
def test_a_log_goes_on_after_any_line(viewer: Caller, after: int) -> None:
    deployment = a_deployment(a_branch())
    for first, count in ((1, 3), (4, 1), (5, 5)):
        some_lines(deployment, first, count)
    text = viewer("GET", f"/deployments/{deployment.pk}/log?after={after}").content.decode()
    assert text.splitlines() == [f"line {number}" for number in range(after + 1, 10)]


def test_deliveries_tell_their_decision_and_one_alone_its_payload_too(deployer: Caller) -> None:
    branch = a_branch()
    a_delivery(GUID, repository=branch.repository, branch=branch, decision="deploying it")
    (told,) = deployer("GET", "/deliveries").json()
    assert {
        "guid": GUID,
        "decision": "deploying it",
        "repository": "acme/shop",
    }.items() <= told.items()
    assert "payload" not in told
    alone = deployer("GET", f"/deliveries/{GUID.upper()}").json()
    assert alone == told | {"payload": {"ref": "refs/heads/feature-x"}}


def test_no_answer_holds_a_secret(viewer: Caller) -> None:
    Repository.objects.create(
        full_name="acme/shop", clone_url="https://x/y", webhook_secret="do not tell"
    )
    answer = viewer("GET", "/repositories")
    assert answer.json()[0]["full_name"] == "acme/shop"
    assert b"do not tell" not in answer.content


def test_a_deployment_that_waits_tells_its_place_and_what_for(viewer: Caller) -> None:
    a_deployment(a_branch("zero"), DeploymentState.BUILDING)
    waiting = [a_deployment(a_branch(name)) for name in ("one", "two")]
    Repository.objects.update(max_builds=1)
    told = viewer("GET", f"/deployments/{waiting[1].pk}").json()
    assert told["queue_position"] == 2
    assert told["waiting_for"] == "acme/shop has 1 of 1 builds running."
    places = [
        branch["deployment"]["queue_position"] for branch in viewer("GET", "/branches").json()
    ]
    assert places == [None, 1, 2]


def test_a_deployment_that_has_begun_waits_for_nothing(viewer: Caller) -> None:
    begun = a_deployment(a_branch(), DeploymentState.BUILDING)
    told = viewer("GET", f"/deployments/{begun.pk}").json()
    assert (told["queue_position"], told["waiting_for"]) == (None, "")


def test_many_that_wait_cost_no_more_reads_than_one(viewer: Caller) -> None:
    def reads() -> int:
        looks.forget()
        with CaptureQueriesContext(connection) as queries:
            viewer("GET", "/branches")
        return len(queries)

    a_deployment(a_branch("one"))
    few = reads()
    for number in range(20):
        a_deployment(a_branch(f"more{number}"))
    assert reads() <= few


@pytest.mark.parametrize(
    ("cause", "fault"), [("missing_secret", "application"), ("inside", "edaha"), ("", "")]
)
def test_a_failure_tells_its_cause_and_who_can_mend_it(
    viewer: Caller, cause: str, fault: str
) -> None:
    failed = a_deployment(a_branch(), DeploymentState.FAILED, cause=cause, error_line=12)
    told = viewer("GET", f"/deployments/{failed.pk}").json()
    assert (told["cause"], told["fault"], told["error_line"]) == (cause, fault, 12)


def test_a_failure_names_the_dockerfiles_line(viewer: Caller) -> None:
    error = "The image could not be built (docker/Dockerfile:12): exit code: 1"
    failed = a_deployment(a_branch(), DeploymentState.FAILED, error=error, cause="dockerfile")
    told = viewer("GET", f"/deployments/{failed.pk}").json()
    assert told["annotations"] == [{"path": "docker/Dockerfile", "line": 12, "message": error}]


def test_what_did_not_fail_has_no_annotations(viewer: Caller) -> None:
    deployment = a_deployment(a_branch(), error="The image could not be built (Dockerfile:12): x")
    assert viewer("GET", f"/deployments/{deployment.pk}").json()["annotations"] == []
