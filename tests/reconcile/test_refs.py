"""What no delivery told of is taken up, and by the same rules."""

from typing import Any

import pytest

from deployments import intake
from deployments.adapters import git, github
from deployments.errors import PlatformError
from deployments.models import Branch, Deployment, Repository
from deployments.reconcile.notebook import Notebook
from deployments.states import BranchState, DeploymentState, Wanted

from .conftest import told
from .hub import NEW, OLD, Hub

pytestmark = pytest.mark.django_db
Policy = Repository.Policy


@pytest.fixture
def hub(repository: Repository, notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub(repository, notebook, {"main": OLD, "feature": NEW}).install(monkeypatch)
    hub.policy(Policy.PULL_REQUESTS)
    return hub


def only_feature(hub: Hub) -> None:
    hub.policy(Policy.PATTERNS, "feature")


class TestHeads:
    def test_a_head_that_no_delivery_told_of_is_deployed(self, hub: Hub) -> None:
        only_feature(hub)
        assert hub.compare() == ["deploying bbbbbbb to feature"]
        assert told(hub.notebook)[0][0][0] == (
            "feature of acme/shop is at bbbbbbb, and no delivery has told of it"
        )
        deployment = Deployment.objects.get()
        assert (deployment.trigger, deployment.actor) == (Deployment.Trigger.FOUND, "")
        assert hub.branch().seen_commit == NEW

    def test_the_second_look_finds_nothing_and_asks_for_nothing(self, hub: Hub) -> None:
        only_feature(hub)
        hub.compare()
        assert hub.compare() == []
        assert hub.asked_for == []

    def test_a_head_that_moved_unheard_is_deployed(self, hub: Hub) -> None:
        only_feature(hub)
        hub.push()
        hub.heads["feature"] = OLD
        assert hub.compare() == ["deploying aaaaaaa to feature"]

    def test_what_a_delivery_told_of_is_no_finding(self, hub: Hub) -> None:
        only_feature(hub)
        assert hub.push().startswith("deploying")
        assert hub.compare() == []
        assert Deployment.objects.count() == 1

    def test_heads_that_the_policy_does_not_want_cost_nothing(
        self, hub: Hub, django_assert_max_num_queries: Any
    ) -> None:
        hub.heads |= {f"old/{number}": OLD for number in range(300)}
        with django_assert_max_num_queries(6):
            assert hub.compare() == []
        assert hub.asked_for == []
        assert not Branch.objects.exists()

    def test_a_marker_in_the_head_commit_skips_it_for_ever(self, hub: Hub) -> None:
        only_feature(hub)
        hub.messages[NEW] = "Typo\n\n[skip ci]"
        assert hub.compare() == []
        assert hub.asked_for == ["message of bbbbbbb"]
        assert not Deployment.objects.exists()
        hub.compare()
        assert hub.asked_for == []
        hub.heads["feature"] = OLD
        assert hub.compare() == ["deploying aaaaaaa to feature"]

    def test_a_commit_that_a_delivery_skipped_is_not_taken_up(self, hub: Hub) -> None:
        only_feature(hub)
        assert hub.push(skip_marker="[skip ci]") == "ignored: [skip ci]"
        assert hub.compare() == []
        assert hub.asked_for == []

    def test_nor_is_a_skipped_one_of_a_branch_that_is_live(self, hub: Hub) -> None:
        only_feature(hub)
        hub.push()
        hub.heads["feature"] = OLD
        hub.push(skip_marker="[skip ci]")
        assert hub.compare() == []
        assert hub.branch().wanted_commit == NEW

    def test_a_late_delivery_of_an_older_commit_does_not_undo_the_skipping(self, hub: Hub) -> None:
        only_feature(hub)
        hub.push(skip_marker="[skip ci]")
        assert hub.push() == "ignored: bbbbbbb of feature was here before"

    @pytest.mark.parametrize("state", [DeploymentState.FAILED, DeploymentState.CANCELLED])
    def test_what_failed_or_was_cancelled_is_not_tried_again(
        self, hub: Hub, state: DeploymentState
    ) -> None:
        only_feature(hub)
        hub.compare()
        Deployment.objects.update(state=state)
        assert hub.compare() == []

    @pytest.mark.parametrize("name", ["$(id)", "a;id", "`id`", "<img/src=x>", "機能/検索", "-x"])
    def test_names_may_be_hostile(self, hub: Hub, name: str) -> None:
        hub.policy(Policy.ALL)
        hub.heads = {name: NEW}
        assert len(hub.compare()) == 1
        assert hub.branch(name).wanted_commit == NEW

    def test_one_that_cannot_be_read_does_not_stop_the_others(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub.policy(Policy.ALL)

        def message(_: Repository, commit: str) -> str:
            if commit == OLD:
                raise PlatformError("git fetch failed: no route", hint="Look.")
            return ""

        monkeypatch.setattr(git, "commit_message", message)
        assert hub.compare() == ["deploying bbbbbbb to feature"]
        assert told(hub.notebook)[1] == [
            "main of acme/shop is at aaaaaaa: git fetch failed: no route Look."
        ]


class TestBranchesThatGo:
    def test_one_that_is_gone_is_destroyed(self, hub: Hub) -> None:
        only_feature(hub)
        hub.push()
        del hub.heads["feature"]
        assert hub.compare() == ["destroying feature: the branch was deleted"]
        assert hub.asked_for == ["head of feature"]
        assert hub.branch().wanted == Wanted.ABSENT

    def test_one_that_only_the_list_left_out_stays(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        only_feature(hub)
        hub.push()
        monkeypatch.setattr(git, "heads", lambda _: {"main": OLD})
        assert hub.compare() == []
        assert hub.branch().wanted == Wanted.PRESENT

    def test_an_answer_without_any_head_destroys_nothing(self, hub: Hub) -> None:
        hub.policy(Policy.ALL)
        hub.compare()
        hub.heads = {}
        assert hub.compare() == []
        assert set(Branch.objects.values_list("wanted", flat=True)) == {Wanted.PRESENT}
        assert "git shows no branch at all" in told(hub.notebook)[1][0]

    def test_one_that_came_back_with_the_same_commit_is_deployed(self, hub: Hub) -> None:
        only_feature(hub)
        hub.push()
        head = hub.heads.pop("feature")
        hub.compare()
        hub.heads["feature"] = head
        assert hub.compare() == ["deploying bbbbbbb to feature"]

    def test_so_is_one_that_was_destroyed_by_hand_before_it_went(self, hub: Hub) -> None:
        only_feature(hub)
        hub.push()
        intake.destroy(hub.branch(), actor="ada", reason="")
        head = hub.heads.pop("feature")
        assert hub.compare() == []
        hub.heads["feature"] = head
        assert hub.compare() == ["deploying bbbbbbb to feature"]


class TestByHand:
    @pytest.mark.parametrize("policy", [Policy.PULL_REQUESTS, Policy.ALL])
    def test_what_a_person_destroyed_stays_away(self, hub: Hub, policy: Policy) -> None:
        hub.policy(policy)
        hub.pull()
        hub.tell("opened")
        intake.destroy(hub.branch(), actor="ada", reason="")
        hub.pull(title="Better")
        del hub.heads["main"]
        assert hub.compare() == hub.compare() == []
        assert hub.branch().wanted == Wanted.ABSENT

    @pytest.mark.parametrize("policy", [Policy.PULL_REQUESTS, Policy.ALL])
    def test_a_new_commit_brings_it_back(self, hub: Hub, policy: Policy) -> None:
        hub.policy(policy)
        hub.pull()
        hub.tell("opened")
        intake.destroy(hub.branch(), actor="ada", reason="")
        hub.heads = {"feature": OLD}
        hub.pull()
        assert hub.compare() == ["deploying aaaaaaa to feature"]

    def test_so_does_reopening_it(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        intake.destroy(hub.branch(), actor="ada", reason="")
        hub.pull(is_open=False)
        assert hub.compare() == []
        hub.pull()
        assert hub.compare() == ["deploying bbbbbbb to feature"]

    def test_a_delivery_that_comes_twice_does_not(self, hub: Hub) -> None:
        only_feature(hub)
        hub.push()
        intake.destroy(hub.branch(), actor="ada", reason="")
        assert hub.push() == "ignored: bbbbbbb of feature was here before"


class TestPullRequests:
    def test_one_that_no_delivery_told_of_is_deployed(self, hub: Hub) -> None:
        hub.pull(7, title="A change")
        assert hub.compare() == ["deploying bbbbbbb to feature"]
        assert told(hub.notebook)[0][0][0] == (
            "Pull request #7 of acme/shop (feature) is open, and no delivery has told of it"
        )
        assert (hub.branch().title, hub.branch().pull_request) == ("A change", 7)
        assert Deployment.objects.get().trigger == Deployment.Trigger.FOUND
        assert hub.compare() == []

    def test_a_new_commit_of_one_that_is_known_is_deployed(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        hub.heads["feature"] = OLD
        assert hub.compare() == ["deploying aaaaaaa to feature"]

    def test_unless_that_commit_is_to_be_skipped(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        hub.heads["feature"], hub.messages[OLD] = OLD, "Docs [skip preview]"
        hub.pull()
        assert hub.compare() == []
        assert hub.branch().wanted_commit == NEW

    def test_a_new_title_is_taken_over(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        hub.pull(title="Better")
        assert hub.compare() == ["updated title and labels of feature"]
        assert hub.branch().title == "Better"
        assert Deployment.objects.count() == 1

    def test_a_comment_is_no_finding(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        hub.pull()
        assert hub.compare() == []

    def test_one_that_is_closed_is_destroyed(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        hub.pull(is_open=False)
        assert hub.compare() == ["destroying feature: pull request #1 was closed"]
        assert hub.compare() == []

    def test_one_that_the_list_has_lost_is_not(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        hub.unlisted = {1}
        assert hub.compare() == []
        assert hub.asked_for == ["pull request 1"]
        assert hub.branch().wanted == Wanted.PRESENT

    def test_one_that_is_reopened_right_then_stays(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is closed when GitHub is asked, and reopened before anything is decided."""
        hub.pull()
        hub.tell("opened")
        hub.pull(is_open=False)
        closed = github.pull_request(hub.repository, 1)

        def overtaken(_: Repository, number: int) -> Any:
            hub.pull()
            hub.tell("reopened")
            return closed

        monkeypatch.setattr(github, "pull_request", overtaken)
        assert hub.compare() == []
        assert hub.branch().wanted == Wanted.PRESENT

    def test_one_that_is_reopened_unheard_comes_back(self, hub: Hub) -> None:
        hub.pull()
        hub.tell("opened")
        hub.pull(is_open=False)
        hub.tell("closed")
        hub.pull()
        assert hub.compare() == ["deploying bbbbbbb to feature"]

    def test_a_closed_one_is_kept_where_the_policy_wants_its_branch(self, hub: Hub) -> None:
        only_feature(hub)
        hub.pull()
        hub.tell("opened")
        hub.pull(is_open=False)
        assert hub.compare() == []
        assert hub.asked_for == []
        assert hub.branch().wanted == Wanted.PRESENT

    def test_a_fork_is_not_deployed(self, hub: Hub) -> None:
        hub.pull(fork=True)
        assert hub.compare() == ["waiting for an approval of bbbbbbb for pr-1"]
        assert not Deployment.objects.exists()

    def test_a_fork_that_is_closed_ends_nothing(self, hub: Hub) -> None:
        hub.pull(1)
        hub.tell("opened")
        hub.pull(2, fork=True, is_open=False)
        assert hub.compare() == []

    def test_of_two_for_a_branch_the_one_that_is_open_counts(self, hub: Hub) -> None:
        hub.pull(1)
        hub.tell("opened", 1)
        hub.pull(2)
        hub.pull(1, is_open=False)
        hub.compare()
        assert (hub.branch().pull_request, hub.branch().wanted) == (2, Wanted.PRESENT)

    @pytest.mark.parametrize("more", [{"draft": True}, {"labels": ("skip-preview",)}])
    def test_one_that_is_to_have_none_gets_none(self, hub: Hub, more: dict[str, Any]) -> None:
        Repository.objects.update(deploy_drafts=False)
        hub.pull(**more)
        assert hub.compare() == []
        assert not Branch.objects.exists()
        hub.pull()
        assert hub.compare() == ["deploying bbbbbbb to feature"]

    @pytest.mark.parametrize("more", [{"draft": True}, {"labels": ("skip-preview",)}])
    def test_one_that_is_to_have_none_any_more_loses_it(
        self, hub: Hub, more: dict[str, Any]
    ) -> None:
        Repository.objects.update(deploy_drafts=False)
        hub.pull()
        hub.compare()
        hub.pull(**more)
        assert hub.compare()[0].startswith("destroying feature: ")
        updated_at = hub.branch().updated_at
        assert hub.compare() == []
        assert hub.branch().updated_at == updated_at
        hub.pull()
        assert hub.compare() == ["deploying bbbbbbb to feature"]

    def test_a_list_that_cannot_be_had_closes_nothing(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub.pull()
        hub.tell("opened")
        hub.heads["feature"] = OLD

        def refuse(_: Repository) -> None:
            raise PlatformError("GitHub answered 502 about acme/shop.")

        monkeypatch.setattr(github, "open_pull_requests", refuse)
        assert hub.compare() == ["deploying aaaaaaa to feature"]
        assert told(hub.notebook)[1] == [
            "acme/shop: pull requests are not compared: GitHub answered 502 about acme/shop."
        ]

    def test_elsewhere_than_on_github_there_are_none(self, hub: Hub) -> None:
        hub.pull()
        hub.is_github = False
        assert hub.compare() == []


class TestTogetherWithDeliveries:
    def test_a_delivery_that_is_faster_leaves_nothing_to_do(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is decided about between the reconciler's look and its own decision."""
        only_feature(hub)
        monkeypatch.setattr(git, "commit_message", lambda *_: hub.push())
        assert hub.compare() == []
        assert Deployment.objects.get().trigger == Deployment.Trigger.PUSH

    def test_the_slower_of_two_at_the_same_moment_deploys_nothing(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both have read the same row and the same head."""
        only_feature(hub)
        hub.heads["feature"] = OLD
        hub.push()
        hub.heads["feature"] = NEW
        answers = iter([True])

        def read_head(_: Repository, name: str) -> str:
            if next(answers, False):
                assert hub.push().startswith("deploying")
            return NEW

        monkeypatch.setattr(git, "read_head", read_head)
        assert hub.compare() == []
        assert Deployment.objects.filter(commit=NEW).count() == 1

    def test_a_delivery_that_comes_later_is_nothing_new(self, hub: Hub) -> None:
        hub.pull()
        hub.compare()
        assert hub.tell("opened") == "ignored: bbbbbbb of feature is pending already"
        assert Deployment.objects.count() == 1

    def test_a_branch_that_is_deployed_meanwhile_is_not_taken_for_gone(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        only_feature(hub)

        def heads(_: Repository) -> dict[str, str]:
            hub.push()  # made right after git was asked
            return {"main": OLD}

        monkeypatch.setattr(git, "heads", heads)
        assert hub.compare() == []
        assert hub.branch().state == BranchState.PENDING
