"""Images that were built elsewhere are handed over: what has to be built, and what becomes of it.

It is decided as a delivery about the same commit would be, by what git says now. So it may come
before that delivery, after it, twice, or too late.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from . import decisions, elsewhere, intake
from .adapters import aws, git, gitsnapshot
from .config import config
from .definitions.application import Image as Spec
from .errors import UserError
from .models import Branch, Deployment, ImageSet, Repository
from .names import image_tag, pull_request_branch, slugify
from .payloads import Event, skip_marker
from .pipeline import handed
from .pipeline import plan as plans
from .pipeline.request import store_for
from .states import Wanted


class NotThere(UserError):
    """There is no such branch, or it has no such commit."""


class NotApproved(UserError):
    """It is a stranger's commit."""


@dataclass(frozen=True)
class Given:
    """What somebody hands over."""

    branch: str
    commit: str
    #: Name → `registry/repository@sha256:…`
    images: Mapping[str, str]
    run_url: str = ""
    reason: str = ""


@dataclass(frozen=True)
class BuildPlan:
    """What has to be built of a commit, and where it goes."""

    commit: str
    region: str
    #: `registry/repository`
    store: str
    #: Each image, and the tag that it is pushed with.
    images: tuple[tuple[Spec, str], ...]


def build_plan(repository: Repository, branch_name: str, commit: str) -> BuildPlan:
    """Raises UserError where nothing of it is built elsewhere, and what the two above say."""
    _check_setting(repository)
    branch = _branch(repository, branch_name)
    _check_trust(branch, commit)
    _head_with(branch, commit)
    specs = _specs(branch, commit)
    region = aws.client("ecs").meta.region_name
    tagged = tuple((spec, image_tag(branch.slug, commit, spec.name)) for spec in specs)
    return BuildPlan(commit, region, store_for(repository), tagged)


def hand_over(repository: Repository, given: Given, *, actor: str) -> Deployment:
    """Deploy these images of a commit, unless a newer one is wanted by now.

    The same images again are the same deployment. Raises UserError, what the two above say, and
    ValidationError with what is wrong with which image.
    """
    _check_setting(repository)
    branch = _branch(repository, given.branch)
    _check_trust(branch, given.commit)
    _check_newest(branch, given.commit)
    wrong = handed.problems(repository, _specs(branch, given.commit), given.images)
    wrong |= handed.of_strangers(branch, given.images)
    wrong |= _wrong_run(repository, given.run_url)
    if wrong:
        raise ValidationError(wrong)
    images = _kept(repository, given, actor)
    while True:
        deployment = _deployed(repository, images) or _wished(repository, images, given, actor)
        if deployment is not None:
            return deployment


def _check_setting(repository: Repository) -> None:
    if repository.builds != Repository.Builds.ACTIONS:
        raise UserError(
            f"Edaha itself builds the images of {repository}.",
            hint="To hand them over, have an administrator set what builds them: “GitHub Actions” "
            "in its settings, or manage repository set --builds actions.",
        )


def _branch(repository: Repository, name: str) -> Branch:
    """Its row, or what that would be: there may be none yet."""
    known = Branch.objects.select_related("repository").filter(repository=repository, name=name)
    if (branch := known.first()) is not None:
        return branch
    if name.startswith(pull_request_branch(0)[:-1]):
        raise NotThere(f"No pull request from a fork is known as {name}.")
    return Branch(repository=repository, name=name, slug=slugify(name))


def _check_trust(branch: Branch, commit: str) -> None:
    if branch.is_fork and not branch.approvals.filter(commit=commit).exists():
        raise NotApproved(
            f"Commit {commit[:7]} comes from a fork, and nobody has approved it.",
            hint="Somebody with the role deployer approves it on the preview's page.",
        )


def _head_with(branch: Branch, commit: str) -> str:
    """The branch's head, which has the commit."""
    head = gitsnapshot.head_of(branch)
    if head is None:
        raise NotThere(f"There is no branch {branch.name} in {branch.repository}.")
    if not gitsnapshot.has(branch.repository, head, commit):
        raise NotThere(f"The branch {branch.name} has no commit {commit[:7]}.")
    return head


def _check_newest(branch: Branch, commit: str) -> None:
    """Of a fork, what was approved last counts; otherwise what git has now."""
    wanted = branch.wanted_commit if branch.is_fork else _head_with(branch, commit)
    newest = branch.deployment
    # Somebody has chosen an older one.
    is_awaited = newest is not None and _waits_for(newest, commit)
    if commit != wanted and not is_awaited:
        raise UserError(
            f"A newer commit of {branch.name} is wanted by now: {wanted[:7]}.",
            hint="Nothing has to be done: the workflow of that commit hands its own images over.",
        )


def _specs(branch: Branch, commit: str) -> tuple[Spec, ...]:
    made = Deployment(branch=branch, commit=commit, generation=branch.generation + 1)
    with gitsnapshot.snapshot(branch.repository, commit) as mirror:
        return plans.images(made, mirror)


def _wrong_run(repository: Repository, url: str) -> dict[str, str]:
    """It becomes a link that people follow: only to runs of this very repository."""
    start = f"{config().github_url.rstrip('/')}/{repository.full_name}/actions/runs/"
    rest = url[len(start) :].removesuffix("/")
    parts = rest.replace("/attempts/", "/", 1).split("/")
    is_run = url.lower().startswith(start.lower()) and len(parts) <= len(("run", "attempt"))
    if not url or (is_run and all(part.isascii() and part.isdecimal() for part in parts)):
        return {}
    return {"run_url": f"Give the address of the run, such as {start}4711, or none."}


def _kept(repository: Repository, given: Given, actor: str) -> ImageSet:
    """What was handed over, as a row; the same as before is that one."""
    known = elsewhere.known_images(repository, given.branch, given.commit)
    if known is not None and known.images == dict(given.images):
        return known
    return ImageSet.objects.create(
        repository=repository,
        branch_name=given.branch,
        commit=given.commit,
        images=dict(given.images),
        run_url=given.run_url,
        actor=actor[:150],
    )


def _deployed(repository: Repository, images: ImageSet) -> Deployment | None:
    """The branch's newest deployment, where it has these images or was waiting for them."""
    rows = Branch.objects.select_related("deployment__image_set", "deployment__branch")
    branch = rows.filter(repository=repository, name=images.branch_name).first()
    newest = branch.deployment if branch is not None else None
    if branch is None or newest is None or branch.wanted == Wanted.ABSENT:
        return None
    if newest.image_set is not None and _are_same(newest.image_set, images):
        return newest
    if _waits_for(newest, images.commit) and elsewhere.give(newest, images):
        newest.refresh_from_db()
        return newest
    return None


def _waits_for(deployment: Deployment, commit: str) -> bool:
    return deployment.awaits_images and commit.startswith(deployment.commit)


def _are_same(one: ImageSet, other: ImageSet) -> bool:
    return (one.commit, one.images) == (other.commit, other.images)


def _wished(
    repository: Repository, images: ImageSet, given: Given, actor: str
) -> Deployment | None:
    """A new deployment, which finds them. None where somebody else wished something meanwhile."""
    commit = images.commit
    branch = _branch(repository, images.branch_name)
    if branch.wanted == Wanted.PRESENT and branch.wanted_commit == commit:
        _check_not_chosen(branch, commit)
        trigger = Deployment.Trigger.REDEPLOY
        return intake.want_commit(branch, commit, trigger=trigger, actor=actor, reason=given.reason)
    decision = decisions.Decision("ignored: a newer commit of the fork was approved")
    if not branch.is_fork:
        decision = decisions.decide(repository, _news(repository, images, actor))
    if not decision.changes_something:
        if (made := _deployed(repository, images)) is not None:
            return made
        raise UserError(
            _("There is no preview for these images: %s") % decision.text,
            hint=_(
                "They are kept. Should the commit get a preview later, such as when its pull "
                "request is opened, it needs no other build."
            ),
        )
    return None


def _check_not_chosen(branch: Branch, commit: str) -> None:
    """A rollback, or another commit, that somebody has chosen since is not undone by a workflow."""
    newest = branch.deployment
    if newest is None or newest.commit == commit:
        return
    if newest.trigger in Deployment.Trigger.chosen():
        raise UserError(
            _("Somebody has chosen another commit of the branch since: %s.") % newest.short_commit,
            hint=_("These images are kept: redeploy the branch, and they are deployed."),
        )


def _news(repository: Repository, images: ImageSet, actor: str) -> Event:
    """What the delivery would have told of, which has not come."""
    message = git.commit_message(repository, images.commit)
    return Event(
        "push",
        repository=repository.full_name,
        branch=images.branch_name,
        sender=actor,
        commit=images.commit,
        skip_marker=skip_marker(message),
        is_found=True,
    )
