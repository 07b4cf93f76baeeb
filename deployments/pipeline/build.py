"""From a commit to an image in the registry."""

import hashlib
import json
import time
from pathlib import Path

import structlog
from django.utils import timezone

from .. import names
from ..adapters import buildx, ecr, ecs, git, network, wakeups
from ..config import config
from ..errors import UserError
from ..models import Branch, Deployment, Image, Repository
from ..models.lease import Lease
from ..states import DeploymentState
from .attempt import attempt
from .cache import export_cache
from .report import Report
from .request import build_request

log = structlog.get_logger(__name__)

#: Part of every build key: a change of how Edaha builds makes a new one.
_BUILD_VERSION = 1
_PREFLIGHT_SECONDS = 60.0
_preflight_passed: dict[str, float] = {}


def build(deployment_id: int) -> None:
    """Check out, build and push, or find the image of an unchanged tree; then hand over."""
    lease = Lease.claim(deployment_id, {DeploymentState.QUEUED, DeploymentState.BUILDING})
    if lease is None:
        return
    deployment = lease.deployment
    with Report(deployment) as report, attempt(lease, report):
        _begin(lease, report)
        image = _image(lease, report)
        lease.beat()
        lease.move(
            DeploymentState.RELEASING,
            image=image.reference,
            port=_port(deployment.branch.repository, image),
            built_at=timezone.now(),
        )
        wakeups.wake(wakeups.RELEASE, deployment.pk)
    export_cache(deployment)


def _begin(lease: Lease, report: Report) -> None:
    deployment = lease.deployment
    lease.check_wanted()
    if deployment.state == DeploymentState.BUILDING:
        report.forget_steps()
        report.say("An earlier try was interrupted; beginning again.")
    else:
        owner, until = lease.owner, deployment.lease_until
        lease.move(
            DeploymentState.BUILDING,
            lease_owner=owner,
            lease_until=until,
            started_at=timezone.now(),
            attempts=deployment.attempts,
        )
        wakeups.notify(branch=deployment.branch_id)
    if deployment.trigger == Deployment.Trigger.REDEPLOY:
        _read_ref_again(lease, report)


def _read_ref_again(lease: Lease, report: Report) -> None:
    """A redeploy means the branch's newest commit, even if no webhook told of it."""
    deployment, branch = lease.deployment, lease.deployment.branch
    head = git.read_head(branch.repository, branch.name)
    if head is None:
        report.say("The branch is no longer in the repository: deploying its last known commit.")
    elif head != deployment.commit:
        report.say(f"The branch has moved on to {head[:7]}.")
        lease.save(commit=head)
        Branch.objects.filter(pk=branch.pk, generation=deployment.generation).update(
            wanted_commit=head
        )


def _image(lease: Lease, report: Report) -> Image:
    deployment = lease.deployment
    repository = deployment.branch.repository
    with report.step("Check out"):
        mirror = git.fetch(repository, deployment.branch, deployment.commit)
        key = build_key(repository, mirror, deployment.commit)
        subject = git.commit_subject(repository, mirror, deployment.commit)
        report.say(f"Commit {deployment.short_commit}: {subject}")
    _preflight(repository)
    known = Image.objects.filter(repository=repository, build_key=key).first()
    if known and not deployment.no_cache and _still_there(known):
        report.say("Nothing that goes into the image has changed: no build needed.")
        lease.save(build_reused=True)
        return known
    return _build(lease, report, key)


def build_key(repository: Repository, mirror: Path, commit: str) -> str:
    """Hash of everything that goes into an image: equal keys, equal images.

    Raises UserError where there is no Dockerfile or no context folder.
    """
    context = git.object_hash(repository, mirror, commit, repository.context)
    dockerfile = git.object_hash(repository, mirror, commit, repository.dockerfile)
    if dockerfile is None:
        raise UserError(
            f"There is no {repository.dockerfile} in commit {commit[:7]}.",
            hint="Add a Dockerfile, or set the repository's Dockerfile path.",
        )
    if context is None:
        raise UserError(
            f"There is no folder {repository.context} in commit {commit[:7]}.",
            hint="Set the repository's context to a folder of the repository.",
        )
    inputs = [_BUILD_VERSION, context, dockerfile, repository.dockerfile, repository.context]
    return hashlib.sha256(json.dumps([*inputs, repository.platforms]).encode()).hexdigest()


def _still_there(image: Image) -> bool:
    name = names.image_repository(config().installation, image.repository.full_name)
    return ecr.has_image(name, image.digest)


def _preflight(repository: Repository) -> None:
    """Find what would fail after the build before it; a pass holds for a minute."""
    cluster = repository.cluster or config().cluster
    subnets = repository.subnets or config().subnets
    groups = repository.security_groups or config().security_groups
    asked = json.dumps([cluster, subnets, groups])
    now = time.monotonic()
    if now - _preflight_passed.get(asked, -_PREFLIGHT_SECONDS) < _PREFLIGHT_SECONDS:
        return
    if not subnets:
        raise UserError(
            "No subnets are set.", hint="Set them for the repository, or EDAHA_SUBNETS for all."
        )
    ecs.check_cluster(cluster)
    network.check_network(subnets, groups)
    _preflight_passed[asked] = now


def _build(lease: Lease, report: Report, key: str) -> Image:
    deployment = lease.deployment
    branch = deployment.branch
    # A build that this one replaces may still be reading the files: it ends within a heartbeat.
    with git.worktree_held(branch.repository, branch, lease.beat):
        request, store = build_request(deployment)
        report.begin_build()
        credentials = ecr.credentials()
        digest = buildx.build(request, credentials, report=report.build_change, beat=lease.beat)
    reference = f"{store}@{digest}"
    ports = buildx.inspect(reference, credentials)
    report.say(f"Pushed {reference}")
    image, _ = Image.objects.update_or_create(
        repository=branch.repository,
        build_key=key,
        defaults={"digest": digest, "reference": reference, "ports": ports},
    )
    return image


def _port(repository: Repository, image: Image) -> int:
    """The repository's port, or the only EXPOSE of the image for the platform that tasks run on."""
    platform = repository.platforms[0]
    if platform not in image.ports:
        raise UserError(
            f"The image is for {', '.join(image.ports)}, but its tasks run on {platform}.",
            hint="Remove “--platform” from the Dockerfile's FROM, or set other platforms.",
        )
    exposed: list[int] = image.ports[platform]
    if repository.port:
        return repository.port
    if len(exposed) == 1:
        return exposed[0]
    if not exposed:
        raise UserError(
            "The port that the application listens on is not known.",
            hint="Add a line such as “EXPOSE 8000” to the Dockerfile, or set the port.",
        )
    raise UserError(
        f"The image exposes {len(exposed)} ports: {', '.join(map(str, exposed))}.",
        hint="Set the repository's port to the one that serves the preview.",
    )
