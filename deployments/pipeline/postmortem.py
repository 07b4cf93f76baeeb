"""What a failed rollout leaves to read: ECS's events and the containers' last lines."""

from ..adapters import ecs, logs
from ..definitions.compose import log_stream
from ..errors import EdahaError
from ..models import Deployment, Service
from .report import Report

_EVENTS = 5


def last_words(
    deployment: Deployment, service: Service, task_arn: str, report: Report
) -> list[str]:
    """Copy them into the deployment's log; returns what the containers printed.

    Best effort, since the failure itself matters more.
    """
    try:
        for message in reversed(_events(deployment, service)):
            report.say(f"ECS: {message}")
        task_arn = task_arn or _any_task(deployment, service)
        return _printed(service, task_arn, report) if task_arn else []
    except EdahaError as problem:
        report.say(f"(More could not be read: {problem})")
        return []


def last_events(deployment: Deployment, service: Service) -> list[str]:
    """What ECS said of the service, newest first; nothing where it cannot be asked."""
    try:
        return _events(deployment, service)
    except EdahaError:
        return []


def _events(deployment: Deployment, service: Service) -> list[str]:
    name = service.release_name
    described = ecs.describe_services(deployment.cluster, [name]).get(name)
    return [event["message"] for event in (described or {}).get("events", [])[:_EVENTS]]


def _any_task(deployment: Deployment, service: Service) -> str:
    found = ecs.tasks(deployment.cluster, service.release_name)
    return found[0]["taskArn"] if found else ""


def _printed(service: Service, task_arn: str, report: Report) -> list[str]:
    """All containers' last lines: whichever of them failed, the others may tell why."""
    containers = [each["name"] for each in service.task_definition.get("containerDefinitions", ())]
    found = []
    for container in containers:
        where = log_stream(service.task_definition, container, task_arn)
        lines = logs.last_lines(*where) if where else []
        who = "The container" if len(containers) == 1 else f"Container {container}"
        report.say(f"{who} printed last:" if lines else f"{who} printed nothing.")
        for line in lines:
            report.say(f"  {line}")
        found += lines
    return found
