"""Whoever builds images elsewhere may push them, and the dashboard may look for them: no more."""

import json
from typing import Any

import pytest

from tests.infra.reach import calls_from
from tests.infra.test_templates import INFRA, load, of_type
from tests.infra.test_worker_policy import as_list

#: To which a policy knows no resource.
_LOG_IN = "ecr:GetAuthorizationToken"
_PUSH = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
}
#: buildx looks what is there already, and reads caches.
_PULL = {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}


def statements(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((INFRA / name).read_text())["Statement"]
    return found


def test_a_workflow_may_push_to_one_repository() -> None:
    login, images = statements("actions-policy.json")
    assert (login["Action"], login["Resource"]) == (_LOG_IN, "*")
    assert set(images["Action"]) == _PUSH | _PULL
    assert images["Resource"].endswith(":repository/${ImageRepository}")


def test_only_workflows_of_one_repository_take_the_role() -> None:
    [trust] = statements("actions-trust.json")
    issuer = "token.actions.githubusercontent.com"
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"]["StringEquals"] == {f"{issuer}:aud": "sts.amazonaws.com"}
    # Behind the name comes a colon: no other repository's name begins so.
    assert trust["Condition"]["StringLike"] == {f"{issuer}:sub": "repo:${GitHubRepository}:*"}


@pytest.mark.parametrize("entry", ["build_plan", "hand_over"])
def test_the_dashboard_may_make_the_calls_of_a_hand_over(entry: str) -> None:
    reached = {
        call for call in calls_from(("deployments.handing", entry)) if call.startswith("ecr:")
    }
    role = of_type(load("cloudformation.yaml"), "AWS::IAM::Role")["DashboardRole"]
    given = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
    granted = {action for each in given for action in as_list(each["Action"])}
    assert reached
    assert reached <= granted
    assert not granted & (_PUSH | {"ecr:BatchDeleteImage", _LOG_IN})
