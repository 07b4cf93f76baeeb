"""Pull requests of strangers: what waits, who lets it go on, and what cannot be slipped in."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from deployments import intake
from deployments.adapters import git
from deployments.errors import UserError
from deployments.models import Approval, Branch, Deployment, Repository, Transition
from deployments.states import BranchState, Wanted
from tests import github

from .test_deliveries import NEW, OLD, SHOP, GitHub, hub, policy

__all__ = ["hub"]

pytestmark = pytest.mark.django_db
EVIL = "e" * 40


@pytest.fixture
def fork(hub: GitHub, monkeypatch: pytest.MonkeyPatch) -> "Fork":
    fork = Fork(hub)
    monkeypatch.setattr(git, "read_pull_head", lambda _, number: fork.heads.get(number))
    return fork


class Fork:
    """Somebody's fork, with a pull request that is number 123."""

    def __init__(self, hub: GitHub) -> None:
        self.hub = hub
        #: As the repository itself keeps them, in refs/pull/N/head.
        self.heads: dict[int, str | None] = {123: NEW}

    def pull(self, action: str, **more: Any) -> str:
        return self.hub.pull(action, fork=True, number=123, **more)

    def push(self, commit: str) -> str:
        """A push to the fork, and GitHub telling of it."""
        self.heads[123] = commit
        self.hub.sent += 1
        payload = github.pull_request(
            "synchronize", SHOP, "feature", commit, fork=True, number=123,
            updated_at=self.hub.at(self.hub.sent),
        )  # fmt: skip
        return self.hub.tell("pull_request", payload)

    @property
    def branch(self) -> Branch:
        return Branch.objects.get(is_fork=True, pull_request=123)

    def approve(self, commit: str = NEW, **more: str) -> Deployment:
        return intake.approve(self.branch, commit, actor="mika", **more)


def nothing_is_deployed() -> bool:
    return not Deployment.objects.exists()


class TestWaiting:
    def test_the_head_of_a_fork_waits_and_nothing_is_deployed(self, fork: Fork) -> None:
        assert fork.pull("opened") == "waiting for an approval of bbbbbbb for pr-123"
        branch = fork.branch
        assert (branch.state, branch.wanted) == (BranchState.PENDING, Wanted.PRESENT)
        assert (branch.waiting_for, branch.waiting_commit) == ("approval", NEW)
        assert branch.url == "https://pr-123.localhost"
        assert nothing_is_deployed()

    def test_who_wrote_it_and_where_is_known(self, fork: Fork) -> None:
        fork.pull("opened", title="A gift")
        branch = fork.branch
        assert (branch.title, branch.author_association) == ("A gift", "OWNER")
        assert (branch.head_repository, branch.head_branch) == (SHOP, "feature")

    def test_the_repository_may_leave_forks_out(self, fork: Fork) -> None:
        fork.hub.repository.forks = Repository.Forks.OFF
        fork.hub.repository.save()
        assert fork.pull("opened") == "ignored: the pull request comes from a fork"
        assert fork.pull("closed") == "ignored: pull:123 has no preview"
        assert not Branch.objects.exists()

    def test_an_approval_deploys_that_commit(self, fork: Fork) -> None:
        fork.pull("opened")
        deployment = fork.approve(reason="read it")
        branch = fork.branch
        assert (deployment.commit, deployment.trigger) == (NEW, Deployment.Trigger.APPROVAL)
        assert not deployment.is_trusted
        assert (branch.waiting_for, branch.wanted_commit) == ("", NEW)
        approval = Approval.objects.get()
        assert (approval.commit, approval.actor, approval.reason) == (NEW, "mika", "read it")
        assert approval.deployment == deployment

    def test_the_history_says_who_approved_what(self, fork: Fork) -> None:
        fork.pull("opened")
        fork.approve(reason="read it")
        told = Transition.objects.filter(actor="mika").get()
        assert told.reason == "Approved bbbbbbb: read it"
        assert Transition.objects.order_by("id")[0].reason == (
            "bbbbbbb waits for an approval: it comes from a fork."
        )

    def test_a_push_waits_again_and_what_was_approved_goes_on(self, fork: Fork) -> None:
        fork.pull("opened")
        approved = fork.approve()
        assert fork.push(OLD) == "waiting for an approval of aaaaaaa for pr-123"
        branch = fork.branch
        assert (branch.waiting_commit, branch.generation) == (OLD, approved.generation)
        assert branch.deployment == approved
        assert fork.approve(OLD).generation == approved.generation + 1

    def test_a_rejected_commit_is_gone_until_the_next_push(self, fork: Fork) -> None:
        fork.pull("opened")
        intake.reject(fork.branch, NEW, actor="mika", reason="spam")
        assert fork.branch.wanted == Wanted.ABSENT
        assert fork.push(NEW).endswith("was here before")
        assert fork.push(OLD).startswith("waiting for an approval")

    def test_a_rejection_leaves_what_was_approved(self, fork: Fork) -> None:
        fork.pull("opened")
        approved = fork.approve()
        fork.push(EVIL)
        intake.reject(fork.branch, EVIL, actor="mika")
        branch = fork.branch
        assert (branch.wanted, branch.waiting_for) == (Wanted.PRESENT, "")
        assert branch.deployment == approved
        assert Transition.objects.filter(reason="Rejected eeeeeee", actor="mika").exists()

    def test_a_closed_pull_request_ends_it(self, fork: Fork) -> None:
        fork.pull("opened")
        assert fork.pull("closed") == "destroying pr-123: pull request #123 was closed"
        assert (fork.branch.waiting_for, fork.branch.waiting_commit) == ("", "")
        with pytest.raises(UserError, match="does not wait"):
            fork.approve()

    def test_a_close_that_overtakes_the_opening_wins(self, fork: Fork) -> None:
        fork.pull("closed", seconds=9)
        assert fork.pull("opened", seconds=1).startswith("ignored: a later event")
        assert fork.branch.waiting_for == ""

    def test_a_draft_or_a_label_leaves_it_out(self, fork: Fork) -> None:
        assert fork.pull("opened", labels=("skip-preview",)) == "ignored: label skip-preview"
        fork.pull("unlabeled")
        assert fork.branch.waiting_for == "approval"
        said = fork.pull("labeled", labels=("skip-preview",))
        assert said == "destroying pr-123: label skip-preview"

    def test_news_that_git_does_not_show_yet_come_again(self, fork: Fork) -> None:
        fork.pull("opened")
        payload = github.pull_request("synchronize", SHOP, "feature", OLD, fork=True, number=123)
        delivery = fork.hub.send("pull_request", payload)
        from deployments import deliveries

        deliveries.decide_pending()
        delivery.refresh_from_db()
        assert delivery.decision == "trying again: GitHub does not show commit aaaaaaa of #123 yet."


class TestOwnBranches:
    def test_a_branch_of_the_repository_waits_for_nobody(self, hub: GitHub) -> None:
        """Whoever pushed it may write to the repository, whoever opened the pull request."""
        hub.sent += 1
        payload = github.pull_request("opened", SHOP, "feature", NEW)
        payload["pull_request"]["author_association"] = "FIRST_TIME_CONTRIBUTOR"
        assert hub.tell("pull_request", payload) == "deploying bbbbbbb to feature"
        assert Deployment.objects.get().is_trusted


class TestAttacks:
    """Named after what happened to others: see docs/forks.md."""

    def test_coolify_10342_a_fork_is_never_deployed_unasked(self, fork: Fork) -> None:
        for action in ("opened", "synchronize", "edited", "ready_for_review", "reopened"):
            fork.pull(action)
            assert nothing_is_deployed()
        with pytest.raises(UserError, match="no commit of it was approved"):
            intake.redeploy(fork.branch, actor="mika")
        with pytest.raises(UserError, match="No commit bbbbbbb of this fork was approved"):
            intake.deploy_commit(fork.branch, "bbbbbbb", actor="mika")
        assert nothing_is_deployed()

    def test_codebuild_no_pattern_lets_a_fork_in(self, fork: Fork) -> None:
        """CodeBuild's webhook filters were patterns without anchors (CodeBreach, 2026)."""
        for patterns in (["*"], ["feature"], ["pull*"], ["pr-123"], ["refs/pull/123/head"]):
            policy(fork.hub, Repository.Policy.PATTERNS, *patterns)
            fork.pull("opened")
            policy(fork.hub, Repository.Policy.ALL)
            fork.pull("reopened")
        assert fork.branch.waiting_for == "approval"
        assert nothing_is_deployed()

    @pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR"])
    def test_no_association_lets_a_fork_in(self, fork: Fork, association: str) -> None:
        payload = github.pull_request("opened", SHOP, "feature", NEW, fork=True, number=123)
        payload["pull_request"]["author_association"] = association
        assert fork.hub.tell("pull_request", payload).startswith("waiting for an approval")

    def test_no_label_approves(self, fork: Fork) -> None:
        fork.pull("opened")
        fork.pull("labeled", labels=("safe to test", "approved", "ok-to-test"))
        assert fork.branch.waiting_for == "approval"
        assert nothing_is_deployed()

    def test_a_swap_between_the_page_and_the_click_is_refused(self, fork: Fork) -> None:
        fork.pull("opened")
        shown = fork.branch
        fork.push(EVIL)
        with pytest.raises(UserError, match="Another commit waits by now: eeeeeeeeeeee"):
            intake.approve(shown, NEW, actor="mika")
        assert nothing_is_deployed()
        assert not Approval.objects.exists()

    def test_a_swap_in_the_middle_of_the_approval_is_refused(
        self, fork: Fork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The push comes after the check and before the write."""
        from deployments import approving

        fork.pull("opened")
        checked = approving.check_waiting

        def check_then_push(branch: Branch, commit: str) -> None:
            checked(branch, commit)
            monkeypatch.setattr(approving, "check_waiting", checked)
            fork.push(EVIL)

        monkeypatch.setattr(approving, "check_waiting", check_then_push)
        with pytest.raises(UserError, match="Another commit waits by now"):
            fork.approve()
        assert nothing_is_deployed()
        assert not Approval.objects.exists()

    def test_an_approval_that_is_replayed_deploys_nothing(self, fork: Fork) -> None:
        fork.pull("opened")
        fork.approve()
        with pytest.raises(UserError, match="mika approved this commit before"):
            fork.approve()
        fork.push(EVIL)
        with pytest.raises(UserError, match="Another commit waits"):
            fork.approve()
        assert Deployment.objects.count() == Approval.objects.count() == 1

    def test_a_forced_push_back_to_an_approved_commit_waits_again(self, fork: Fork) -> None:
        fork.pull("opened")
        fork.approve()
        fork.push(EVIL)
        assert fork.push(NEW).startswith("waiting for an approval")
        assert Deployment.objects.count() == 1

    def test_a_reopened_one_waits_again(self, fork: Fork) -> None:
        fork.pull("opened")
        fork.approve()
        fork.pull("closed")
        assert fork.pull("reopened").startswith("waiting for an approval")
        branch = fork.branch
        assert (branch.state, branch.deployment, branch.live) == (BranchState.PENDING, None, None)
        assert Deployment.objects.count() == 1

    def test_part_of_a_hash_is_no_approval(self, fork: Fork) -> None:
        fork.pull("opened")
        for part in ("", "b", NEW[:12], NEW[:39], NEW.upper(), f"{NEW} "):
            with pytest.raises(UserError):
                fork.approve(part)
        assert nothing_is_deployed()

    @pytest.mark.parametrize("base", [None, 186853002])
    def test_a_fork_that_is_gone_is_a_stranger_too(self, fork: Fork, base: int | None) -> None:
        payload = github.pull_request("opened", SHOP, "feature", NEW, number=123)
        payload["pull_request"]["head"]["repo"] = None
        payload["pull_request"]["base"]["repo"]["id"] = base
        assert fork.hub.tell("pull_request", payload).startswith("waiting for an approval")
        assert fork.branch.head_repository == ""
        fork.approve()
        assert not Deployment.objects.get().is_trusted

    def test_a_head_of_the_same_name_as_the_repository_is_a_stranger(self, fork: Fork) -> None:
        """Names are taken over when somebody renames himself; ids are not."""
        fork.pull("opened")
        assert fork.branch.head_repository == SHOP
        assert fork.branch.waiting_for == "approval"

    @pytest.mark.parametrize("name", ["pull/123/head", "refs/pull/123/head", "pr-123", "pull-123"])
    def test_a_branch_that_is_called_like_a_pull_request_is_another_one(
        self, fork: Fork, name: str
    ) -> None:
        policy(fork.hub, Repository.Policy.ALL)
        fork.hub.heads[name] = OLD
        fork.hub.push(name)
        fork.pull("opened")
        own = Branch.objects.get(name=name)
        assert own.pk != fork.branch.pk
        assert (own.slug == "pr-123", fork.branch.slug) == (False, "pr-123")
        assert Deployment.objects.get().branch == own

    @pytest.mark.parametrize("first", ["fork", "branch"])
    def test_neither_takes_the_others_address(self, fork: Fork, first: str) -> None:
        policy(fork.hub, Repository.Policy.ALL)
        fork.hub.heads["pr-123"] = OLD
        steps: list[Callable[[], object]] = [
            lambda: fork.pull("opened"),
            lambda: fork.hub.push("pr-123"),
        ]
        for step in steps if first == "fork" else reversed(steps):
            step()
        assert Branch.objects.get(name="pr-123").slug.startswith("pr-123-")
        assert fork.branch.slug == "pr-123"

    @pytest.mark.parametrize("event", ["push", "create", "delete"])
    def test_no_event_of_a_branch_reaches_the_row(self, fork: Fork, event: str) -> None:
        """git takes no colon in a ref: whoever sends one is not GitHub."""
        policy(fork.hub, Repository.Policy.ALL)
        fork.pull("opened")
        fork.hub.heads["pull:123"] = EVIL
        made = {
            "push": lambda: github.push(SHOP, "pull:123", EVIL),
            "create": lambda: github.create(SHOP, "pull:123"),
            "delete": lambda: github.delete(SHOP, "pull:123"),
        }[event]()
        assert fork.hub.tell(event, made).startswith("failed: malformed payload")
        assert nothing_is_deployed()

    def test_a_pull_request_of_an_own_branch_is_not_the_row_of_a_fork(self, fork: Fork) -> None:
        """One number is a fork's, then says that it is not: another row, and not the approved."""
        fork.pull("opened")
        fork.hub.pull("synchronize", number=123)
        assert Branch.objects.get(name="feature").is_fork is False
        assert fork.branch.waiting_for == "approval"


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_make_one_deployment(fork: Fork) -> None:
    from django.db import connection

    fork.pull("opened")
    branch = fork.branch
    answers: list[int | str] = []

    def approve() -> None:
        try:
            answers.append(intake.approve(Branch.objects.get(pk=branch.pk), NEW, actor="mika").pk)
        except UserError as problem:
            answers.append(problem.message)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Deployment.objects.count() == Approval.objects.count() == 1
    assert sorted(map(str, answers))[1:] == ["mika approved this commit before."] * 3
