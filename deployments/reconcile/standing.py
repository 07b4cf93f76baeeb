"""What the rows say that things in AWS stand for, by their names and tags."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from ..config import config
from ..models import Branch, Build, Deployment, ImageSet, Service
from ..states import BranchState

#: A pass takes no longer.
_LATELY = 120
#: As `pipeline.hooks` has it: installation, branch, generation, kind of hook.
_TOKEN = re.compile(r"([a-z0-9]+)-(\d{1,18})-(\d{1,18})-(?:release|destroy)")
#: As `names.image_tag` and `names.cache_tag` have it.
_IMAGE_TAG = re.compile(r"([a-z0-9-]+)-[0-9a-f]{12}\.[^.]+")
_CACHE_TAG = re.compile(r"cache-([a-z0-9-]+)\.[^.]+")


def release_names() -> set[str]:
    """Names of every ECS and Cloud Map service that may still be needed, or is being removed."""
    rows = Service.objects.filter(_left_or_going())
    return set(rows.values_list("release_name", flat=True))


def _lately() -> datetime:
    return timezone.now() - timedelta(seconds=min(_LATELY, config().orphan_grace_seconds))


def _left_or_going() -> Q:
    """What was removed just now may have been seen before."""
    lately = _lately()
    return Q(deployment__cleaned_at=None) | Q(deployment__cleaned_at__gt=lately)


def has_release(name: str) -> bool:
    return Service.objects.filter(release_name=name, deployment__cleaned_at=None).exists()


def has_task(token: str) -> bool:
    """Whether the deployment that started a one-off task may still need it."""
    branch, generation = deployment_of(token) or (0, 0)
    return Deployment.objects.filter(
        branch_id=branch, generation=generation, cleaned_at=None
    ).exists()


def deployment_of(token: str) -> tuple[int, int] | None:
    """(branch id, generation) of who started a one-off task; None where it was not Edaha."""
    found = _TOKEN.fullmatch(token)
    if found is None or found[1] != config().installation:
        return None
    return int(found[2]), int(found[3])


def parameters() -> set[str]:
    """Names in SSM that containers of a deployment may still read, or have read lately."""
    rows = Service.objects.filter(_left_or_going()).values_list("parameters", flat=True)
    return {name for parameters in rows for name in parameters}


def branch_ids() -> set[int]:
    """Branches of which something is left, or on its way."""
    return set(_standing().values_list("pk", flat=True))


def has_branch(family: str) -> bool:
    """Whether a family of task definitions belongs to a branch that is not gone."""
    number = branch_of(family)
    return number is None or _standing().filter(pk=number).exists()


def branch_of(family: str) -> int | None:
    """The branch's id at the end of a family's name (`names.family`)."""
    tail = family.rpartition("-")[2]
    return int(tail) if tail.isdecimal() and tail.isascii() and len(tail) < 19 else None


@dataclass(frozen=True)
class Images:
    """What images stand for: branches by slugs; builds, and what was handed over, by digests."""

    slugs: frozenset[str]
    digests: frozenset[str]

    @classmethod
    def read(cls) -> "Images":
        references = set(_needed_builds().values_list("reference", flat=True).distinct())
        for images in ImageSet.objects.values_list("images", flat=True):
            references |= set(images.values())
        return cls(
            frozenset(_standing().values_list("slug", flat=True)),
            frozenset(reference.rpartition("@")[2] for reference in references),
        )

    def include(self, digest: str, tags: list[str]) -> bool:
        """Whether the image is needed, or none that Edaha has named."""
        slugs = [_slug(tag) for tag in tags]
        if digest in self.digests or not slugs:
            return True
        return any(slug is None or slug in self.slugs for slug in slugs)


def _slug(tag: str) -> str | None:
    found = _CACHE_TAG.fullmatch(tag) or _IMAGE_TAG.fullmatch(tag)
    return found[1] if found else None


def _standing() -> QuerySet[Branch]:
    lately = _lately()
    return Branch.objects.exclude(state=BranchState.DESTROYED, state_changed_at__lte=lately)


def _needed_builds() -> QuerySet[Build]:
    return Build.objects.filter(
        _left_or_going() | ~Q(deployment__branch__state=BranchState.DESTROYED)
    )
