"""What a failed rollout leaves to read: ECS's events and the container's last lines."""

from ..adapters import ecs, logs
from ..config import config
from ..definitions.task_definition import log_stream
from ..errors import EdahaError
from ..models import Deployment
from ..names import log_group
from .report import Report

_EVENTS = 5


def last_words(deployment: Deployment, task_arn: str, report: Report) -> list[str]:
    """Copy them into the deployment's log; returns what the container printed.

    Best effort, since the failure itself matters more.
    """
    try:
        _events(deployment, report)
        return _container_lines(deployment, task_arn or _any_task(deployment), report)
    except EdahaError as problem:
        report.say(f"(More could not be read: {problem})")
        return []


def _events(deployment: Deployment, report: Report) -> None:
    name = deployment.service_name(config().installation)
    service = ecs.describe_services(deployment.cluster, [name]).get(name)
    for event in reversed((service or {}).get("events", [])[:_EVENTS]):
        report.say(f"ECS: {event['message']}")


def _any_task(deployment: Deployment) -> str:
    name = deployment.service_name(config().installation)
    found = ecs.tasks(deployment.cluster, name)
    return found[0]["taskArn"] if found else ""


def _container_lines(deployment: Deployment, task_arn: str, report: Report) -> list[str]:
    if not task_arn:
        return []
    group = log_group(config().installation, deployment.branch.repository.full_name)
    lines = logs.last_lines(group, log_stream(deployment, task_arn))
    report.say("The container printed last:" if lines else "The container printed nothing.")
    for line in lines:
        report.say(f"  {line}")
    return lines
