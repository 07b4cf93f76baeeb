"""Images that were handed over: checked when they come, and taken instead of a build."""

import re
from collections.abc import Mapping, Sequence

from .. import names
from ..adapters import buildx, ecr
from ..causes import Cause
from ..config import config
from ..definitions.application import Image as Spec
from ..errors import UserError
from ..models import Branch, Build, Image, ImageSet, Repository
from ..models.lease import Lease
from .report import Report
from .request import store_for

_REFERENCE = re.compile(r"(?P<store>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})")
_QUOTED = 120


def problems(
    repository: Repository, specs: Sequence[Spec], given: Mapping[str, str]
) -> dict[str, str]:
    """What is wrong with the images that are handed over: name → sentence, all at once."""
    wanted = {spec.name: spec for spec in specs}
    known = ", ".join(wanted)
    unknown = f"There is no such image in the application; it has {known}."
    found = dict.fromkeys(given.keys() - wanted.keys(), unknown)
    store = store_for(repository)
    for name, spec in wanted.items():
        if name not in given:
            found[name] = "It is missing: the application has this image."
        elif problem := _problem(repository, store, spec, given[name]):
            found[name] = problem
    return found


def _problem(repository: Repository, store: str, spec: Spec, reference: str) -> str:
    """Nothing is asked of the registry before it is known to be the repository's own."""
    parts = _REFERENCE.fullmatch(reference)
    if parts is None:
        return f"Write it as {store}@sha256:… with all 64 digits: a tag may move."
    if parts["store"] != store:
        return f"It has to be in {store}, and not in {parts['store'][:_QUOTED]}."
    manifest = ecr.manifest(_name(repository), parts["digest"])
    if manifest is None:
        return f"{store} has no image {parts['digest']}. Push it before."
    built = ecr.platforms(manifest)
    # An image of one platform does not say in its manifest which: the build worker reads on.
    lacking = sorted(set(spec.platforms) - built) if built is not None else []
    if lacking:
        has = ", ".join(sorted(built or ())) or "none"
        return f"It lacks {', '.join(lacking)}; it is built for {has}."
    return ""


def of_strangers(branch: Branch, images: Mapping[str, str]) -> dict[str, str]:
    """What was built of a fork is not to get the secrets of the repository's own branches."""
    if branch.is_fork:
        return {}
    built = Build.objects.filter(
        deployment__branch__repository=branch.repository,
        deployment__is_trusted=False,
        reference__in=images.values(),
    )
    handed_over = ImageSet.objects.filter(
        repository=branch.repository, branch_name__startswith=names.pull_request_branch(0)[:-1]
    )
    theirs = set(built.values_list("reference", flat=True))
    theirs |= {reference for each in handed_over for reference in each.images.values()}
    said = "It was built of a pull request from a fork. Build it of this branch."
    return {name: said for name, reference in images.items() if reference in theirs}


def take(lease: Lease, report: Report, spec: Spec) -> Image:
    """The image that was handed over. Raises UserError where it is gone, or runs nowhere."""
    deployment = lease.deployment
    repository = deployment.branch.repository
    images = deployment.image_set.images if deployment.image_set else {}
    reference = str(images.get(spec.name, ""))
    digest = reference.rpartition("@")[2]
    if not reference or not ecr.has_image(_name(repository), digest):
        raise UserError(
            f"The image {spec.name} that was handed over is gone."
            if reference
            else f"The image {spec.name} was not handed over.",
            hint=f"Run the workflow of commit {deployment.short_commit} again: it builds and hands "
            "over all images.",
            cause=Cause.NO_IMAGES,
        )
    ports = buildx.inspect(reference, ecr.credentials())
    if lacking := sorted(set(spec.platforms) - ports.keys()):
        raise UserError(
            f"The image {spec.name} lacks {', '.join(lacking)}; it is built for "
            f"{', '.join(sorted(ports))}.",
            hint="Have the workflow build it for the platforms of the build plan, or set them in "
            "edaha.yml or the repository's settings.",
            cause=Cause.IMAGE_PLATFORM,
        )
    report.say(f"The image {spec.name} was built by GitHub Actions: {reference}")
    Build.objects.update_or_create(
        deployment=deployment, name=spec.name, defaults={"reference": reference, "reused": True}
    )
    return Image(repository=repository, digest=digest, reference=reference, ports=ports)


def _name(repository: Repository) -> str:
    return names.image_repository(config().installation, repository.full_name)
