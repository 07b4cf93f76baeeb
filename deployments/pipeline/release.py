"""From an image to an ECS service of its own for this deployment."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from django.utils import timezone

from .. import names
from ..adapters import aws, cloudmap, ecs, logs, wakeups
from ..config import config
from ..definitions.service import service
from ..definitions.task_definition import content_hash, tags, task_definition
from ..models import Deployment
from ..models.lease import Lease
from ..states import ENDED, DeploymentState
from .attempt import attempt
from .report import Report

#: AWS calls that need not wait for each other are made side by side.
_calls = ThreadPoolExecutor(max_workers=32, thread_name_prefix="aws")


def release(deployment_id: int) -> None:
    """Make the discovery name, the task definition and the service; then let it be watched."""
    lease = Lease.claim(deployment_id, {DeploymentState.RELEASING})
    if lease is None:
        return
    with Report(lease.deployment) as report, attempt(lease, report):
        lease.check_wanted()
        with report.step("Release"):
            ecs_deployment = _release(lease)
        report.say(f"ECS service {_name(lease.deployment)} starts")
        lease.move(
            DeploymentState.VERIFYING,
            ecs_deployment_id=ecs_deployment,
            released_at=timezone.now(),
        )
        wakeups.wake(wakeups.WATCH, countdown=0.4)


def _release(lease: Lease) -> str:
    deployment = lease.deployment
    repository = deployment.branch.repository
    # Written first: from now on there may be something in AWS that is to be cleaned up.
    lease.save(
        cluster=repository.cluster or config().cluster,
        namespace=repository.namespace or config().namespace,
    )
    group = names.log_group(config().installation, repository.full_name)
    grouped = _calls.submit(logs.ensure_group, group)
    discovered = _calls.submit(
        cloudmap.create_service, deployment.namespace, _name(deployment), tags(deployment)
    )
    try:
        arn = _definition(lease)
    finally:
        # Whatever fails is cleaned up at once: nothing may still be on its way to AWS then.
        under_way: list[Future[Any]] = [grouped, discovered]
        wait(under_way)
    registry = discovered.result()
    grouped.result()
    lease.save(discovery_service_arn=registry)
    lease.beat()
    return ecs.create_service(service(deployment, arn, registry))


def _definition(lease: Lease) -> str:
    deployment = lease.deployment
    definition = task_definition(
        deployment, deployment.image, deployment.port or 0, aws.client("ecs").meta.region_name
    )
    digest = content_hash(definition)
    arn = _same_definition(deployment, digest) or ecs.register_task_definition(definition)
    lease.save(task_definition_arn=arn, task_definition_hash=digest)
    return arn


def _same_definition(deployment: Deployment, digest: str) -> str:
    """A revision with this content that is still in use: registering costs 1 of 20 tokens."""
    same = (
        deployment.branch.deployments.filter(task_definition_hash=digest, cleaned_at=None)
        .exclude(task_definition_arn="")
        # One that has ended takes its revision along, maybe right now.
        .exclude(state__in=ENDED)
        .order_by("-generation")
        .first()
    )
    return same.task_definition_arn if same else ""


def _name(deployment: Deployment) -> str:
    return deployment.service_name(config().installation)
