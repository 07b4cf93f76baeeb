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
from ..errors import PlatformError, Superseded, UserError
from ..models import Branch, Deployment, Image, Repository
from ..models.lease import Lease
from ..states import DeploymentState, Wanted
from .attempt import attempt
from .report import Report

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
    wakeups.wake(wakeups.EXPORT_CACHE, deployment.pk, countdown=5)


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
        request, store = _request(deployment)
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


def _request(deployment: Deployment) -> tuple[buildx.BuildRequest, str]:
    """What to build, and the `registry/repository` that it goes to; checks the files out."""
    branch = deployment.branch
    repository = branch.repository
    worktree = git.checkout(repository, branch, deployment.commit)
    store = ecr.ensure_repository(
        names.image_repository(config().installation, repository.full_name)
    )
    caches = dict.fromkeys([branch.slug, names.slugify(repository.default_branch)])
    request = buildx.BuildRequest(
        context=_beneath(worktree, repository.context),
        dockerfile=_beneath(worktree, repository.dockerfile),
        platforms=tuple(repository.platforms),
        target=f"{store}:{names.image_tag(branch.slug, deployment.commit)}",
        cache_from=tuple(f"{store}:{names.cache_tag(slug)}" for slug in caches),
        no_cache=deployment.no_cache,
    )
    return request, store


def _beneath(worktree: Path, path: str) -> Path:
    """`path` in the worktree; a link that leaves it is refused."""
    found = (worktree / path).resolve()
    if not found.is_relative_to(worktree.resolve()):
        raise UserError(f"{path} leads out of the repository by a symbolic link.")
    return found


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


def export_cache(deployment_id: int) -> None:
    """Off the deployment's path: give the build cache to other builders, and tidy up here."""
    found = Deployment.objects.select_related("branch__repository").filter(pk=deployment_id)
    deployment = found.first()
    if deployment is None:
        return
    branch = deployment.branch
    built_here = deployment.built_at is not None and not deployment.build_reused
    if not built_here or branch.deployment_id != deployment.pk or branch.wanted == Wanted.ABSENT:
        return
    try:
        with git.worktree_held(branch.repository, branch, _give_way):
            request, store = _request(deployment)
            buildx.remove_local(request.target)
            cache = f"{store}:{names.cache_tag(branch.slug)}"
            buildx.export_cache(request, ecr.credentials(), cache)
    except (PlatformError, Superseded) as problem:
        # Costs a later build some time, and nobody's attention.
        log.info("cache_not_exported", deployment=deployment_id, problem=str(problem))


def _give_way() -> None:
    raise Superseded("The branch is built again: that build's cache is worth more.")
