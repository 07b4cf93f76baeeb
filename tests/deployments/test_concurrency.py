"""Many workers on one database: each wish and each step happens once."""

from functools import partial
from typing import cast

import pytest
from django.db.models import F

from deployments import intake
from deployments.errors import LeaseLost, Superseded
from deployments.models import Branch, Deployment, Repository, Transition
from deployments.models.lease import Lease
from deployments.models.moves import move_deployment
from deployments.pipeline.clean import destroy
from deployments.pipeline.golive import go_live
from deployments.pipeline.report import Report
from deployments.states import BranchState, DeploymentState

from .threads import together

pytestmark = pytest.mark.django_db(transaction=True)

_D = DeploymentState
PUSH = Deployment.Trigger.PUSH


class Silence:
    """A report that nobody reads."""

    def say(self, text: str) -> None:
        pass


SILENCE = cast(Report, Silence())


def wish(branch: Branch, commit: str = "a" * 40) -> Deployment:
    branch.refresh_from_db()
    made = intake.want_commit(branch, commit, trigger=PUSH)
    assert made is not None
    return made


def lease_in(deployment: Deployment, state: DeploymentState) -> Lease:
    """As if the steps before had been done."""
    Deployment.objects.filter(pk=deployment.pk).update(state=state, due_at=None)
    lease = Lease.claim(deployment.pk, {state})
    assert lease is not None
    return lease


def test_of_many_who_move_a_deployment_one_does(branch: Branch) -> None:
    deployment = wish(branch)
    hands = [Deployment.objects.get(pk=deployment.pk) for _ in range(6)]
    moved = together(*[lambda hand=hand: move_deployment(hand, _D.BUILDING) for hand in hands])
    assert moved.count(True) == 1
    assert Transition.objects.filter(after=_D.BUILDING).count() == 1


def test_of_many_who_claim_a_deployment_one_gets_it(branch: Branch) -> None:
    deployment = wish(branch)
    claims = together(*[lambda: Lease.claim(deployment.pk, {_D.QUEUED})] * 6)
    assert sum(claim is not None for claim in claims) == 1


def test_of_many_wishes_that_read_the_same_one_counts(branch: Branch) -> None:
    hands = [Branch.objects.get(pk=branch.pk) for _ in range(6)]
    made = together(
        *[
            lambda hand=hand, commit=commit: intake.want_commit(hand, commit * 40, trigger=PUSH)
            for hand, commit in zip(hands, "abcdef", strict=True)
        ]
    )
    (deployment,) = (each for each in made if each is not None)
    branch.refresh_from_db()
    assert (branch.generation, branch.deployment) == (1, deployment)
    assert branch.wanted_commit == deployment.commit
    assert branch.deployments.count() == 1


def test_of_many_clicks_one_deploys(branch: Branch) -> None:
    Branch.objects.filter(pk=branch.pk).update(wanted_commit="a" * 40)
    hands = [Branch.objects.get(pk=branch.pk) for _ in range(6)]
    made = together(*[lambda hand=hand: intake.redeploy(hand, actor="ada") for hand in hands])
    assert len({each.pk for each in made}) == 1
    assert branch.deployments.count() == 1


def test_of_many_who_destroy_one_did(branch: Branch) -> None:
    wish(branch)
    hands = [Branch.objects.get(pk=branch.pk) for _ in range(6)]
    done = together(
        *[lambda hand=hand: intake.destroy(hand, actor="ada", reason="") for hand in hands]
    )
    assert done.count(True) == 1
    branch.refresh_from_db()
    assert branch.generation == 2


def test_of_many_first_events_of_a_branch_one_makes_it(repository: Repository) -> None:
    made = together(*[lambda: Branch.for_name(repository, "機能/検索")] * 6)
    assert len({branch.pk for branch in made}) == 1


def _try_to_go_live(lease: Lease) -> str:
    try:
        go_live(lease, SILENCE)
    except Superseded:
        return "superseded"
    return "live"


def test_of_two_that_go_live_at_once_the_newer_stays(branch: Branch) -> None:
    for _ in range(15):
        older = lease_in(wish(branch), _D.VERIFYING)
        newer = lease_in(wish(branch), _D.VERIFYING)
        ends = together(partial(_try_to_go_live, older), partial(_try_to_go_live, newer))
        assert ends[1] == "live"
        branch.refresh_from_db()
        assert branch.live == newer.deployment
        assert branch.deployments.filter(state=_D.LIVE).count() == 1
        assert branch.state == BranchState.LIVE


def test_an_older_rollout_does_not_come_after_a_newer_one_that_was_destroyed(
    branch: Branch,
) -> None:
    older = lease_in(wish(branch), _D.VERIFYING)
    go_live(lease_in(wish(branch), _D.VERIFYING), SILENCE)
    intake.destroy(branch, actor="ada", reason="")
    intake.redeploy(branch, actor="ada")
    assert _try_to_go_live(older) == "superseded"
    branch.refresh_from_db()
    assert branch.live is None
    assert not branch.deployments.filter(state__in=(_D.LIVE, _D.VERIFYING)).exists()


def test_wishes_and_steps_at_the_same_moment_wait_for_each_other(branch: Branch) -> None:
    """Both write a branch and its deployments: in one order, or they would lock each other out."""
    for round_ in range(15):
        queued = wish(branch)
        lease = Lease.claim(queued.pk, {_D.QUEUED})
        assert lease is not None
        hand = Branch.objects.get(pk=branch.pk)

        def begin(lease: Lease = lease) -> str:
            try:
                lease.move(_D.BUILDING)
            except LeaseLost:
                return "somebody was faster"
            return "began"

        def push(hand: Branch = hand, commit: str = f"{round_:040x}") -> str:
            return str(intake.want_commit(hand, commit, trigger=PUSH))

        together(begin, push)
        branch.refresh_from_db()
        queued.refresh_from_db()
        assert branch.generation == queued.generation + 1
        assert queued.state in {_D.BUILDING, _D.SUPERSEDED}
        assert branch.state == BranchState.PENDING


def test_a_branch_wished_back_while_it_is_destroyed_is_deployed(
    branch: Branch, no_aws: None
) -> None:
    for _ in range(10):
        wish(branch)
        intake.destroy(branch, actor="ada", reason="")
        together(
            lambda: destroy(branch.pk),
            lambda: bool(intake.redeploy(Branch.objects.get(pk=branch.pk), actor="ada")),
        )
        branch.refresh_from_db()
        assert branch.deployment is not None
        assert branch.deployment.state == _D.QUEUED
        assert branch.state == BranchState.PENDING


def test_who_lost_a_lease_writes_nothing_however_it_tries(branch: Branch) -> None:
    lost = lease_in(wish(branch), _D.RELEASING)
    Deployment.objects.update(lease_until=F("created_at"))
    held = Lease.claim(lost.deployment.pk, {_D.RELEASING})
    assert held is not None
    before = Deployment.objects.values().get()
    for attempt in (
        lost.beat,
        lambda: lost.save(source="stolen"),
        lambda: lost.give_back(due_in=0),
        lambda: lost.move(_D.VERIFYING),
        lambda: lost.move(_D.FAILED, reason="mine"),
    ):
        with pytest.raises(LeaseLost):
            attempt()
    assert Deployment.objects.values().get() == before
    held.save(source="mine")
    assert Deployment.objects.get().source == "mine"


def test_an_older_one_that_goes_live_is_shown_where_the_newer_was_cancelled(
    branch: Branch,
) -> None:
    older = lease_in(wish(branch), _D.VERIFYING)
    newer = wish(branch)
    assert intake.cancel(newer, actor="ada")
    branch.refresh_from_db()
    assert branch.state == BranchState.FAILED
    go_live(older, SILENCE)
    branch.refresh_from_db()
    assert (branch.state, branch.live) == (BranchState.LIVE, older.deployment)
