"""File systems of Amazon EFS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_efs import EFSClient


@dataclass(frozen=True)
class FileSystem:
    is_available: bool
    #: In how many subnets tasks can reach it.
    mount_targets: int


def find_file_system(name: str) -> FileSystem | None:
    """A file system by its id or ARN; None where there is none."""
    with told_as(f"look at the file system {name}"):
        try:
            found = _efs().describe_file_systems(FileSystemId=name)["FileSystems"][0]
        except ClientError as problem:
            if code_of(problem) == "FileSystemNotFound":
                return None
            raise
    return FileSystem(found["LifeCycleState"] == "available", found["NumberOfMountTargets"])


def _efs() -> "EFSClient":
    efs: EFSClient = client("efs")
    return efs
