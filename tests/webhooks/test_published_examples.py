"""Everything that GitHub publishes as an example of a webhook, and what the examples lack."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deployments import deliveries
from deployments.models import Branch, Delivery, Repository
from tests.adapters.origin import Origin
from tests.github import published

from .conftest import Webhook, signed

Payload = dict[str, Any]
#: By name, so that the tests can be collected before the packages are installed.
EVENTS = """
branch_protection_rule check_run check_suite code_scanning_alert commit_comment create delete
dependabot_alert deploy_key deployment deployment_review deployment_status discussion
discussion_comment fork github_app_authorization gollum installation installation_repositories
issue_comment issues label marketplace_purchase member membership merge_group meta milestone
organization org_block package page_build ping project project_card project_column
projects_v2_item public pull_request pull_request_review pull_request_review_comment
pull_request_review_thread push release repository_dispatch repository repository_import
repository_vulnerability_alert security_advisory sponsorship star status team team_add watch
workflow_dispatch workflow_job workflow_run
""".split()


@pytest.fixture
def home(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "home")
    origin.commit()
    return origin


def test_every_event_has_its_test() -> None:
    assert sorted(published.webhook_examples()) == sorted(EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_every_example_is_decided_about(webhook: Webhook, home: Origin, event: str) -> None:
    rows = _decided(webhook, home, event, published.webhook_examples()[event])
    for row in rows:
        assert row.state == Delivery.State.DECIDED, row.decision
        assert row.decision


def _decided(webhook: Webhook, home: Origin, event: str, payloads: list[Payload]) -> list[Delivery]:
    """Each goes in at the front door, and is decided about as a worker does it."""
    for name in {_repository(payload) for payload in payloads} - {""}:
        Repository.objects.get_or_create(
            full_name=name,
            defaults={"clone_url": str(home.path), "policy": Repository.Policy.ALL},
        )
    answers = webhook.post_together([signed(payload, event=event) for payload in payloads])
    assert [answer.status for answer in answers] == [202] * len(payloads)
    assert deliveries.decide_pending(1000) == len(payloads)
    return list(Delivery.objects.order_by("id"))


def _repository(payload: Payload) -> str:
    return str((payload.get("repository") or {}).get("full_name") or "")


def _example(event: str, action: str = "") -> Payload:
    found = published.webhook_examples()[event]
    return copy.deepcopy(next(each for each in found if each.get("action", "") == action))


def _checked(event: str, payload: Payload) -> Payload:
    """As it is, once GitHub's schema has nothing against it that it has not against examples.

    The older ones among those lack fields that the schema came to require.
    """
    examples = published.webhook_examples()[event]
    known: set[str] = set().union(*(_faults(event, each) for each in examples))
    assert _faults(event, payload) <= known
    return payload


def _faults(event: str, payload: Payload) -> set[str]:
    schemas = published.webhook_schemas()
    key = f"{event}${payload['action']}" if "action" in payload else f"{event}$event"
    schema = {"$ref": f"#/definitions/{key}", "definitions": schemas["definitions"]}
    found = jsonschema.Draft7Validator(schema).iter_errors(payload)
    return {leaf for fault in found for leaf in _leaves(fault)}


def _leaves(fault: jsonschema.ValidationError) -> Iterator[str]:
    """What is wrong and where, without the payload's own text where that is long."""
    for each in fault.context or ():
        yield from _leaves(each)
    if not fault.context:
        says = fault.message if len(fault.message) < 100 else fault.validator
        yield f"{list(fault.absolute_path)}: {says}"


def _fork() -> Payload:
    payload = _example("pull_request", "opened")
    head = payload["pull_request"]["head"]
    head["repo"] |= {"id": 1, "full_name": "stranger/Hello-World", "fork": True}
    return payload


def _null_head() -> Payload:
    payload = _example("pull_request", "synchronize")
    payload["pull_request"]["head"]["repo"] = None
    return payload


def _forced() -> Payload:
    payload = _example("push")
    payload |= {"ref": "refs/heads/feature", "forced": True, "deleted": False}
    return payload | {"before": "a" * 40, "after": "b" * 40}


def _branch_gone() -> Payload:
    payload = _example("push")
    payload |= {"ref": "refs/heads/feature", "deleted": True, "head_commit": None, "commits": []}
    return payload | {"after": "0" * 40}


def _long_title() -> Payload:
    payload = _example("pull_request", "labeled")
    payload["pull_request"]["title"] = "\N{WAVE DASH}" * 10_000
    return payload


def _ghost() -> Payload:
    """Of an account that was deleted: GitHub shows its pull requests as those of nobody."""
    payload = _example("pull_request", "opened")
    payload["pull_request"]["user"] = None
    payload["sender"] = None
    return payload


@pytest.mark.parametrize(
    ("event", "make"),
    [
        ("pull_request", _fork),
        ("pull_request", _null_head),
        ("push", _forced),
        ("push", _branch_gone),
        ("pull_request", _long_title),
    ],
)
def test_what_the_examples_lack_is_decided_about(
    webhook: Webhook, home: Origin, event: str, make: Any
) -> None:
    [row] = _decided(webhook, home, event, [_checked(event, make())])
    assert row.state == Delivery.State.DECIDED, row.decision


def test_what_nobody_has_sent_is_decided_about_although_no_schema_allows_it(
    webhook: Webhook, home: Origin
) -> None:
    assert "['sender']: None is not of type 'object'" in _faults("pull_request", _ghost())
    [row] = _decided(webhook, home, "pull_request", [_ghost()])
    assert row.state == Delivery.State.DECIDED, row.decision


@pytest.mark.parametrize("make", [_fork, _null_head])
def test_a_strangers_pull_request_is_a_branch_of_its_own(
    webhook: Webhook, home: Origin, make: Any
) -> None:
    payload = make()
    _decided(webhook, home, "pull_request", [payload])
    names = set(Branch.objects.values_list("name", flat=True))
    assert payload["pull_request"]["head"]["ref"] not in names


def test_a_deleted_branch_is_not_built(webhook: Webhook, home: Origin) -> None:
    [row] = _decided(webhook, home, "push", [_branch_gone()])
    assert row.branch is None or not row.branch.deployments.exists()
