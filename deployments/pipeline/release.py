"""From images to ECS services of their own for this deployment."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, ParamSpec, TypeVar

from django.utils import timezone

from ..adapters import aws, cloudmap, ecs, logs, ssm, wakeups
from ..config import config
from ..definitions.compose import content_hash, log_groups
from ..models import Deployment, Hook, Service
from ..models.lease import Lease
from ..states import ENDED, DeploymentState
from . import hooks, secrets
from .attempt import attempt
from .report import Report

P = ParamSpec("P")
Result = TypeVar("Result")

#: AWS calls that need not wait for each other are made side by side.
_calls = ThreadPoolExecutor(max_workers=32, thread_name_prefix="aws")


def release(deployment_id: int) -> None:
    """Make names, task definitions and services; then let them be watched.

    With a release hook it lets go while that runs, and is called again.
    """
    lease = Lease.claim(deployment_id, {DeploymentState.RELEASING})
    if lease is None:
        return
    with Report(lease.deployment) as report, attempt(lease, report):
        lease.check_wanted()
        if lease.deployment.hooks.filter(kind=Hook.Kind.RELEASE).exists():
            _prepare(lease)
            if not hooks.is_over(lease, Hook.Kind.RELEASE, report):
                hooks.look_again(lease, wakeups.RELEASE)
                return
        with report.step("Release"):
            started = _prepare(lease)
            _create(lease, started)
        for service in started:
            report.say(f"ECS service {service.release_name} starts")
        report.flush()
        lease.move(DeploymentState.VERIFYING, released_at=timezone.now())
        wakeups.wake(wakeups.WATCH, countdown=0.4)


def _prepare(lease: Lease) -> list[Service]:
    """Everything that the services need: log groups, names, task definitions."""
    deployment = lease.deployment
    repository = deployment.branch.repository
    # Written first: from now on there may be something in AWS that is to be cleaned up.
    lease.save(
        cluster=repository.cluster or config().cluster,
        namespace=repository.namespace or config().namespace,
    )
    services = list(deployment.services.all())
    mine = [group for service in services for group in log_groups(service.task_definition)]
    grouped = [
        _begin(lease, logs.ensure_group, group)
        for group in dict.fromkeys(mine)
        if group.startswith(f"/{config().installation}/")
    ]
    discovered = [_begin(lease, _discovery_name, deployment, service) for service in services]
    try:
        for service in services:
            _definition(lease, service)
    finally:
        # Whatever fails is cleaned up at once: nothing may still be on its way to AWS then.
        under_way: list[Future[Any]] = [*grouped, *discovered]
        wait(under_way)
    for service, future in zip(services, discovered, strict=True):
        if not service.discovery_service_arn:
            lease.save_part(service, discovery_service_arn=future.result())
    for group in grouped:
        group.result()
    lease.beat()
    return services


def _discovery_name(deployment: Deployment, service: Service) -> str:
    known = service.discovery_service_arn
    return known or cloudmap.create_service(
        deployment.namespace, service.release_name, service.tags
    )


def _definition(lease: Lease, service: Service) -> None:
    if service.task_definition_arn:
        return  # an earlier call registered it
    digest = content_hash(service.task_definition)
    arn = _same_definition(lease.deployment, digest)
    if not arn:
        _put_secrets(lease, service)
        arn = ecs.register_task_definition(service.task_definition)
    lease.save_part(service, task_definition_arn=arn, task_definition_hash=digest)


def _put_secrets(lease: Lease, service: Service) -> None:
    """What its containers read has to be there before the first task starts."""
    tags = secrets.tags_of(service)
    under_way = [
        _begin(lease, ssm.put_secret, name, value, tags)
        for name, value in secrets.to_put(lease.deployment, service).items()
    ]
    wait(under_way)
    for future in under_way:
        future.result()


def _same_definition(deployment: Deployment, digest: str) -> str:
    """A revision with this content that is still in use: registering costs 1 of 20 tokens."""
    same = (
        Service.objects.filter(
            deployment__branch=deployment.branch_id,
            deployment__cleaned_at=None,
            task_definition_hash=digest,
        )
        .exclude(task_definition_arn="")
        # One that has ended takes its revision along, maybe right now.
        .exclude(deployment__state__in=ENDED)
        .order_by("-deployment__generation")
        .first()
    )
    return same.task_definition_arn if same else ""


def _create(lease: Lease, services: list[Service]) -> None:
    under_way = [
        _begin(lease, ecs.create_service, _request(lease.deployment, service))
        for service in services
    ]
    wait(under_way)
    for service, future in zip(services, under_way, strict=True):
        lease.save_part(service, ecs_deployment_id=future.result())


def _begin(
    lease: Lease, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs
) -> Future[Result]:
    """Have calls made by another thread, which has no database connection.

    Whoever calls this has just written through the lease.
    """

    def run() -> Result:
        with aws.fenced(lease.check_not_run_out):
            return work(*args, **kwargs)

    return _calls.submit(run)


def _request(deployment: Deployment, service: Service) -> dict[str, Any]:
    """CreateService's arguments, with what is known only now."""
    return {
        **service.service_definition,
        "cluster": deployment.cluster,
        "serviceName": service.release_name,
        "taskDefinition": service.task_definition_arn,
        "serviceRegistries": [{"registryArn": service.discovery_service_arn}],
        # Makes a retry safe; at most 36 characters.
        "clientToken": f"{config().installation}-{service.pk}",
    }
