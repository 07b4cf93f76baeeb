"""IAM roles that tasks run with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

#: Who has to be able to assume the role of a task:
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
TASKS = "ecs-tasks.amazonaws.com"


@dataclass(frozen=True)
class Role:
    arn: str
    #: Whether ECS may give it to tasks.
    trusts_tasks: bool


def find_role(name_or_arn: str) -> Role | None:
    """The role of this name in the workers' own account; None where there is none.

    An ARN ends with the name. Only roles of one's own account can be passed to a service.
    """
    with told_as(f"look at the role {name_or_arn}"):
        try:
            role = _iam().get_role(RoleName=name_or_arn.rpartition("/")[2])["Role"]
        except ClientError as problem:
            if code_of(problem) == "NoSuchEntity":
                return None
            raise
    # botocore has turned the policy from its text into a dict already.
    policy: Any = role.get("AssumeRolePolicyDocument", {})
    return Role(role["Arn"], trusts_tasks(policy))


def trusts_tasks(policy: Mapping[str, Any]) -> bool:
    """Whether a trust policy lets tasks assume its role, as far as it can be told. Pure.

    Conditions are taken to hold: they depend on the task.
    """
    statements = _as_list(policy.get("Statement", ()))
    return any(
        each.get("Effect") == "Allow" and _means_tasks(each) and _is_assuming(each)
        for each in statements
    )


def _means_tasks(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    if principal == "*":
        return True
    return TASKS in _as_list(principal.get("Service", ()))


def _is_assuming(statement: Mapping[str, Any]) -> bool:
    actions = {str(action).lower() for action in _as_list(statement.get("Action", ()))}
    return bool(actions & {"sts:assumerole", "sts:*", "*"})


def _as_list(value: Any) -> Iterable[Any]:
    """IAM writes a list of one without its brackets, if it likes."""
    return [value] if isinstance(value, str | Mapping) else value


def _iam() -> "IAMClient":
    iam: IAMClient = client("iam")
    return iam
