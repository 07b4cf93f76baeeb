"""Wishes, workers that stall, and a clock, in any order: an older commit never replaces a newer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
import time_machine
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from deployments import intake, reconcile
from deployments.errors import LeaseLost, Superseded
from deployments.models import Branch, Deployment, Repository
from deployments.models import lease as leases
from deployments.models.lease import Lease
from deployments.pipeline import clean
from deployments.pipeline.golive import go_live
from deployments.pipeline.report import Report
from deployments.states import ACTIVE, ENDED, BranchState, DeploymentState, Wanted

pytestmark = pytest.mark.django_db

_D = DeploymentState
_NEXT = {
    _D.QUEUED: _D.BUILDING,
    _D.BUILDING: _D.RELEASING,
    _D.RELEASING: _D.VERIFYING,
}
workers = st.integers(0, 2)


class Silence:
    def say(self, text: str) -> None:
        pass


class Life(RuleBasedStateMachine):
    """One branch, three workers, and people who change their minds."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(datetime(2026, 11, 23, tzinfo=UTC), tick=False)
        self.now = self.clock.start()
        repository = Repository.objects.create(full_name="acme/shop", clone_url="/nowhere")
        self.branch = Branch.for_name(repository, "main")
        #: What each worker believes to hold, and whether somebody took it over meanwhile.
        self.held: dict[int, Lease] = {}
        self.stale: list[Branch] = []
        self.commits = 0
        self.newest_live = 0

    # People

    @rule()
    def push(self) -> None:
        self.commits += 1
        assert self._wish(Branch.objects.get())

    @rule()
    def read_and_hesitate(self) -> None:
        self.stale.append(Branch.objects.get())

    @rule()
    def wish_late(self) -> None:
        if self.stale:
            late = self.stale.pop()
            is_first = late.generation == Branch.objects.get().generation
            assert self._wish(late) == is_first

    @rule()
    def destroy(self) -> None:
        was_wanted = Branch.objects.get().wanted == Wanted.PRESENT
        branch = Branch.objects.get()
        assert intake.destroy(branch, actor="ada", reason="") == was_wanted

    @rule()
    def redeploy(self) -> None:
        if Branch.objects.get().wanted_commit:
            intake.redeploy(Branch.objects.get(), actor="ada")

    # Workers

    @rule(worker=workers, at=st.integers(0, 3))
    def claim(self, worker: int, at: int) -> None:
        ids = Deployment.objects.filter(state__in=ACTIVE).values_list("pk", flat=True)
        for pk in list(ids)[at : at + 1]:
            lease = Lease.claim(pk, ACTIVE)
            if lease is not None:
                self.held[worker] = lease

    @rule(worker=workers)
    def beat(self, worker: int) -> None:
        self._work(worker, Lease.beat)

    @rule(worker=workers)
    def finish_step(self, worker: int) -> None:
        self._work(worker, _finish_step)

    @rule(worker=workers)
    def fail(self, worker: int) -> None:
        self._work(worker, _fail)

    @rule(steps=st.integers(1, 4))
    def work_on_without_trouble(self, steps: int) -> None:
        for _ in range(steps):
            for pk in Deployment.objects.filter(state__in=ACTIVE).values_list("pk", flat=True):
                lease = Lease.claim(pk, ACTIVE)
                if lease is not None:
                    _until_superseded(lease, _finish_step)

    @rule()
    def clean_up(self) -> None:
        for deployment in Deployment.objects.filter(state__in=ENDED, cleaned_at=None):
            clean.clean(deployment.pk)
        clean.destroy(self.branch.pk)

    # The clock

    @rule(seconds=st.sampled_from([1, leases.SECONDS + 1, 4000]))
    def wait(self, seconds: int) -> None:
        self.now.shift(timedelta(seconds=seconds))
        reconcile.tick()

    # What always holds

    @invariant()
    def what_is_live_is_what_visitors_see(self) -> None:
        seen = Branch.objects.filter(live__isnull=False).values_list("live", flat=True)
        live = Deployment.objects.filter(state=_D.LIVE).values_list("pk", flat=True)
        assert list(live) == list(seen)

    @invariant()
    def no_older_commit_goes_live_after_a_newer(self) -> None:
        branch = Branch.objects.select_related("live").get()
        if branch.live is not None:
            assert branch.live.generation >= self.newest_live
            self.newest_live = branch.live.generation

    @invariant()
    def an_unwanted_branch_has_nothing_live(self) -> None:
        branch = Branch.objects.get()
        if branch.wanted == Wanted.ABSENT:
            assert branch.live_id is None
            assert branch.state in {BranchState.DESTROYING, BranchState.DESTROYED}

    @invariant()
    def a_destroyed_branch_has_left_nothing(self) -> None:
        branch = Branch.objects.get()
        if branch.state == BranchState.DESTROYED:
            assert not branch.deployments.filter(cleaned_at=None).exists()

    def teardown(self) -> None:
        try:
            self._let_all_end()
        finally:
            self.clock.stop()
            Repository.objects.all().delete()

    def _let_all_end(self) -> None:
        """Left alone, the newest wish comes true."""
        self.wait(leases.SECONDS + 1)
        self.work_on_without_trouble(4)
        self.wait(leases.SECONDS + 1)
        self.clean_up()
        branch = Branch.objects.get()
        assert not branch.deployments.filter(state__in=ACTIVE).exists()
        assert not branch.deployments.filter(state__in=ENDED, cleaned_at=None).exists()
        if branch.wanted == Wanted.ABSENT:
            assert branch.state == BranchState.DESTROYED
        elif branch.deployment is not None and branch.deployment.state != _D.FAILED:
            assert branch.live == branch.deployment
            assert branch.live.commit == branch.wanted_commit

    def _wish(self, branch: Branch) -> bool:
        commit = f"{self.commits:040x}"
        trigger = Deployment.Trigger.PUSH
        return intake.want_commit(branch, commit, trigger=trigger) is not None

    def _work(self, worker: int, work: Callable[[Lease], None]) -> None:
        """Do something with what the worker believes to hold: only who holds it can."""
        lease = self.held.get(worker)
        if lease is None:
            return
        owner = Deployment.objects.values_list("lease_owner", flat=True).get(pk=lease.deployment.pk)
        try:
            _until_superseded(lease, work)
        except LeaseLost:
            assert owner != lease.owner
        else:
            assert owner == lease.owner
        if work != Lease.beat or owner != lease.owner:
            del self.held[worker]


def _until_superseded(lease: Lease, work: Callable[[Lease], None]) -> None:
    try:
        work(lease)
    except Superseded as problem:
        lease.move(_D.SUPERSEDED, reason=str(problem), due_at=timezone.now())


def _finish_step(lease: Lease) -> None:
    state = _D(lease.deployment.state)
    if state in _NEXT:
        lease.check_wanted()
        lease.move(_NEXT[state])
    else:
        go_live(lease, cast(Report, Silence()))


def _fail(lease: Lease) -> None:
    lease.move(_D.FAILED, due_at=timezone.now())


def test_whatever_happens_in_whatever_order(no_aws: None) -> None:
    # Neither shrunk much nor explained: an example that fails is short enough to read.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    run_state_machine_as_test(
        Life, settings=settings(max_examples=40, stateful_step_count=25, phases=phases)
    )
