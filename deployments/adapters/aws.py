"""boto3's clients, shared and warm, and AWS's errors told as ours."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import boto3
import botocore.exceptions
from botocore.config import Config

from ..causes import Cause
from ..errors import EdahaError, PlatformError, UserError
from . import budget

_LOCK = threading.Lock()
#: Asked before each call that changes something; it raises where the caller may not any more.
_fence: ContextVar[Callable[[], None] | None] = ContextVar("fence", default=None)
#: How the names of calls begin that only read.
_READING = ("Describe", "List", "Get", "BatchGet", "BatchCheck")

#: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_UNKNOWN_TO_AWS = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "ExpiredToken",
    "ExpiredTokenException",
}
_THEIRS = {
    "ClusterNotFoundException",
    "InvalidParameterException",
    "ClientException",
    "PlatformUnknownException",
    "PlatformTaskDefinitionIncompatibilityException",
    "UnsupportedFeatureException",
    "InvalidInput",
    "NamespaceNotFound",
    "InvalidSubnetID.NotFound",
    "InvalidGroup.NotFound",
    "InvalidSubnetID.Malformed",
}


class Denied(PlatformError):
    """The workers' role may not make this call."""

    usual_cause = Cause.PERMISSION


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@cache
def _client(service: str) -> Any:
    with _LOCK:  # making clients is not thread-safe; using them is
        make: Any = _session().client  # its overloads ask for a literal name
        made = make(
            service,
            config=Config(
                retries={"mode": "standard", "max_attempts": 4},
                max_pool_connections=32,
                connect_timeout=5,
                read_timeout=30,
                user_agent_extra="edaha",
            ),
        )
        budget.watch(made)
        # Last, since waiting for the budget may take longer than a lease.
        made.meta.events.register("before-call", _pass_the_fence)
        return made


@contextmanager
def fenced(check: Callable[[], None]) -> Iterator[None]:
    """Inside, `check` is called before each call that changes something in AWS.

    It holds in this thread alone.
    """
    token = _fence.set(check)
    try:
        yield
    finally:
        _fence.reset(token)


def _pass_the_fence(model: Any, **_: Any) -> None:
    check = _fence.get()
    if check is not None and not model.name.startswith(_READING):
        check()


def client(service: str) -> Any:
    """The process's client for an AWS service, by boto3's name of it."""
    try:
        return _client(service)
    except botocore.exceptions.NoRegionError:
        raise PlatformError("No AWS region is set.", hint="Set AWS_DEFAULT_REGION.") from None


@contextmanager
def told_as(doing: str, *, if_denied: str = "") -> Iterator[None]:
    """Turn AWS's errors into Edaha's; `doing` completes “AWS refused to …”.

    `if_denied` is what to do when the workers' role lacks the permission.
    """
    try:
        yield
    except botocore.exceptions.ClientError as problem:
        raise _translate(problem, doing, if_denied) from problem
    except botocore.exceptions.ParamValidationError as problem:
        raise UserError(f"A setting does not fit AWS: could not {doing}: {problem}") from problem
    except (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError):
        raise PlatformError(
            f"No AWS credentials: could not {doing}.",
            hint="Give the workers a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        ) from None
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.BotoCoreError) as problem:
        raise PlatformError(
            f"AWS was not reached to {doing}: {problem}", retry=True, cause=Cause.AWS
        ) from problem


def code_of(problem: botocore.exceptions.ClientError) -> str:
    return str(problem.response.get("Error", {}).get("Code", ""))


def _translate(problem: botocore.exceptions.ClientError, doing: str, if_denied: str) -> EdahaError:
    code = code_of(problem)
    message = str(problem.response.get("Error", {}).get("Message", "")) or str(problem)
    if code in _DENIED | _UNKNOWN_TO_AWS:
        return (Denied if code in _DENIED else PlatformError)(
            f"AWS refused to {doing}: {code}: {message}",
            hint=if_denied
            or "Grant control workers the permissions in infra/worker-policy.json, build workers "
            "those in infra/build-worker-policy.json.",
        )
    if code in budget.THROTTLED:
        return PlatformError(f"AWS is throttling: could not {doing}.", retry=True, cause=Cause.AWS)
    if code in _THEIRS:
        return UserError(
            f"AWS refused to {doing}: {message}",
            hint="Check the repository's cluster, network, roles, CPU and memory.",
        )
    status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return PlatformError(f"AWS failed to {doing}: {code}: {message}", retry=status >= 500)
