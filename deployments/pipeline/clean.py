"""The end: what a deployment, and at last a branch, leaves behind is removed in AWS's order.

Each call does what can be done now and lets go; it is called again until nothing is left.
"""

from contextlib import suppress

import structlog
from django.db.models import Q
from django.utils import timezone

from .. import names
from ..adapters import aws, cloudmap, ecr, ecs, git, ssm, wakeups
from ..config import config
from ..errors import EdahaError, LeaseLost, UserError
from ..models import Branch, Build, Deployment, Hook, Image, ImageSet, Service
from ..models.heartbeat import Heartbeat
from ..models.lease import Lease
from ..models.moves import move_branch, move_deployment
from ..states import ENDED, BranchState, DeploymentState, Wanted
from . import hooks
from .attempt import backoff
from .report import Report

log = structlog.get_logger(__name__)

_LOOK_AGAIN = 1.0


def clean(deployment_id: int) -> None:
    """Remove an ended deployment's service, discovery name and task definition."""
    lease = Lease.claim(deployment_id, ENDED)
    if lease is None or lease.deployment.cleaned_at is not None:
        return
    try:
        with Heartbeat(lease), aws.fenced(lease.check_held):
            is_clean = _clean(lease)
        if is_clean:
            lease.save(cleaned_at=timezone.now(), progress="", lease_owner="", lease_until=None)
            _after_last(lease.deployment)
        else:
            lease.give_back(due_in=_LOOK_AGAIN, attempts=0)
            wakeups.wake(wakeups.CLEAN, deployment_id, countdown=_LOOK_AGAIN)
    except LeaseLost:
        return
    except EdahaError as problem:
        # For ever, ever slower: what costs money is not forgotten.
        log.warning("not_cleaned", deployment=deployment_id, problem=str(problem))
        with suppress(LeaseLost):
            _postpone(lease, problem)


def _postpone(lease: Lease, problem: EdahaError) -> None:
    deployment = lease.deployment
    sentence = f"Not removed from AWS yet: {problem.message}"[:300]
    if sentence != deployment.progress:
        with Report(deployment) as report:
            report.say(sentence)
        lease.save(progress=sentence)
    attempts = deployment.attempts + 1
    lease.give_back(due_in=backoff(attempts), attempts=attempts)


def _clean(lease: Lease) -> bool:
    """One go; True once nothing is left."""
    deployment = lease.deployment
    if not deployment.cluster:
        return True  # it never came as far as AWS
    if not _hooks_are_over(lease):
        return False
    # All of them, so that none waits for another one's tasks to drain.
    gone = [_clean_service(deployment, service) for service in deployment.services.all()]
    return all(gone)


def _clean_service(deployment: Deployment, service: Service) -> bool:
    name = service.release_name
    if not ecs.delete_service(deployment.cluster, name):
        return False
    registry = service.discovery_service_arn or cloudmap.find_service(deployment.namespace, name)
    if registry and not cloudmap.delete_service(registry):
        return False
    shared = Service.objects.filter(
        task_definition_arn=service.task_definition_arn, deployment__cleaned_at=None
    ).exclude(deployment=deployment)
    if service.task_definition_arn and not shared.exists():
        ecs.delete_task_definition(service.task_definition_arn)
    _remove_spare_revisions(deployment, service.task_definition.get("family", ""))
    return True


def _remove_spare_revisions(deployment: Deployment, family: str) -> None:
    """Those that nobody wrote down: the answer got lost, and a second try made another one.

    Whoever is registering one right now has a later number than all that are written down.
    """
    used = Service.objects.filter(
        deployment__branch=deployment.branch_id,
        deployment__cleaned_at=None,
        task_definition__family=family,
        task_definition_arn__gt="",
    )
    arns = set(used.values_list("task_definition_arn", flat=True))
    newest = max(map(ecs.revision, arns), default=0)
    for arn in ecs.task_definitions({family} if family else ()):
        if arn not in arns and ecs.revision(arn) < newest:
            ecs.delete_task_definition(arn)


def _hooks_are_over(lease: Lease) -> bool:
    """A release hook under way ends first; at the branch's end its last deployment has one more."""
    if lease.deployment.branch.wanted == Wanted.PRESENT:
        # A migration that a newer push has overtaken is not torn out of its work.
        return all(_tried(lease, kind, started=True) for kind in Hook.Kind)
    if not hooks.stop(lease, Hook.Kind.RELEASE):
        return False
    return not _is_last(lease.deployment) or _tried(lease, Hook.Kind.DESTROY, started=False)


def _tried(lease: Lease, kind: str, *, started: bool) -> bool:
    """Take the hook a step further; how it ends changes nothing here."""
    wanted = lease.deployment.hooks.filter(kind=kind, finished_at=None)
    if not (wanted.exclude(started_at=None) if started else wanted).exists():
        return True
    with Report(lease.deployment) as report:
        try:
            return hooks.is_over(lease, kind, report)
        except UserError as problem:
            report.say(problem.message)
            return True


def _is_last(deployment: Deployment) -> bool:
    """Whether it is the newest of the branch's that came as far as ECS."""
    newest = (
        Deployment.objects.filter(
            branch=deployment.branch_id, services__task_definition_arn__gt="", cleaned_at=None
        )
        .order_by("-generation")
        .first()
    )
    return newest is not None and newest.pk == deployment.pk


def _after_last(deployment: Deployment) -> None:
    branch = Branch.objects.get(pk=deployment.branch_id)
    if branch.wanted == Wanted.ABSENT:
        wakeups.wake(wakeups.DESTROY, branch.pk)


def destroy(branch_id: int) -> None:
    """Take a branch that is not wanted any more one step nearer to nothing."""
    branch = Branch.objects.select_related("repository").filter(pk=branch_id).first()
    if branch is None or branch.wanted != Wanted.ABSENT or branch.state == BranchState.DESTROYED:
        return
    if branch.state != BranchState.DESTROYING:
        move_branch(branch, BranchState.DESTROYING, reason="No longer wanted")
    # What was wished for since the branch was read is not ours to end.
    older = branch.deployments.filter(generation__lt=branch.generation)
    for deployment in older.exclude(state__in=ENDED):
        _end(deployment)
    left = branch.deployments.filter(Q(cleaned_at=None) | ~Q(state__in=ENDED))
    if left.exists():
        for pk in left.values_list("pk", flat=True):
            wakeups.wake(wakeups.CLEAN, pk)
        return
    if branch.deployments.filter(exporting_until__gt=timezone.now()).exists():
        return  # a cache is still being written; its worker notices soon, and so does the tick
    _remove_the_rest(branch)


def _remove_the_rest(branch: Branch) -> None:
    """What belongs to the branch and not to one deployment."""
    try:
        _remove_images(branch)
        _remove_definitions(branch)
        _remove_secrets(branch)
    except EdahaError as problem:
        log.warning("branch_not_removed", branch=branch.pk, problem=str(problem))
        return  # the tick comes back to it
    if not Branch.objects.filter(pk=branch.pk, generation=branch.generation).exists():
        return  # wished back meanwhile
    try:
        git.remove_worktree(branch.repository, branch)
    except EdahaError as problem:
        # Only a cache: whoever tidies up comes back to it.
        log.warning("worktree_not_removed", branch=branch.pk, problem=str(problem))
    if move_branch(branch, BranchState.DESTROYED, reason="Nothing of it is left."):
        wakeups.notify(branch=branch.pk)


def _end(deployment: Deployment) -> None:
    now = timezone.now()
    if deployment.state == DeploymentState.LIVE:
        move_deployment(
            deployment, DeploymentState.RETIRED, reason="The branch is destroyed.", due_at=now
        )
    elif deployment.lease_until is None or deployment.lease_until < now:
        # Whoever holds a lease ends by itself, at its next heartbeat.
        move_deployment(
            deployment,
            DeploymentState.SUPERSEDED,
            reason="The branch is destroyed.",
            held_by=deployment.lease_owner,
            lease_owner="",
            lease_until=None,
            finished_at=now,
            due_at=now,
        )


def _remove_definitions(branch: Branch) -> None:
    """Also those of workers that died between registering one and writing it down."""
    families = Service.objects.filter(deployment__branch=branch).values_list(
        "task_definition__family", flat=True
    )
    first = names.family(config().installation, branch.slug, branch.pk)
    # Of one that was wished for meanwhile, all is needed.
    left = Service.objects.filter(deployment__branch=branch, deployment__cleaned_at=None)
    used = set(left.values_list("task_definition_arn", flat=True))
    for arn in ecs.task_definitions({first, *filter(None, families)}):
        if arn not in used:
            ecs.delete_task_definition(arn)


def _remove_secrets(branch: Branch) -> None:
    """Everything that Edaha has put into SSM for its containers, values of long ago included."""
    services = Service.objects.filter(deployment__branch=branch)
    if any(services.values_list("parameters", flat=True)):
        # Of one that was wished for meanwhile, all is needed.
        left = services.filter(deployment__cleaned_at=None).values_list("parameters", flat=True)
        needed = {name for parameters in left for name in parameters}
        found = ssm.names_below(names.parameters(config().installation, branch.pk))
        ssm.delete_parameters([name for name in found if name not in needed])


def _remove_images(branch: Branch) -> None:
    """Delete the branch's images, apart from those that another branch runs as well.

    Those keep their tag, too: ECR deletes an image together with its last tag. The other branch
    takes them away at its own end.
    """
    deployments = branch.deployments.filter(generation__lt=branch.generation)
    builds = Build.objects.filter(deployment__in=deployments)
    handed = _handed(branch)
    mine = set(builds.values_list("reference", flat=True))
    mine |= {reference for each in handed for reference in each.images.values()}
    elsewhere = Build.objects.filter(
        deployment__branch__repository=branch.repository,
        deployment__cleaned_at=None,
        reference__in=mine,
    ).exclude(deployment__in=deployments)
    kept = set(elsewhere.values_list("reference", flat=True)) | _still_handed(branch, handed)
    removed = builds.exclude(reference__in=kept).values_list("deployment__commit", "name")
    tags = {names.image_tag(branch.slug, commit, name) for commit, name in removed}
    tags |= {names.cache_tag(branch.slug, name) for name in builds.values_list("name", flat=True)}
    # Rows first: whoever looks for an unchanged tree's image now builds it anew.
    Image.objects.filter(repository=branch.repository, reference__in=mine - kept).delete()
    ecr.delete_images(
        names.image_repository(config().installation, branch.repository.full_name),
        tags=sorted(tags),
        digests=[reference.rpartition("@")[2] for reference in mine - kept],
    )
    ImageSet.objects.filter(pk__in=[each.pk for each in handed]).delete()


def _still_handed(branch: Branch, mine: list[ImageSet]) -> set[str]:
    """What other wishes, and other branches that are there, may yet deploy."""
    there = Branch.objects.filter(repository=branch.repository, wanted=Wanted.PRESENT)
    sets = ImageSet.objects.filter(
        repository=branch.repository, branch_name__in=there.values("name")
    ).exclude(pk__in=[each.pk for each in mine])
    return {reference for each in sets for reference in each.images.values()}


def _handed(branch: Branch) -> list[ImageSet]:
    """What was handed over for the branch, apart from what a newer wish deploys."""
    sets = ImageSet.objects.filter(repository=branch.repository, branch_name=branch.name)
    newer = Deployment.objects.filter(branch=branch, generation__gte=branch.generation)
    return list(sets.exclude(deployments__in=newer))
