"""What names and tokens may look like, and how much a call may ask for."""

import re
from collections.abc import Sequence
from typing import Any

from .call import Refusal

#: "Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens":
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html#ECS-CreateService-request-serviceName
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html#ECS-RegisterTaskDefinition-request-family
_ECS_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
#: ServiceName in botocore's model of servicediscovery; each label makes a DNS name:
#: https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateService.html
_LABEL = r"(?:[a-zA-Z0-9_][a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])"
_DISCOVERY_NAME = re.compile(rf"(?=.{{1,127}}$){_LABEL}(\.{_LABEL})*")
#: ResourceId in the same model, which CreatorRequestId is.
_CREATOR_REQUEST_ID = re.compile(r".{1,64}")
#: RepositoryName in botocore's model of ecr.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE_REPOSITORY = re.compile(rf"(?=.{{2,256}}$){_PART}(/{_PART})*")


def ecs_name(what: str, name: str) -> None:
    if not _ECS_NAME.fullmatch(name):
        raise Refusal("InvalidParameterException", f"{what} is invalid: {name!r}")


def token(text: str, longest: int) -> None:
    """ASCII 33 to 126; CreateService takes 36 of them and RunTask 64.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html#ECS-CreateService-request-clientToken
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html#ECS-RunTask-request-clientToken
    """
    if len(text) > longest or not all(33 <= ord(each) <= 126 for each in text):
        raise Refusal("InvalidParameterException", f"clientToken is invalid: {text!r}")


def discovery_name(name: str, creator_request_id: str) -> None:
    if not _DISCOVERY_NAME.fullmatch(name):
        raise Refusal("InvalidInput", f"Name is invalid: {name!r}")
    if creator_request_id and not _CREATOR_REQUEST_ID.fullmatch(creator_request_id):
        raise Refusal("InvalidInput", "CreatorRequestId has more than 64 characters")


def image_repository(name: str) -> None:
    if not _IMAGE_REPOSITORY.fullmatch(name):
        raise Refusal("InvalidParameterException", f"repositoryName is invalid: {name!r}")


def at_most(limit: int, what: str, given: Sequence[Any]) -> None:
    """DescribeServices takes 10 services, DescribeTasks 100 tasks, DeleteTaskDefinitions 10.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html#ECS-DescribeServices-request-services
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html#ECS-DescribeTasks-request-tasks
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html#ECS-DeleteTaskDefinitions-request-taskDefinitions
    """
    if len(given) > limit:
        raise Refusal(
            "InvalidParameterException",
            f"{what} can have at most {limit} items, and has {len(given)}",
        )
