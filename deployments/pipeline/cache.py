"""The build cache: given to other builders when the deployment is on its way already.

It happens on the machine that has just built, since nobody else has anything to give.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.utils import timezone

from .. import names
from ..adapters import buildx, ecr, git
from ..config import config
from ..errors import PlatformError, Superseded
from ..models import Branch, Deployment
from ..states import Wanted
from .request import build_request

log = structlog.get_logger(__name__)

_HOLD = timedelta(seconds=30)


def export_cache(deployment: Deployment) -> None:
    """Best effort; it gives way to the branch's next build, and to its end."""
    if deployment.built_at is None or deployment.build_reused:
        return
    rows = Deployment.objects.filter(pk=deployment.pk)
    branch = deployment.branch

    def beat() -> None:
        # First said, then looked: whoever ends the branch waits until nothing comes any more.
        rows.update(exporting_until=timezone.now() + _HOLD)
        newest = Branch.objects.filter(pk=branch.pk, deployment=deployment, wanted=Wanted.PRESENT)
        if not newest.exists():
            raise Superseded("The branch has moved on: nobody needs this cache.")

    try:
        beat()
        with git.worktree_held(branch.repository, branch, beat):
            request, store = build_request(deployment)
            buildx.remove_local(request.target)
            _replace(request, store, branch, beat)
    except (PlatformError, Superseded) as problem:
        # Costs a later build some time, and nobody's attention.
        log.info("cache_not_exported", deployment=deployment.pk, problem=str(problem))
    finally:
        rows.update(exporting_until=None)


def _replace(
    request: buildx.BuildRequest, store: str, branch: Branch, beat: Callable[[], None]
) -> None:
    """Write the branch's cache; the one before would stay in ECR for ever, without a tag."""
    name = names.image_repository(config().installation, branch.repository.full_name)
    tag = names.cache_tag(branch.slug)
    before = ecr.digest_of(name, tag)
    buildx.export_cache(request, ecr.credentials(), f"{store}:{tag}", beat=beat)
    if before and before != ecr.digest_of(name, tag):
        ecr.delete_images(name, tags=[], digests=[before])
