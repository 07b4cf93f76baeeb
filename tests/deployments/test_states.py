from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from deployments import states
from deployments.models import Branch, Deployment, Transition
from deployments.models.moves import move_branch, move_deployment
from deployments.states import (
    ACTIVE,
    ENDED,
    MOVES,
    BranchState,
    DeploymentState,
    Wanted,
    branch_state,
)

pytestmark = pytest.mark.django_db


def test_every_state_leads_to_an_end() -> None:
    for state in DeploymentState:
        reached, ahead = set(), {state}
        while ahead:
            reached |= ahead
            ahead = {after for before in ahead for after in MOVES[before]} - reached
        assert reached & ENDED


def test_no_move_leads_back() -> None:
    order = list(DeploymentState)
    for before in DeploymentState:
        assert all(order.index(after) > order.index(before) for after in MOVES[before])


def test_only_a_live_deployment_is_neither_on_its_way_nor_ended() -> None:
    assert set(DeploymentState) - ACTIVE - ENDED == {DeploymentState.LIVE}
    assert not ACTIVE & ENDED


def test_every_waiting_state_has_an_end_of_its_patience() -> None:
    assert all(timedelta(0) < states.TIMEOUTS[state] <= timedelta(hours=2) for state in ACTIVE)


def test_a_graph_with_a_dead_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOVES, DeploymentState.LIVE, frozenset())
    with pytest.raises(AssertionError, match="no way out"):
        states._check_graph()


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_a_graph_without_a_way_to_fail_is_refused(
    monkeypatch: pytest.MonkeyPatch, state: DeploymentState
) -> None:
    monkeypatch.setitem(MOVES, state, MOVES[state] - {DeploymentState.FAILED})
    with pytest.raises(AssertionError, match="neither fail, nor"):
        states._check_graph()


def _deployment(branch: Branch) -> Deployment:
    made = Deployment.objects.create(branch=branch, generation=1, commit="a" * 40, trigger="push")
    Branch.objects.filter(pk=branch.pk).update(deployment=made)
    return made


def test_a_move_that_the_graph_does_not_know_is_a_mistake(branch: Branch) -> None:
    deployment = _deployment(branch)
    with pytest.raises(AssertionError, match="queued cannot become live"):
        move_deployment(deployment, DeploymentState.LIVE)
    assert not Transition.objects.exists()


def test_whoever_comes_second_moves_nothing(branch: Branch) -> None:
    first = _deployment(branch)
    second = Deployment.objects.get(pk=first.pk)
    assert move_deployment(first, DeploymentState.BUILDING)
    assert not move_deployment(second, DeploymentState.SUPERSEDED, error="never written")
    first.refresh_from_db()
    assert (first.state, first.error) == (DeploymentState.BUILDING, "")
    assert second.state == DeploymentState.QUEUED
    assert Transition.objects.count() == 1


def test_a_destroyed_branch_does_not_follow_its_deployment(branch: Branch) -> None:
    deployment = _deployment(branch)
    Branch.objects.filter(pk=branch.pk).update(wanted=Wanted.ABSENT, state=BranchState.DESTROYING)
    move_deployment(deployment, DeploymentState.BUILDING)
    branch.refresh_from_db()
    assert branch.state == BranchState.DESTROYING


def test_a_branch_that_was_wished_for_again_is_not_moved(branch: Branch) -> None:
    late = Branch.objects.get(pk=branch.pk)
    Branch.objects.filter(pk=branch.pk).update(generation=7)
    assert not move_branch(late, BranchState.DESTROYED)
    branch.refresh_from_db()
    assert branch.state == BranchState.PENDING


class Moves(RuleBasedStateMachine):
    """Two hands move one deployment, each with what it read last."""

    def __init__(self) -> None:
        super().__init__()
        branch = Branch.objects.get()
        branch.deployments.all().delete()
        self.hands = [_deployment(branch), Deployment.objects.get()]
        self.model = DeploymentState.QUEUED
        self.moves = 0

    @rule(hand=st.sampled_from([0, 1]))
    def read(self, hand: int) -> None:
        self.hands[hand].refresh_from_db()

    @rule(hand=st.sampled_from([0, 1]), to=st.sampled_from(DeploymentState))
    def move(self, hand: int, to: DeploymentState) -> None:
        deployment = self.hands[hand]
        believed = DeploymentState(deployment.state)
        if to not in MOVES[believed]:
            with pytest.raises(AssertionError):
                move_deployment(deployment, to)
            return
        moved = move_deployment(deployment, to, reason="a hand moved it")
        assert moved == (believed == self.model)
        if moved:
            self.model, self.moves = to, self.moves + 1

    @invariant()
    def the_row_is_what_was_moved_to(self) -> None:
        assert Deployment.objects.get().state == self.model

    @invariant()
    def the_branch_shows_it(self) -> None:
        expected = BranchState.PENDING
        if self.moves:
            expected = states.branch_state(self.model, is_served=False)
        assert Branch.objects.get().state == expected

    @invariant()
    def each_move_has_its_row_in_the_history(self) -> None:
        history = list(Transition.objects.values_list("before", "after"))
        assert len(history) == self.moves
        assert all(one[1] == other[0] for one, other in pairwise(history))

    def teardown(self) -> None:
        Transition.objects.all().delete()
        Branch.objects.update(deployment=None, state=BranchState.PENDING)


def test_state_moves_along_the_graph_whoever_moves_it(branch: Branch) -> None:
    run_state_machine_as_test(
        Moves, settings=settings(max_examples=40, stateful_step_count=15, deadline=None)
    )


def test_a_cancelled_deployment_is_no_failure_where_an_earlier_one_serves() -> None:
    cancelled = DeploymentState.CANCELLED
    assert branch_state(cancelled, is_served=True) == BranchState.LIVE
    assert branch_state(cancelled, is_served=False) == BranchState.FAILED
    assert branch_state(DeploymentState.FAILED, is_served=True) == BranchState.FAILED
