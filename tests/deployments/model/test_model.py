"""Whatever arrives in whatever order, or never: what is live at last is what GitHub shows."""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from deployments import intake, reconcile
from deployments.adapters import git, github, wakeups
from deployments.adapters import verify as checking
from deployments.models import Branch, Delivery, Deployment, Orphan, Reconciliation, Repository
from deployments.models import lease as leases
from deployments.pipeline import images, plan, release, verify
from deployments.reconcile import drift
from deployments.secrets import key_id
from deployments.states import BranchState, DeploymentState, Wanted, branch_state

from ..crash import Inline
from ..ears import WakeUp
from ..world import WORKERS, World
from .expected import Expected
from .hub import SHOP, Files, Hub, Mirror, News

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

# The first two have the same slug.
branches = st.sampled_from(["feature/x", "feature-x", "main"])
_HICCUPS = ["ThrottlingException", "ServiceUnavailable", "InternalFailure"]
_CALLS = [
    "ecs.CreateService",
    "ecs.DeleteService",
    "ecs.DescribeServices",
    "ecs.RegisterTaskDefinition",
    "servicediscovery.CreateService",
    "servicediscovery.DeleteService",
    "ecr.BatchGetImage",
]


_EXAMPLES = 20


class Killed(BaseException):
    """Nothing that handles errors handles this."""


class Moments:
    """Places where a worker waits for others: git, AWS. At a chosen one, something happens."""

    def __init__(self) -> None:
        self._left, self._act = 0, _nothing

    def plan(self, after: int, act: Callable[[], None]) -> None:
        self._left, self._act = after, act

    def reach(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            self._act()


def _nothing() -> None:
    pass


def _die() -> None:
    raise Killed


class Life(RuleBasedStateMachine):
    """GitHub, its deliveries, people who click, workers, and time."""

    def __init__(self, world: World, hub: Hub, moments: Moments) -> None:
        super().__init__()
        self.world, self.hub, self.moments = world, hub, moments
        self.expected = Expected()
        self.newest_live: dict[int, int] = {}

    @initialize(policy=st.sampled_from([Repository.Policy.PULL_REQUESTS, Repository.Policy.ALL]))
    def begin(self, policy: Repository.Policy) -> None:
        for rows in (Delivery, Reconciliation, Orphan, Repository):
            rows.objects.all().delete()
        self.world.new_branch().delete()
        self.hub.forget()
        self.repository = Repository.objects.get()
        self.repository.policy, self.repository.clone_url = policy, SHOP.clone_url
        self.repository.webhook_secret = "the shop's secret"
        self.repository.save()
        self.expected = Expected(needs_pull_request=policy != Repository.Policy.ALL)
        self.hub.push("main", "First")
        self.expected.pushed("main", self.hub.heads["main"])

    # GitHub

    @rule(name=branches, forced=st.booleans())
    def push(self, name: str, forced: bool) -> None:
        self._later()
        self.hub.push(name, "A change", forced=forced and name in self.hub.heads)
        self.expected.pushed(name, self.hub.heads[name])

    @rule(name=branches)
    def push_what_is_to_be_skipped(self, name: str) -> None:
        self._later()
        self.hub.push(name, "Words only [skip ci]")
        self.expected.pushed(name, self.hub.heads[name], is_skipped=True)

    @rule(name=branches)
    def delete_branch(self, name: str) -> None:
        if name in self.hub.heads and name != "main":
            self._later()
            self.hub.delete(name)
            self.expected.deleted(name)

    @rule(name=branches, draft=st.booleans())
    def open_pull_request(self, name: str, draft: bool) -> None:
        if name in self.hub.heads and not self.hub.is_open(name) and name != "main":
            self._later()
            self.hub.open_pull(name, draft=draft)
            self.expected.opened(name, is_draft=draft)

    @rule(name=branches, action=st.sampled_from(["closed", "labeled", "unlabeled", "draft"]))
    def change_pull_request(self, name: str, action: str) -> None:
        if not self.hub.is_open(name) or self.expected.is_away(name):
            return
        self._later()
        if action == "closed":
            self.hub.change_pull("closed", name, state="closed")
            self.expected.closed(name)
        elif action == "draft":
            self.hub.change_pull("converted_to_draft", name, draft=True)
            self.expected.marked(name, is_draft=True)
        else:
            labels = ("skip-preview",) if action == "labeled" else ()
            self.hub.change_pull(action, name, labels=labels)
            self.expected.marked(name, is_labelled=bool(labels))

    @rule(name=branches)
    def make_ready(self, name: str) -> None:
        if self.hub.is_open(name) and self.hub.pulls[name].draft:
            self._later()
            self.hub.change_pull("ready_for_review", name, draft=False)
            self.expected.marked(name, is_draft=False)

    @rule(name=branches)
    def reopen_pull_request(self, name: str) -> None:
        known = self.hub.pulls.get(name)
        if known is not None and known.state == "closed" and name in self.hub.heads:
            self._later()
            self.hub.change_pull("reopened", name, state="open")
            self.expected.reopened(name)

    # Deliveries

    @rule(at=st.integers(0, 9), times=st.integers(1, 2), decide=st.booleans())
    def deliver(self, at: int, times: int, decide: bool) -> None:
        if self.hub.news:
            news = self.hub.news.pop(at % len(self.hub.news))
            self.hub.delivered.append(news)
            self._arrive(news, times)
            if decide:
                self.world.work()

    @rule()
    def deliver_everything(self) -> None:
        while self.hub.news:
            self.deliver(0, 1, False)

    @rule(at=st.integers(0, 99))
    def deliver_again(self, at: int) -> None:
        if self.hub.delivered:
            self._arrive(self.hub.delivered[at % len(self.hub.delivered)], 1)

    @rule(at=st.integers(0, 9))
    def lose(self, at: int) -> None:
        if self.hub.news:
            self.hub.news.pop(at % len(self.hub.news))

    # Clicks

    @rule(name=branches)
    def click_redeploy(self, name: str) -> None:
        branch = self._told_of(name)
        if branch is not None and branch.wanted_commit and self.expected.is_wanted(name):
            intake.redeploy(branch, actor="ada")
            self.expected.clicked_redeploy(name)

    @rule(name=branches)
    def click_destroy(self, name: str) -> None:
        branch = self._told_of(name)
        if branch is not None and self.expected.is_wanted(name):
            intake.destroy(branch, actor="ada", reason="No longer needed")
            self.expected.clicked_destroy(name)

    @rule(name=branches)
    def click_cancel(self, name: str) -> None:
        branch = self._told_of(name)
        if branch is None or branch.deployment is None:
            return
        if intake.cancel(branch.deployment, actor="ada", reason="Not now"):
            self.expected.clicked_cancel(name)

    # Workers, AWS, time

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule(tasks=st.integers(1, 3))
    def work_a_little(self, tasks: int) -> None:
        heard = self.world.ears.take()
        for task, ids, _ in heard[:tasks]:
            WORKERS[task](*ids)
        self.world.ears.wakeups += heard[tasks:]

    @rule(after=st.integers(1, 40))
    def stall(self, after: int) -> None:
        """A worker stops for longer than its lease; others take over; then it goes on."""
        self.moments.plan(after, self._others_take_over)
        self.world.work()
        self.moments.plan(0, _nothing)

    @rule(after=st.integers(1, 40))
    def kill(self, after: int) -> None:
        self.moments.plan(after, _die)
        try:
            self.world.work()
        except Killed:
            self.world.ears.take()
        self.moments.plan(0, _nothing)

    @rule(call=st.sampled_from(_CALLS), code=st.sampled_from(_HICCUPS), done=st.booleans())
    def hiccup(self, call: str, code: str, done: bool) -> None:
        status = 400 if code == "ThrottlingException" else 500
        self.world.cloud.fails(call, code, status=status, times=2, after_success=done)

    @rule()
    def lose_wakeups(self) -> None:
        self.world.ears.take()

    @rule(seconds=st.sampled_from([1, 5, leases.SECONDS + 1, 600]))
    def wait(self, seconds: int) -> None:
        self.world.clock.shift(timedelta(seconds=seconds))
        reconcile.tick()

    # What always holds

    @invariant()
    def what_is_live_is_what_visitors_see(self) -> None:
        seen = Branch.objects.filter(live__isnull=False).values_list("live", flat=True)
        live = Deployment.objects.filter(state=DeploymentState.LIVE).values_list("pk", flat=True)
        assert sorted(live) == sorted(seen)

    @invariant()
    def no_older_generation_replaces_a_newer(self) -> None:
        for branch in Branch.objects.filter(live__isnull=False).select_related("live"):
            assert branch.live is not None
            assert branch.live.generation >= self.newest_live.get(branch.pk, 0)
            self.newest_live[branch.pk] = branch.live.generation

    @invariant()
    def what_is_shown_follows(self) -> None:
        for branch in Branch.objects.select_related("deployment"):
            if branch.wanted == Wanted.ABSENT:
                assert branch.live_id is None
                assert branch.state in {BranchState.DESTROYING, BranchState.DESTROYED}
            elif branch.deployment is not None:
                newest = DeploymentState(branch.deployment.state)
                shown = branch_state(newest, is_served=branch.live_id is not None)
                assert branch.state == shown

    def teardown(self) -> None:
        """Nothing more happens, and what has not arrived never does."""
        for _ in range(2):
            self.world.settle(self._is_quiet)
            reconcile.reconcile()
        self.world.settle(self._is_quiet)
        self._compare()

    def _compare(self) -> None:
        story = self.world.story()
        live = {
            branch.name: branch.live.commit
            for branch in Branch.objects.filter(wanted=Wanted.PRESENT).select_related("live")
            if branch.live is not None
        }
        for name in {*self.hub.heads, *live, "feature/x", "feature-x"}:
            assert live.get(name, "") in self.expected.commits(name), (name, live, story)
        running = Deployment.objects.filter(state=DeploymentState.LIVE)
        names = sorted(running.values_list("services__release_name", flat=True))
        assert self.world.cloud.active == self.world.cloud.discovery == names, story
        assert not self.world.cloud.draining
        used = set(running.values_list("services__task_definition_arn", flat=True))
        families = {arn.rpartition(":")[0] for arn in used}
        assert {arn.rpartition(":")[0] for arn in self.world.cloud.definitions} == families
        gone = Branch.objects.filter(wanted=Wanted.ABSENT)
        assert not gone.exclude(state=BranchState.DESTROYED).exists()

    def _is_quiet(self) -> bool:
        waiting = Delivery.objects.filter(state=Delivery.State.PENDING)
        return self.world.is_quiet() and not waiting.exists()

    def _arrive(self, news: News, times: int) -> None:
        # As the receiver does it: a delivery that is there already changes nothing.
        for _ in range(times):
            row = Delivery(
                guid=news.guid,
                event=news.event,
                payload=news.payload,
                key_id=key_id("the shop's secret"),
                received_at=timezone.now(),
            )
            Delivery.objects.bulk_create([row], ignore_conflicts=True)
        self.world.ears.wakeups.append(WakeUp(wakeups.DECIDE, ()))

    def _told_of(self, name: str) -> Branch | None:
        """The branch, where Edaha knows its head: a click means what its page shows."""
        branch = Branch.objects.filter(name=name).first()
        known = branch is not None and branch.seen_commit == self.hub.heads.get(name)
        return branch if known else None

    def _later(self) -> None:
        # GitHub's times are whole seconds; each event here has one of its own.
        self.world.clock.shift(timedelta(seconds=1))

    def _others_take_over(self) -> None:
        self.world.clock.shift(timedelta(seconds=leases.SECONDS + 1))
        reconcile.tick()
        self.world.work()


@pytest.fixture
def hub(world: World, monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub()
    monkeypatch.setattr(github, "is_home_of", lambda repository: True)
    monkeypatch.setattr(github, "open_pull_requests", hub.open_pull_requests)
    monkeypatch.setattr(github, "pull_request", hub.pull_request)
    monkeypatch.setattr(git, "heads", hub.all_heads)
    monkeypatch.setattr(git, "read_head", hub.read_head)
    monkeypatch.setattr(git, "commit_message", hub.commit_message)
    return hub


@pytest.fixture
def moments(world: World, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Moments:
    moments = Moments()
    world.cloud.witness = moments.reach
    mirror = Mirror(hub, moments.reach)
    for name in ("fetch", "commit_subject", "checkout", "object_hash", "fetch_branch"):
        monkeypatch.setattr(git, name, getattr(mirror, name))
    monkeypatch.setattr(git, "worktree_held", mirror.worktree_held)
    monkeypatch.setattr(git, "remove_worktree", mirror.nothing)
    for module in (plan, images):
        monkeypatch.setattr(module, "GitFiles", Files)
    # One after the other, in one thread: what an example does, it does again.
    for module, name in ((release, "_calls"), (verify, "_calls"), (checking, "_pool")):
        monkeypatch.setattr(module, name, Inline())
    monkeypatch.setattr(drift, "pause", lambda seconds: None)
    return moments


def test_at_last_what_is_live_is_what_github_shows(
    world: World, hub: Hub, moments: Moments
) -> None:
    # Neither shrunk much nor explained: an example that fails is short enough to read.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    run_state_machine_as_test(
        partial(Life, world, hub, moments),  # type: ignore[arg-type]
        settings=settings(
            max_examples=_EXAMPLES,
            stateful_step_count=25,
            phases=phases,
            # The same examples each time where nobody can look at another one; new ones elsewhere.
            derandomize=bool(os.environ.get("CI")),
        ),
    )
