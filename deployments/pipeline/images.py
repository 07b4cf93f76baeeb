"""One image of a deployment: found again where nothing in it has changed, or built."""

import hashlib
import json
import posixpath
from dataclasses import replace
from pathlib import Path

from .. import names
from ..adapters import buildx, ecr, git
from ..adapters.gitfiles import GitFiles
from ..causes import Cause
from ..config import config
from ..definitions.application import Image as Spec
from ..definitions.plan import Plan
from ..errors import UserError
from ..models import Build, Image, Repository
from ..models.lease import Lease
from . import secrets
from .report import Report
from .request import build_request, store_of

#: Part of every build key: a change of how Edaha builds makes a new one.
_BUILD_VERSION = 2


def find_or_build(lease: Lease, report: Report, plan: Plan, spec: Spec) -> tuple[Image, bool]:
    """The image in the registry, and whether it was there before."""
    deployment = lease.deployment
    repository = deployment.branch.repository
    given = replace(spec, secrets=secrets.for_build(deployment, spec))
    key = build_key(repository, deployment.commit, given, plan.definition_files)
    if not deployment.is_trusted:
        # Equal files, but not an equal image: only this pull request's own builds are reused.
        key = hashlib.sha256(f"fork {deployment.branch_id} {key}".encode()).hexdigest()
    known = Image.objects.filter(repository=repository, build_key=key).first()
    reused = known is not None and not deployment.no_cache and _still_there(known)
    if known is None or not reused:
        known = _build(lease, report, spec, key)
    else:
        report.say(f"Nothing that goes into the image {spec.name} has changed: no build needed.")
    Build.objects.update_or_create(
        deployment=deployment,
        name=spec.name,
        defaults={"reference": known.reference, "reused": reused},
    )
    return known, reused


def find_again(lease: Lease, report: Report, spec: Spec) -> Image:
    """The image that the deployment which is rolled back to had; raises UserError if it is gone."""
    deployment, earlier = lease.deployment, lease.deployment.rolls_back_to
    repository = deployment.branch.repository
    build = earlier.builds.filter(name=spec.name).first() if earlier else None
    name = names.image_repository(config().installation, repository.full_name)
    if earlier is None or build is None or not ecr.has_image(name, build.digest):
        raise UserError(
            f"The image {spec.name} of the deployment to go back to is gone.",
            hint=f"Deploy the commit {deployment.short_commit} instead: that builds it again.",
            cause=Cause.IMAGE_PULL,
        )
    report.say(f"The image {spec.name} is the one of deployment #{earlier.generation}: no build.")
    Build.objects.update_or_create(
        deployment=deployment,
        name=spec.name,
        defaults={"reference": build.reference, "reused": True},
    )
    known = Image.objects.filter(repository=repository, reference=build.reference).first()
    # A build without the cache may have taken its place among the known ones.
    return known or Image(
        repository=repository,
        digest=build.digest,
        reference=build.reference,
        ports=buildx.inspect(build.reference, ecr.credentials()),
    )


def build_key(
    repository: Repository, commit: str, spec: Spec, definition_files: frozenset[str]
) -> str:
    """Hash of everything that goes into an image: equal keys, equal images.

    Raises UserError where there is no Dockerfile or no context folder.
    """
    mirror = git.mirror_path(repository)
    with GitFiles(repository, mirror, commit) as files:
        dockerfile = files.read(spec.dockerfile)
        ignored = [files.read(path) for path in _ignore_files(spec)]
    if dockerfile is None:
        raise UserError(
            f"There is no {spec.dockerfile} in commit {commit[:7]}.",
            hint="Add a Dockerfile, or set the path of the one that there is.",
            cause=Cause.MISSING_FILE,
        )
    content = [
        _content(repository, mirror, commit, path, definition_files)
        for path in spec.paths or (spec.context,)
    ]
    how = [spec.dockerfile, spec.context, spec.target, sorted(spec.args.items()), spec.platforms]
    # What a link leads to counts, and not the link: read, and not asked of git by its name.
    read = [hashlib.sha256(each or b"").hexdigest() for each in (dockerfile, *ignored)]
    inputs = [
        _BUILD_VERSION,
        spec.name,
        read,
        content,
        how,
        spec.paths,
        sorted(spec.secrets.items()),
    ]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def _ignore_files(spec: Spec) -> list[str]:
    """https://docs.docker.com/build/concepts/context/#dockerignore-files"""
    return [f"{spec.dockerfile}.dockerignore", posixpath.join(spec.context, ".dockerignore")]


def _content(
    repository: Repository, mirror: Path, commit: str, path: str, definition_files: frozenset[str]
) -> str:
    """The hash of what is at `path`, without the files that only say how it is deployed."""
    whole = git.object_hash(repository, mirror, commit, path)
    if whole is None:
        raise UserError(
            f"There is no folder {path} in commit {commit[:7]}.",
            hint="Set the image's context and paths to what is in the repository.",
            cause=Cause.MISSING_FILE,
        )
    if path != "." and git.is_link(repository, mirror, commit, path):
        raise UserError(
            f"{path} is a symbolic link.", hint="Name the folder or file that it leads to."
        )
    folder = "" if path == "." else f"{path}/"
    if not any(name.startswith(folder) for name in definition_files):
        return whole
    entries = git.tree_entries(repository, mirror, commit, path)
    counted = [entry for entry in entries if entry[2] not in definition_files]
    return hashlib.sha256(json.dumps(counted).encode()).hexdigest()


def _still_there(image: Image) -> bool:
    name = names.image_repository(config().installation, image.repository.full_name)
    return ecr.has_image(name, image.digest)


def _build(lease: Lease, report: Report, spec: Spec, key: str) -> Image:
    deployment = lease.deployment
    branch = deployment.branch
    values = secrets.build_values(deployment, spec)
    report.conceal(values.values())
    # A build that this one replaces may still be reading the files: it ends within a heartbeat.
    with git.worktree_held(branch.repository, branch, lease.beat):
        request = build_request(deployment, spec, values)
        report.begin_build()
        credentials = ecr.credentials()
        digest = buildx.build(request, credentials, report=report.build_change, beat=lease.beat)
    reference = f"{store_of(deployment)}@{digest}"
    ports = buildx.inspect(reference, credentials)
    report.say(f"Pushed {reference}")
    image, _ = Image.objects.update_or_create(
        repository=branch.repository,
        build_key=key,
        defaults={"digest": digest, "reference": reference, "ports": ports},
    )
    return image
