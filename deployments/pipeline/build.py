"""From a commit to images in the registry, and to what ECS is to be told of them."""

import structlog
from django.utils import timezone

from ..adapters import budget, git, wakeups
from ..adapters.deadline import deadline
from ..definitions.application import Image as Spec
from ..definitions.plan import Plan
from ..models import Deployment, Image, Tally
from ..models.lease import Lease
from ..states import DeploymentState
from . import handed, queue, source, tidy
from . import plan as plans
from .attempt import attempt
from .baseline import remember_baseline
from .cache import export_cache
from .images import find_again, find_or_build
from .report import Report

#: Reading takes parts of a second, and some more where templates look things up in AWS.
_READING_SECONDS = 25.0

log = structlog.get_logger(__name__)


def build(deployment_id: int) -> None:
    """Go on with a build that nobody works on any more, or begin the one whose turn it is."""
    interrupted = Lease.claim(deployment_id, {DeploymentState.BUILDING})
    lease = interrupted or queue.begin_next()
    if lease is not None:
        _build(lease, is_new=interrupted is None)


def _build(lease: Lease, *, is_new: bool) -> None:
    """Check out, read the definitions, build what has changed; then hand over."""
    deployment = lease.deployment
    built: list[Spec] = []
    with Report(deployment) as report, attempt(lease, report):
        _begin(lease, report, is_new=is_new)
        plan = _plan(lease, report)
        images: dict[str, Image] = {}
        for spec in plan.application.images:
            images[spec.name], reused = _image(lease, report, plan, spec)
            built += [] if reused else [spec]
        lease.beat()
        plans.write_down(deployment, plan, images)
        report.flush()
        lease.move(DeploymentState.RELEASING, built_at=timezone.now(), build_reused=not built)
        wakeups.wake(wakeups.RELEASE, deployment.pk)
        queue.wake_next()
    Tally.note(Tally.Name.THROTTLED, timezone.now(), budget.take_refused())
    if deployment.built_at is not None:
        remember_baseline(deployment)
        export_cache(deployment, built)


def _image(lease: Lease, report: Report, plan: Plan, spec: Spec) -> tuple[Image, bool]:
    """What to run, and whether it was there before."""
    if lease.deployment.is_built_elsewhere:
        return handed.take(lease, report, spec), True
    if lease.deployment.trigger == Deployment.Trigger.ROLLBACK:
        return find_again(lease, report, spec), True
    return find_or_build(lease, report, plan, spec)


def _begin(lease: Lease, report: Report, *, is_new: bool) -> None:
    lease.check_wanted()
    if not is_new:
        report.forget_steps()
        report.say("An earlier try was interrupted; beginning again.")
    tidy.ensure_room(report.say)
    source.choose(lease, report)


def _plan(lease: Lease, report: Report) -> Plan:
    deployment = lease.deployment
    repository = deployment.branch.repository
    with report.step("Check out"):
        mirror = git.fetch(repository, deployment.branch, deployment.commit)
        subject = git.commit_subject(repository, mirror, deployment.commit)
        report.say(f"Commit {deployment.short_commit}: {subject}")
        source.remember_changes(lease)
    with report.step("Read definitions"):
        lease.beat()
        # Within the lease: nobody else shall begin with what may be an attack.
        with deadline(_READING_SECONDS, "Reading the definitions"):
            plan = plans.read(deployment)
        report.conceal(plan.confidential)
        report.say(plans.summary(plan))
        lease.save(source=plan.application.source)
        for note in plans.verify(deployment, plan):
            report.say(note)
    return plan
