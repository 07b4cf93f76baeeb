"""Images that somebody else builds: a deployment waits for them, is given them, or gives up."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from . import announcing
from .adapters import wakeups
from .causes import Cause
from .config import config
from .errors import UserError
from .models import Branch, Deployment, ImageSet, Repository
from .models.moves import move_deployment
from .states import DeploymentState

_AT_ONCE = 500


def is_expected(branch: Branch, trigger: Deployment.Trigger) -> bool:
    """Whether a new deployment of the branch needs images that are handed over.

    What was live before comes back as it was made, whatever the repository's setting is by now.
    """
    if trigger == Deployment.Trigger.ROLLBACK:
        return False
    if trigger == Deployment.Trigger.REPAIR and branch.live is not None:
        return branch.live.is_built_elsewhere
    return branch.repository.builds == Repository.Builds.ACTIONS


def known_images(repository: Repository, branch_name: str, commit: str) -> ImageSet | None:
    """What was handed over of the commit last; its first digits will do."""
    sets = ImageSet.objects.filter(repository=repository, branch_name=branch_name)
    return sets.filter(commit__startswith=commit).order_by("-pk").first()


def check_cache_wish(repository: Repository, *, no_cache: bool) -> None:
    """Raise UserError for the wish to build anew where Edaha does not build."""
    if no_cache and repository.builds == Repository.Builds.ACTIONS:
        raise UserError(
            _("GitHub Actions builds the images of %s: there is nothing to build anew here.")
            % repository,
            hint=_("Run its workflow again on GitHub, or deploy it without that wish."),
        )


def awaiting() -> QuerySet[Deployment]:
    """Deployments whose images have not come yet."""
    return Deployment.objects.filter(
        state=DeploymentState.QUEUED, is_built_elsewhere=True, image_set=None
    )


def give(deployment: Deployment, images: ImageSet) -> bool:
    """Let one that waits go on with these; False where it does not wait any more."""
    with transaction.atomic():
        # As every move does: whoever gives it up meanwhile has to see these, or be seen.
        Branch.objects.select_for_update().only("pk").get(pk=deployment.branch_id)
        given = (
            awaiting()
            .filter(pk=deployment.pk)
            .update(
                image_set=images,
                commit=images.commit,
                # From now on it waits for its turn.
                state_changed_at=timezone.now(),
            )
        )
        if not given:
            return False
        announcing.changed(deployment.branch_id, deployment.pk)
    wakeups.wake(wakeups.BUILD, deployment.pk)
    wakeups.notify(branch=deployment.branch_id, deployment=deployment.pk)
    return True


def give_up_overdue(now: datetime) -> None:
    """End those that have waited for too long."""
    minutes = config().images_wait_minutes
    overdue = awaiting().filter(created_at__lt=now - timedelta(minutes=minutes))
    for deployment in overdue.select_related("branch")[:_AT_ONCE]:
        _give_up(deployment, minutes, now)


def _give_up(deployment: Deployment, minutes: int, now: datetime) -> None:
    message = f"GitHub Actions handed no images over within {minutes} minutes."
    with transaction.atomic():
        Branch.objects.select_for_update().only("pk").get(pk=deployment.branch_id)
        if not awaiting().filter(pk=deployment.pk).exists():
            return
        move_deployment(
            deployment,
            DeploymentState.FAILED,
            reason=message,
            error=message,
            hint=f"Look at the workflow's run for commit {deployment.short_commit} on GitHub, and "
            "run it again. An operator can raise EDAHA_IMAGES_WAIT_MINUTES.",
            cause=Cause.NO_IMAGES,
            finished_at=now,
            due_at=now,
        )
