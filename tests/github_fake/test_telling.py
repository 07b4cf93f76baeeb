"""What Edaha asks of GitHub is what GitHub's own description allows, and its answers are heeded."""

from typing import Any

import pytest

from deployments.adapters import github, reporting
from deployments.errors import PlatformError
from deployments.models import Repository
from tests.github.fake import Fake, Fault

COMMIT = "a" * 40


@pytest.fixture(autouse=True)
def _a_pull_request(github_fake: Fake) -> None:
    github_fake.state.add_pull(5)


def test_a_comment_is_made_found_edited_and_deleted(github_fake: Fake, shop: Repository) -> None:
    number = reporting.post_comment(shop, 5, "<!-- edaha --> building")
    reporting.edit_comment(shop, number, "<!-- edaha --> ready")
    reporting.react(shop, number, "rocket")
    reporting.react(shop, number, "rocket")
    [found] = reporting.comments(shop, 5, "<!-- edaha -->")
    assert (found["id"], found["body"]) == (number, "<!-- edaha --> ready")
    assert len(github_fake.state.reactions) == 1
    reporting.delete_comment(shop, number)
    with pytest.raises(github.NotFound):
        reporting.edit_comment(shop, number, "again")


def test_more_comments_than_a_page_are_read(github_fake: Fake, shop: Repository) -> None:
    reporting.post_comment(shop, 5, "marker, the first")
    own = next(iter(github_fake.state.comments.values()))
    for number in range(1, 101):
        github_fake.state.comments[number] = own | {"id": number, "body": "marker"}
    assert len(reporting.comments(shop, 5, "marker")) == 101


def test_a_deployment_goes_only_once_it_is_inactive(github_fake: Fake, shop: Repository) -> None:
    number, other = (
        reporting.make_deployment(shop, COMMIT, task, "preview/x") for task in ("one", "two")
    )
    assert reporting.find_deployment(shop, "one") == number
    reporting.set_deployment(shop, number, {"state": "success", "description": "Ready"})
    with pytest.raises(github.Invalid):
        reporting.delete_deployment(shop, number)
    reporting.set_deployment(shop, number, {"state": "inactive"})
    reporting.delete_deployment(shop, number)
    assert list(github_fake.state.deployments) == [other]


def test_a_check_is_made_and_ended(github_fake: Fake, shop: Repository) -> None:
    check = reporting.make_check(
        shop, {"name": "Edaha", "head_sha": COMMIT, "external_id": "7", "status": "in_progress"}
    )
    assert reporting.find_check(shop, COMMIT, "Edaha", "7") == check
    reporting.edit_check(shop, check, {"status": "completed", "conclusion": "success"})
    assert github_fake.state.checks[check]["conclusion"] == "success"


@pytest.mark.usefixtures("as_person")
def test_a_token_has_statuses_and_no_checks(github_fake: Fake, shop: Repository) -> None:
    reporting.set_status(shop, COMMIT, {"state": "success", "context": "Edaha"})
    assert github_fake.state.commit_statuses[COMMIT][0]["state"] == "success"
    with pytest.raises(PlatformError, match="not accessible by personal access token"):
        reporting.make_check(shop, {"name": "Edaha", "head_sha": COMMIT})


@pytest.mark.parametrize("fault", [Fault(status=502), Fault(is_lost=True)])
def test_what_is_ill_or_lost_is_worth_another_try(
    github_fake: Fake, shop: Repository, fault: Fault
) -> None:
    fault.matching = "comments"
    github_fake.faults.append(fault)
    with pytest.raises(PlatformError) as caught:
        reporting.post_comment(shop, 5, "hello")
    assert caught.value.retry
    assert len(github_fake.state.comments) == int(fault.is_lost)


def test_a_secondary_limit_is_heeded(github_fake: Fake, shop: Repository) -> None:
    fault = Fault(status=403, headers={"Retry-After": "60"}, matching="comments")
    github_fake.faults.append(fault)
    for _ in range(2):
        with pytest.raises(github.Limited):
            reporting.post_comment(shop, 5, "hello")
    assert not github_fake.state.comments
    assert not [each.status for each in github_fake.seen if "comments" in each.path][1:]


def test_an_unchanged_list_costs_nothing(github_fake: Fake, shop: Repository) -> None:
    assert [event.pull_request.number for event in github.open_pull_requests(shop)] == [5]  # type: ignore[union-attr]
    before = dict(github_fake.limits.used)
    github.open_pull_requests(shop)
    assert github_fake.limits.used == before


def test_a_revoked_token_is_renewed(github_fake: Fake, shop: Repository) -> None:
    reporting.post_comment(shop, 5, "one")
    github_fake.state.tokens.clear()
    reporting.post_comment(shop, 5, "two")
    assert len(github_fake.state.comments) == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("POST", "/issues/5/comments", {"text": "x"}, "body text is unknown"),
        ("POST", "/deployments/1/statuses", {"state": "done"}, "is not one of"),
        ("GET", "/pulls?stat=open", None, "query stat is unknown"),
        ("GET", "/no-such-thing", None, "is no operation"),
    ],
)
def test_the_fake_notices_what_github_does_not_take(
    github_fake: Fake, shop: Repository, method: str, path: str, body: Any, fault: str
) -> None:
    with pytest.raises(PlatformError):
        github.request(shop, method, path, body)
    [violation] = github_fake.violations
    assert fault in violation
    github_fake.violations.clear()
