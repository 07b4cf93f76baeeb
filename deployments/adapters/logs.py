"""CloudWatch Logs: the group that an application's containers write to, and their last words."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from ..config import config
from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import LogGroupTypeDef

_known: set[str] = set()


def ensure_group(name: str) -> None:
    """Create a log group with the installation's retention, once in a process's life."""
    if name in _known:
        return
    with told_as(f"create the log group {name}"):
        try:
            _logs().create_log_group(logGroupName=name)
            is_kept_for_ever = True
        except ClientError as problem:
            if code_of(problem) != "ResourceAlreadyExistsException":
                raise
            # An earlier try may have come no further; an operator's own choice stays.
            is_kept_for_ever = _is_kept_for_ever(name)
        if is_kept_for_ever:
            _put_retention(name)
    _known.add(name)


def groups_kept_for_ever(prefix: str) -> list[str]:
    """Names of groups that begin so and lose nothing by themselves."""
    with told_as("look at log groups"):
        pages = _logs().get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        return [
            group["logGroupName"]
            for page in pages
            for group in page["logGroups"]
            if "retentionInDays" not in group
        ]


def put_retention(name: str) -> None:
    """Give a group the installation's retention."""
    with told_as(f"set the retention of the log group {name}"):
        _put_retention(name)


def _put_retention(name: str) -> None:
    days = config().log_retention_days
    _logs().put_retention_policy(logGroupName=name, retentionInDays=days)


def has_group(name: str) -> bool:
    """Whether there is a log group of this name."""
    with told_as(f"look for the log group {name}"):
        return _group(name) is not None


def _is_kept_for_ever(name: str) -> bool:
    group = _group(name)
    return group is not None and "retentionInDays" not in group


def _group(name: str) -> "LogGroupTypeDef | None":
    groups = _logs().describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]
    # Names come in order: the group itself is before those that only begin like it.
    return groups[0] if groups and groups[0].get("logGroupName") == name else None


def last_lines(group: str, stream: str, *, limit: int = 20) -> list[str]:
    """What a container printed last; empty when there is nothing (yet)."""
    with told_as("read the container's log"):
        try:
            answer = _logs().get_log_events(
                logGroupName=group, logStreamName=stream, limit=limit, startFromHead=False
            )
        except ClientError as problem:
            if code_of(problem) == "ResourceNotFoundException":
                return []
            raise
    return [event["message"].rstrip("\n") for event in answer["events"]]


class Stream(NamedTuple):
    """One container's output."""

    name: str
    #: When it wrote last, as far as CloudWatch tells; None before its first line.
    last_at: datetime | None


class Part(NamedTuple):
    """Some lines that follow each other."""

    #: Milliseconds since the epoch, and the text.
    lines: list[tuple[int, str]]
    #: Where to go on; the same one as before where nothing followed.
    token: str


def streams(group: str, prefix: str) -> list[Stream]:
    """The newest streams of the group whose names begin so, the one that wrote last first."""
    with told_as(f"look for logs in {group}"):
        try:
            answer = _logs().describe_log_streams(
                logGroupName=group, logStreamNamePrefix=prefix, limit=50
            )
        except ClientError as problem:
            if code_of(problem) == "ResourceNotFoundException":
                return []
            raise
    found = [
        Stream(each["logStreamName"], _time(each.get("lastEventTimestamp")))
        for each in answer["logStreams"]
    ]
    begin = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda stream: stream.last_at or begin, reverse=True)


def read(group: str, stream: str, token: str = "", *, limit: int = 1000) -> Part:  # nosec B107
    """What follows `token`; without one, the newest lines. None are there before the first one.

    The same token comes back at the end:
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
    """
    where = {"logGroupName": group, "logStreamName": stream, "limit": limit}
    place = {"nextToken": token, "startFromHead": True} if token else {"startFromHead": False}
    with told_as("read the container's log"):
        try:
            answer = _logs().get_log_events(**where, **place)  # type: ignore[arg-type]
        except ClientError as problem:
            if code_of(problem) == "ResourceNotFoundException":
                return Part([], token)
            raise
    lines = [(event["timestamp"], event["message"].rstrip("\n")) for event in answer["events"]]
    return Part(lines, answer["nextForwardToken"])


def _time(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _logs() -> "CloudWatchLogsClient":
    logs: CloudWatchLogsClient = client("logs")
    return logs
