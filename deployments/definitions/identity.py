"""What makes a task and a service a preview's: tags, environment, log streams. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .preview import Platform, Preview


def tags(preview: Preview) -> dict[str, str]:
    """By these an installation finds what it made."""
    return {
        "edaha:installation": preview.installation,
        "edaha:repository": preview.repository,
        "edaha:branch": preview.slug,
    }


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def log_configuration(preview: Preview, platform: Platform) -> dict[str, Any]:
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": platform.log_group,
            "awslogs-region": platform.region,
            "awslogs-stream-prefix": preview.slug,
        },
    }


def log_stream(
    task_definition: Mapping[str, Any], container: str, task_arn: str
) -> tuple[str, str] | None:
    """The group and stream that a task's container writes to; None where it is not awslogs.

    `prefix/container/task-id`, as the driver names it:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
    """
    for each in task_definition.get("containerDefinitions", ()):
        options = _awslogs(each)
        if each.get("name") == container and options:
            prefix = options.get("awslogs-stream-prefix", "")
            task = task_arn.rpartition("/")[2]
            return options.get("awslogs-group", ""), f"{prefix}/{container}/{task}"
    return None


def log_groups(task_definition: Mapping[str, Any]) -> list[str]:
    """Every group that its containers write to, once."""
    groups = (
        _awslogs(each).get("awslogs-group", "")
        for each in task_definition.get("containerDefinitions", ())
    )
    return list(dict.fromkeys(filter(None, groups)))


def content_hash(task_definition: Mapping[str, Any]) -> str:
    """Equal for definitions that would run the same: such a one is not registered again."""
    content = {key: value for key, value in task_definition.items() if key != "tags"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _awslogs(container: Mapping[str, Any]) -> Mapping[str, Any]:
    logging: Mapping[str, Any] = container.get("logConfiguration") or {}
    options: Mapping[str, Any] = logging.get("options") or {}
    return options if logging.get("logDriver") == "awslogs" else {}
