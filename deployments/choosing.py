"""Something else than the branch's head: an earlier deployment, or another commit. `intake` offers
them.

What is wanted of the branch afterwards is as before: a push, or a redeploy, deploys its head.
"""

import re

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from . import elsewhere
from .deploying import deploy
from .errors import UserError
from .models import Branch, Deployment
from .states import DeploymentState, Wanted

#: git itself abbreviates to no fewer than seven digits where it is not asked to.
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
#: As many earlier deployments as somebody looks through.
_OFFERED = 10


def rollback_targets(branch: Branch) -> QuerySet[Deployment]:
    """Deployments that were live once and are no more, newest first."""
    were_live = Q(state=DeploymentState.RETIRED, released_at__isnull=False)
    kept = branch.deployments.filter(were_live, builds__isnull=False)
    return kept.distinct().order_by("-generation")[:_OFFERED]


def roll_back(branch: Branch, to: Deployment, *, actor: str, reason: str = "") -> Deployment:
    """Bring an earlier deployment of the branch back, with the images that it had.

    A second click while the first one's deployment waits returns that deployment. Raises
    UserError where there is nothing to go back to.
    """
    while True:
        branch.refresh_from_db()
        _check_there(branch)
        if to.branch_id != branch.pk or not to.builds.exists():
            raise UserError(
                _("Deployment #%d has no image to go back to.") % to.generation,
                hint=_("Choose another one, or deploy its commit."),
            )
        waiting = _waiting(branch, Deployment.Trigger.ROLLBACK)
        if waiting is not None and waiting.rolls_back_to_id == to.pk:
            return waiting
        deployment = deploy(
            branch,
            to.commit,
            {},
            trigger=Deployment.Trigger.ROLLBACK,
            actor=actor,
            reason=reason or f"Back to #{to.generation}",
            rolls_back_to=to,
        )
        if deployment is not None:
            return deployment


def deploy_commit(
    branch: Branch, commit: str, *, actor: str, reason: str = "", no_cache: bool = False
) -> Deployment:
    """Deploy a commit of the branch that need not be its head; an abbreviation will do.

    Whether the branch has it is seen by the worker, who has the repository. Raises UserError for
    what cannot be a commit's hash.
    """
    commit = commit.strip().lower()
    if not _COMMIT.fullmatch(commit):
        raise UserError(
            _("“%s” is not a commit’s hash.") % commit[:80],
            hint=_("Give at least its first seven digits, such as 3f2a1bc."),
        )
    elsewhere.check_cache_wish(branch.repository, no_cache=no_cache)
    if branch.is_fork:
        commit = _approved(branch, commit)
    while True:
        branch.refresh_from_db()
        _check_there(branch)
        waiting = _waiting(branch, Deployment.Trigger.COMMIT)
        if waiting is not None and _is_same(waiting, branch, commit, no_cache=no_cache):
            return waiting
        deployment = deploy(
            branch,
            commit,
            {},
            trigger=Deployment.Trigger.COMMIT,
            actor=actor,
            reason=reason,
            no_cache=no_cache,
        )
        if deployment is not None:
            return deployment


def _is_same(waiting: Deployment, branch: Branch, commit: str, *, no_cache: bool) -> bool:
    is_elsewhere = elsewhere.is_expected(branch, Deployment.Trigger.COMMIT)
    # Where its images are known, its whole hash is.
    is_of_it = waiting.commit.startswith(commit) if is_elsewhere else waiting.commit == commit
    how = (waiting.no_cache, waiting.is_built_elsewhere)
    return is_of_it and how == (no_cache, is_elsewhere)


def _approved(branch: Branch, commit: str) -> str:
    """The whole hash of a commit of a fork, which somebody has approved."""
    approval = branch.approvals.filter(commit__startswith=commit).first()
    if approval is None:
        raise UserError(
            _("No commit %s of this fork was approved.") % commit[:12],
            hint=_("Only approved commits of a fork are deployed."),
        )
    return approval.commit


def _waiting(branch: Branch, trigger: Deployment.Trigger) -> Deployment | None:
    newest = branch.deployment
    if newest is None or newest.trigger != trigger or newest.state != DeploymentState.QUEUED:
        return None
    return newest


def _check_there(branch: Branch) -> None:
    if branch.wanted == Wanted.ABSENT:
        raise UserError(_("The preview was destroyed."), hint=_("Redeploy it first."))
