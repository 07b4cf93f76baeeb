"""The build cache: given to other builders when the deployment is on its way already.

It happens on the machine that has just built, since nobody else has anything to give.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from django.utils import timezone

from .. import handover, names
from ..adapters import buildx, ecr, git
from ..config import config
from ..definitions.application import Image
from ..errors import PlatformError, Superseded
from ..models import Branch, Deployment
from ..states import Wanted
from .request import build_request, store_of

log = structlog.get_logger(__name__)

_HOLD = timedelta(seconds=30)


def export_cache(deployment: Deployment, built: Sequence[Image]) -> None:
    """Best effort; it gives way to the branch's next build, and to its end.

    A stranger's is never exported: others would read it.
    """
    if not built or not deployment.is_trusted:
        return
    rows = Deployment.objects.filter(pk=deployment.pk)
    branch = deployment.branch

    def beat() -> None:
        # First said, then looked: whoever ends the branch waits until nothing comes any more.
        rows.update(exporting_until=timezone.now() + _HOLD)
        newest = Branch.objects.filter(pk=branch.pk, deployment=deployment, wanted=Wanted.PRESENT)
        if not newest.exists():
            raise Superseded("The branch has moved on: nobody needs this cache.")
        if handover.is_requested():
            raise Superseded("This worker is being stopped.")

    try:
        beat()
        with git.worktree_held(branch.repository, branch, beat):
            for image in built:
                _export(deployment, image, beat)
    except (PlatformError, Superseded) as problem:
        # Costs a later build some time, and nobody's attention.
        log.info("cache_not_exported", deployment=deployment.pk, problem=str(problem))
    finally:
        rows.update(exporting_until=None)


def _export(deployment: Deployment, image: Image, beat: Callable[[], None]) -> None:
    """Write the branch's cache; the one before would stay in ECR for ever, without a tag."""
    branch = deployment.branch
    # Secrets are no part of a cache's key, and every step that uses one has just been built.
    request = build_request(deployment, image, {})
    buildx.remove_local(request.target)
    name = names.image_repository(config().installation, branch.repository.full_name)
    tag = names.cache_tag(branch.slug, image.name)
    before = ecr.digest_of(name, tag)
    reference = f"{store_of(deployment)}:{tag}"
    buildx.export_cache(request, ecr.credentials(), reference, beat=beat)
    if before and before != ecr.digest_of(name, tag):
        ecr.delete_images(name, tags=[], digests=[before])
