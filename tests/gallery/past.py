"""Thirty days of deployments, for the charts."""

import random
from datetime import datetime, timedelta

from deployments.causes import Cause
from deployments.models import Branch, Deployment, Repository
from deployments.states import DeploymentState

_CAUSES = [Cause.DOCKERFILE, Cause.DOCKERFILE, Cause.HEALTH_CHECK, Cause.MEMORY, Cause.CRASH]


def tell(repository: Repository, branch: Branch, now: datetime) -> None:
    """Deployments of one branch, more of them on working days, and faster at the end."""
    dice = random.Random(7)
    other = Branch.for_name(repository, "feature/history", title="Order history")
    Branch.objects.filter(pk=other.pk).update(state="destroyed", wanted="absent")
    generation = 0
    for days in range(30, 0, -1):
        day = now - timedelta(days=days)
        for _ in range(dice.randint(1, 4) if day.weekday() > 4 else dice.randint(7, 16)):
            generation += 1
            _one(other, generation, day + timedelta(minutes=dice.randint(0, 500)), dice, days)


def _one(branch: Branch, generation: int, at: datetime, dice: random.Random, days: int) -> None:
    failed, reused = dice.random() < 0.09, dice.random() < 0.35
    build = 3 if reused else dice.lognormvariate(4, 0.4) * (0.7 + days / 60)
    times = {"started_at": at + timedelta(seconds=dice.randint(1, 12))}
    if not failed:
        times["built_at"] = times["started_at"] + timedelta(seconds=build)
        times["released_at"] = times["built_at"] + timedelta(seconds=dice.randint(3, 9))
    last = times.get("released_at", times["started_at"] + timedelta(seconds=build))
    times["finished_at"] = last + timedelta(seconds=dice.randint(8, 40))
    deployment = Deployment.objects.create(
        branch=branch,
        generation=generation,
        commit="0" * 40,
        trigger=Deployment.Trigger.PUSH,
        actor="kenji",
        build_reused=reused and not failed,
        cause=dice.choice(_CAUSES) if failed else "",
        error="It failed." if failed else "",
        cleaned_at=last,
        **times,
    )
    Deployment.objects.filter(pk=deployment.pk).update(
        created_at=at,
        state=DeploymentState.FAILED if failed else DeploymentState.RETIRED,
        state_changed_at=times["finished_at"],
    )
