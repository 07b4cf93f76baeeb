"""Objects in S3."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..errors import UserError
from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Terraform's states are the largest that anybody asks for.
MAX_BYTES = 16 * 1024 * 1024


def read_object(bucket: str, key: str) -> bytes:
    """An object's content. Raises UserError where there is none, or where it is too large."""
    name = f"s3://{bucket}/{key}"
    # Without s3:ListBucket, S3 refuses an object that is missing as it refuses a forbidden one:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    hint = (
        f"Check that it exists, and grant the workers' role s3:GetObject on "
        f"arn:aws:s3:::{bucket}/{key}."
    )
    with told_as(f"read {name}", if_denied=hint):
        try:
            found = _s3().get_object(Bucket=bucket, Key=key)
        except ClientError as problem:
            if code_of(problem) not in {"NoSuchKey", "NoSuchBucket"}:
                raise
            raise UserError(
                f"There is no {name}.", hint="Correct the bucket's name or the key."
            ) from None
        with found["Body"] as body:
            if found["ContentLength"] > MAX_BYTES:
                raise UserError(
                    f"{name} has {found['ContentLength']:,} bytes; "
                    f"definitions may read {MAX_BYTES:,} at most."
                )
            return body.read()


def _s3() -> "S3Client":
    s3: S3Client = client("s3")
    return s3
