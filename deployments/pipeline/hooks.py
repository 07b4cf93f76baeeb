"""One-off tasks around a deployment, such as a migration: started, looked at, and let go of."""

from datetime import timedelta

from django.utils import timezone

from ..adapters import logs, onetime, wakeups
from ..causes import Cause
from ..config import config
from ..definitions.compose import log_stream
from ..errors import EdahaError, UserError
from ..models import Deployment, Hook, Service
from ..models.lease import Lease
from .report import Report

_LOOK_AGAIN = 1.0
_LINES = 100

_PRINTED = "What it printed is in the log; the version before stays."


def look_again(lease: Lease, task: str) -> None:
    """Let go of the deployment, to be called again soon."""
    lease.give_back(due_in=_LOOK_AGAIN, attempts=0)
    wakeups.wake(task, lease.deployment.pk, countdown=_LOOK_AGAIN)


def is_over(lease: Lease, kind: str, report: Report) -> bool:
    """Take the deployment's hook a step further; True once it has succeeded, or there is none.

    Raises UserError when it has failed, with what it printed in the deployment's log.
    """
    hook = lease.deployment.hooks.filter(kind=kind).first()
    if hook is None:
        return True
    if hook.finished_at is None:
        if hook.started_at is None and _has_forerunner(lease.deployment):
            return False
        if not hook.task_arn and not _is_late(hook):
            _start(lease, hook, report)
            return False
        if not _look(lease, hook, report):
            return False
    if hook.error:
        raise UserError(hook.error, hint=_PRINTED, cause=Cause.HOOK)
    return True


def stop(lease: Lease, kind: str) -> bool:
    """End the deployment's hook if it still runs; True once it does not."""
    deployment = lease.deployment
    hook = deployment.hooks.filter(kind=kind, finished_at=None).exclude(started_at=None).first()
    if hook is None:
        return True
    # It may have been started by somebody who could not write that down any more.
    arn = hook.task_arn or onetime.find_task(
        deployment.cluster, _definition_arn(deployment, hook), _token(deployment, hook)
    )
    if arn and not onetime.describe_task(deployment.cluster, arn, hook.container).is_over:
        onetime.stop_task(deployment.cluster, arn, "The branch is destroyed.")
        return False
    _finish(lease, hook, "It was stopped.")
    return True


def _has_forerunner(deployment: Deployment) -> bool:
    """Whether an earlier deployment's hook still runs: two migrations at once spoil a database."""
    return Hook.objects.filter(
        deployment__branch=deployment.branch_id,
        deployment__generation__lt=deployment.generation,
        finished_at=None,
        started_at__isnull=False,
    ).exists()


def _start(lease: Lease, hook: Hook, report: Report) -> None:
    deployment = lease.deployment
    service = deployment.services.get(name=hook.service)
    if hook.started_at is None:
        lease.save_part(hook, started_at=timezone.now())
        report.begin_step(_title(hook))
        report.say(f"{_title(hook)} runs in container {hook.container}")
    definition = service.service_definition
    command = onetime.Command(
        cluster=deployment.cluster,
        task_definition=service.task_definition_arn,
        container=hook.container,
        command=hook.command,
        token=_token(deployment, hook),
        network=definition.get("networkConfiguration"),
        launch_type=definition.get("launchType", ""),
        strategy=definition.get("capacityProviderStrategy", []),
        platform_version=definition.get("platformVersion", ""),
        tags=service.tags,
    )
    lease.save_part(hook, task_arn=onetime.run_task(command))


def _look(lease: Lease, hook: Hook, report: Report) -> bool:
    deployment = lease.deployment
    state = _state(deployment, hook)
    if state is None or not state.is_over:
        if not _is_late(hook):
            return False
        error = f"{_title(hook)} took longer than {hook.timeout_seconds} s."
    elif state.exit_code == 0:
        error = ""
    else:
        error = f"{_title(hook)} failed: {_reason(state)}."
    if state is not None and state.status != "STOPPED":
        # Containers beside the one with the command go on by themselves.
        onetime.stop_task(deployment.cluster, hook.task_arn, "Its command has ended.")
    _tell_lines(deployment, hook, report)
    error = report.redacted(error)
    _finish(lease, hook, error)
    report.end_step(_title(hook), error)
    return True


def _state(deployment: Deployment, hook: Hook) -> onetime.TaskState | None:
    if not hook.task_arn:
        return None
    return onetime.describe_task(deployment.cluster, hook.task_arn, hook.container)


def _definition_arn(deployment: Deployment, hook: Hook) -> str:
    service: Service = deployment.services.get(name=hook.service)
    return service.task_definition_arn


def _token(deployment: Deployment, hook: Hook) -> str:
    """One deployment has one task for each kind of hook, however often it is tried."""
    return f"{config().installation}-{deployment.branch_id}-{deployment.generation}-{hook.kind}"


def _is_late(hook: Hook) -> bool:
    elapsed = timezone.now() - hook.started_at if hook.started_at else timedelta(0)
    return elapsed >= timedelta(seconds=hook.timeout_seconds)


def _finish(lease: Lease, hook: Hook, error: str) -> None:
    lease.save_part(hook, finished_at=timezone.now(), error=error)


def _reason(state: onetime.TaskState) -> str:
    if state.exit_code is None:
        return state.reason or "its container did not run"
    return f"exit code {state.exit_code}"


def _tell_lines(deployment: Deployment, hook: Hook, report: Report) -> None:
    if not hook.task_arn:
        return
    service: Service = deployment.services.get(name=hook.service)
    where = log_stream(service.task_definition, hook.container, hook.task_arn)
    if where is None:
        return
    try:
        for line in logs.last_lines(*where, limit=_LINES):
            report.say(f"  {line}")
    except EdahaError as problem:
        report.say(f"(What it printed could not be read: {problem})")


def _title(hook: Hook) -> str:
    name = "Release hook" if hook.kind == Hook.Kind.RELEASE else "Destroy hook"
    return f"{name}: {' '.join(hook.command)}"[:200]
