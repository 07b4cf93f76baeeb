"""How much of something AWS lets the account have."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient


def applied_quota(service: str, code: str) -> float | None:
    """The value that applies to the account; None where only AWS's default is known."""
    with told_as(f"read the quota {code} of {service}"):
        try:
            answer = _quotas().get_service_quota(ServiceCode=service, QuotaCode=code)
        except ClientError as problem:
            if code_of(problem) == "NoSuchResourceException":
                return None
            raise
    return answer["Quota"].get("Value")


def _quotas() -> "ServiceQuotasClient":
    quotas: ServiceQuotasClient = client("service-quotas")
    return quotas
