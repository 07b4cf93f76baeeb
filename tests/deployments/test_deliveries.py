"""What is decided about each webhook, and why."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import deliveries, intake
from deployments.adapters import git
from deployments.errors import PlatformError
from deployments.models import Branch, Delivery, Deployment, Repository
from deployments.payloads import MalformedPayload, parse
from deployments.secrets import key_id
from deployments.states import BranchState, DeploymentState, Wanted
from tests import github

from . import branch_names

pytestmark = pytest.mark.django_db

SHOP = "acme/shop"
OLD, NEW = "a" * 40, "b" * 40
_D = DeploymentState


@dataclass
class GitHub:
    """The origin's branches, and a sender of deliveries."""

    repository: Repository
    heads: dict[str, str | None] = field(default_factory=dict)
    #: What commits say; those that are not here say nothing special.
    messages: dict[str, str] = field(default_factory=dict)
    problem: Exception | None = None
    sent: int = 0

    def read_head(self, repository: Repository, branch_name: str) -> str | None:
        if self.problem is not None:
            raise self.problem
        return self.heads.get(branch_name)

    def at(self, seconds: int) -> str:
        time = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=seconds)
        return time.isoformat().replace("+00:00", "Z")

    def send(self, event: str, payload: dict[str, Any] | bytes, **more: Any) -> Delivery:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return Delivery.objects.create(
            guid=str(uuid.uuid4()),
            event=event,
            payload=body,
            received_at=timezone.now(),
            **{"key_id": key_id("the shop's secret")} | more,
        )

    def tell(self, event: str, payload: dict[str, Any] | bytes, **more: Any) -> str:
        """Send it and have it decided; the decision."""
        delivery = self.send(event, payload, **more)
        deliveries.decide_pending()
        delivery.refresh_from_db()
        assert delivery.state != Delivery.State.PENDING
        return delivery.decision

    def pull(self, action: str, *, seconds: int | None = None, **more: Any) -> str:
        """A pull_request event of branch `feature`, each later than the one before."""
        self.sent += 1
        state = more.pop("state", "closed" if action == "closed" else "open")
        more |= {"updated_at": self.at(self.sent if seconds is None else seconds)}
        payload = github.pull_request(action, SHOP, "feature", NEW, **more)
        payload["pull_request"]["state"] = state
        return self.tell("pull_request", payload)

    def push(self, branch: str = "feature", **more: Any) -> str:
        return self.tell("push", github.push(SHOP, branch, OLD, **more))


@pytest.fixture
def hub(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> GitHub:
    repository.policy = Repository.Policy.PULL_REQUESTS
    repository.webhook_secret = "the shop's secret"
    repository.save()
    hub = GitHub(repository, {"feature": NEW, "main": NEW})
    monkeypatch.setattr(git, "read_head", hub.read_head)
    monkeypatch.setattr(git, "read_pull_head", lambda *_: NEW)
    monkeypatch.setattr(git, "commit_message", lambda _, commit: hub.messages.get(commit, ""))
    return hub


def policy(hub: GitHub, policy: Repository.Policy, *patterns: str) -> None:
    hub.repository.policy, hub.repository.patterns = policy, list(patterns)
    hub.repository.save()


def feature() -> Branch:
    return Branch.objects.get(name="feature")


def slug() -> str:
    return feature().slug


class TestPullRequests:
    @pytest.mark.parametrize(
        "action", ["opened", "reopened", "synchronize", "ready_for_review", "edited", "labeled"]
    )
    def test_an_event_of_an_open_one_gives_its_branch_a_preview(
        self, hub: GitHub, action: str
    ) -> None:
        assert hub.pull(action, title="A change", number=7) == "deploying bbbbbbb to feature"
        branch = feature()
        assert (branch.title, branch.pull_request) == ("A change", 7)
        assert branch.deployment is not None
        assert branch.deployment.commit == NEW

    @pytest.mark.parametrize("action", ["assigned", "locked", "review_requested", "milestoned"])
    def test_an_event_that_changes_nothing_is_ignored(self, hub: GitHub, action: str) -> None:
        assert hub.pull(action) == f"ignored: {action} changes nothing"
        assert not Branch.objects.exists()

    def test_closing_destroys(self, hub: GitHub) -> None:
        hub.pull("opened")
        assert hub.pull("closed") == "destroying feature: pull request #1 was closed"
        assert feature().wanted == Wanted.ABSENT

    def test_closing_twice_is_nothing_new(self, hub: GitHub) -> None:
        hub.pull("opened")
        hub.pull("closed")
        assert hub.pull("closed") == "ignored: feature is destroying already"
        assert feature().generation == 2

    def test_closing_what_was_never_opened_is_ignored(self, hub: GitHub) -> None:
        assert hub.pull("closed") == "ignored: feature has no preview"

    def test_a_close_that_overtakes_the_opening_wins(self, hub: GitHub) -> None:
        hub.pull("closed", seconds=9)
        late = hub.pull("opened", seconds=1)
        assert late == "ignored: a later event of this pull request was here before"
        assert feature().wanted == Wanted.ABSENT

    def test_reopening_brings_it_back(self, hub: GitHub) -> None:
        hub.pull("opened")
        hub.pull("closed")
        assert hub.pull("reopened") == "deploying bbbbbbb to feature"
        assert feature().wanted == Wanted.PRESENT

    @pytest.mark.parametrize("action", ["labeled", "unlabeled", "edited", "synchronize"])
    def test_an_event_of_a_closed_one_brings_nothing_back(self, hub: GitHub, action: str) -> None:
        hub.pull("opened")
        hub.pull("closed")
        assert hub.pull(action, state="closed") == "ignored: feature is destroying already"
        assert feature().wanted == Wanted.ABSENT

    def test_a_lost_close_is_made_good_by_any_later_event(self, hub: GitHub) -> None:
        hub.pull("opened")
        assert hub.pull("labeled", state="closed").startswith("destroying feature")

    def test_an_older_event_that_comes_late_brings_nothing_back(self, hub: GitHub) -> None:
        hub.pull("opened", seconds=1)
        hub.pull("closed", seconds=9)
        late = hub.pull("synchronize", seconds=5)
        assert late == "ignored: a later event of this pull request was here before"
        assert feature().wanted == Wanted.ABSENT

    def test_a_push_within_the_second_of_the_close_brings_nothing_back(self, hub: GitHub) -> None:
        hub.pull("opened", seconds=1)
        hub.pull("closed", seconds=9)
        assert hub.pull("synchronize", seconds=9).startswith("ignored: a later event")
        assert hub.pull("reopened", seconds=9).startswith("deploying")

    def test_closing_one_of_two_for_a_branch_keeps_its_preview(self, hub: GitHub) -> None:
        hub.pull("opened", number=1)
        hub.pull("opened", number=2)
        assert hub.pull("closed", number=1) == "kept feature: pull request #2 is open for it"
        assert hub.pull("closed", number=2).startswith("destroying feature")

    def test_a_fork_is_not_built(self, hub: GitHub) -> None:
        assert hub.pull("opened", fork=True) == "waiting for an approval of bbbbbbb for pr-1"
        assert not Deployment.objects.exists()

    def test_a_fork_that_was_deleted_is_not_built(self, hub: GitHub) -> None:
        payload = github.pull_request("opened", SHOP, "feature", NEW)
        payload["pull_request"]["head"]["repo"] = None
        assert hub.tell("pull_request", payload).startswith("waiting for an approval")
        assert not Deployment.objects.exists()

    def test_a_label_keeps_the_preview_away_and_takes_it_away(self, hub: GitHub) -> None:
        assert hub.pull("opened", labels=("skip-preview",)) == "ignored: label skip-preview"
        assert not Branch.objects.exists()
        assert hub.pull("unlabeled", label="skip-preview").startswith("deploying")
        gone = hub.pull("labeled", labels=("skip-preview",))
        assert gone == "destroying feature: label skip-preview"
        assert hub.pull("unlabeled", label="skip-preview").startswith("deploying")

    @pytest.mark.parametrize("marker", ["[skip ci]", "[ci skip]", "[Skip Preview]"])
    def test_a_marker_in_the_title_keeps_the_preview_away(self, hub: GitHub, marker: str) -> None:
        assert hub.pull("opened", title=f"Typo {marker}") == f"ignored: {marker.lower()}"

    def test_drafts_wait_where_the_repository_says_so(self, hub: GitHub) -> None:
        Repository.objects.update(deploy_drafts=False)
        assert hub.pull("opened", draft=True) == "ignored: the pull request is a draft"
        assert hub.pull("ready_for_review").startswith("deploying")
        gone = hub.pull("converted_to_draft", draft=True)
        assert gone == "destroying feature: the pull request is a draft"

    @pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review"])
    @pytest.mark.parametrize("paths", [[], ["src/"]])
    def test_a_head_commit_with_a_marker_is_left_out(
        self, hub: GitHub, action: str, paths: list[str]
    ) -> None:
        """What GitHub tells of a pull request holds no commit message: git is asked."""
        Repository.objects.update(paths=paths)
        hub.messages[NEW] = "Docs\n\n[Skip CI]"
        assert hub.pull(action) == "ignored: [skip ci]"
        assert (feature().wanted, feature().generation) == (Wanted.ABSENT, 0)
        assert not Deployment.objects.exists()

    def test_a_preview_stays_as_it_is_when_a_marked_commit_comes(self, hub: GitHub) -> None:
        hub.heads["feature"] = OLD
        hub.pull("opened")
        hub.heads["feature"], hub.messages[NEW] = NEW, "Docs [skip preview]"
        assert hub.pull("synchronize") == "ignored: [skip preview]"
        assert feature().wanted_commit == OLD
        # The push that comes behind it, and the same commit once more, change nothing.
        assert hub.push(message="Docs [skip preview]") == "ignored: [skip preview]"
        assert hub.pull("reopened") == "ignored: [skip preview]"
        assert feature().wanted_commit == OLD

    def test_a_new_title_is_taken_over_without_a_deployment(self, hub: GitHub) -> None:
        hub.pull("opened")
        assert hub.pull("edited", title="Better") == "updated title and labels of feature"
        assert feature().title == "Better"
        assert feature().generation == 1


class TestPushes:
    def test_a_branch_with_a_pull_request_is_deployed(self, hub: GitHub) -> None:
        hub.heads["feature"] = OLD
        hub.pull("opened")
        hub.heads["feature"] = NEW
        assert hub.push() == "deploying bbbbbbb to feature"

    def test_a_branch_without_one_is_not(self, hub: GitHub) -> None:
        assert hub.push() == "ignored: no open pull request is known for feature"

    def test_every_branch_is_deployed_where_the_policy_says_so(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        assert hub.push("main") == "deploying bbbbbbb to main"

    def test_a_branch_is_deployed_that_matches_a_pattern(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.PATTERNS, "feat*", "release/*")
        assert hub.push("feature").startswith("deploying")
        assert hub.push("main") == "ignored: main matches none of the repository's patterns"

    def test_closing_a_pull_request_keeps_what_the_policy_wants_anyway(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        hub.pull("opened")
        assert hub.pull("closed").startswith("kept feature")
        assert feature().wanted == Wanted.PRESENT

    @pytest.mark.parametrize("marker", ["[skip ci]", "[ci skip]", "[skip preview]"])
    def test_a_marker_in_the_head_commit_skips_it(self, hub: GitHub, marker: str) -> None:
        policy(hub, Repository.Policy.ALL)
        assert hub.push(message=f"Typo\n\n{marker}") == f"ignored: {marker}"

    def test_a_tag_is_not_a_branch(self, hub: GitHub) -> None:
        payload = github.push(SHOP, "x", OLD) | {"ref": "refs/tags/v1"}
        assert hub.tell("push", payload) == "ignored: it is about a tag"

    def test_what_the_payload_says_the_head_is_does_not_matter(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        hub.push("feature")
        assert feature().wanted_commit == NEW

    def test_a_branch_that_is_gone_again_is_not_deployed(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        assert hub.push("gone") == "ignored: gone is no longer in the repository"
        assert not Branch.objects.exists()


class TestCreateAndDelete:
    def test_a_new_branch_is_deployed_where_the_policy_says_so(self, hub: GitHub) -> None:
        assert "no open pull request" in hub.tell("create", github.create(SHOP, "feature"))
        policy(hub, Repository.Policy.ALL)
        assert hub.tell("create", github.create(SHOP, "feature")).startswith("deploying")

    @pytest.mark.parametrize("as_push", [False, True])
    def test_a_deleted_branch_is_destroyed(self, hub: GitHub, as_push: bool) -> None:
        hub.pull("opened")
        hub.heads["feature"] = None
        if as_push:
            payload = github.push(SHOP, "feature", "0" * 40) | {"deleted": True}
            payload["head_commit"] = None
            decision = hub.tell("push", payload)
        else:
            decision = hub.tell("delete", github.delete(SHOP, "feature"))
        assert decision == "destroying feature: the branch was deleted"
        assert feature().state == BranchState.DESTROYING

    def test_one_that_was_made_again_stays(self, hub: GitHub) -> None:
        hub.pull("opened")
        decision = hub.tell("delete", github.delete(SHOP, "feature"))
        assert decision == "ignored: feature exists again"

    def test_a_deleted_tag_is_not_a_branch(self, hub: GitHub) -> None:
        hub.pull("opened")
        payload = github.delete(SHOP, "feature") | {"ref_type": "tag"}
        assert hub.tell("delete", payload) == "ignored: it is about a tag"


class TestWhoMaySay:
    def test_a_ping_is_answered(self, hub: GitHub) -> None:
        assert hub.tell("ping", github.ping()) == "answered: the webhook works"

    def test_an_unknown_repository_is_named(self, hub: GitHub) -> None:
        decision = hub.tell("push", github.push("acme/other", "main", OLD))
        assert decision == "ignored: repository acme/other is not known"

    def test_another_repositorys_secret_is_not_enough(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        decision = hub.tell("push", github.push(SHOP, "main", OLD), key_id=key_id("another's"))
        assert decision == "ignored: it is signed with another repository's secret"

    def test_the_previous_secret_still_is(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        Repository.objects.update(webhook_secret="new", webhook_secret_previous="the shop's secret")
        assert hub.push("main").startswith("deploying")

    def test_a_repository_is_known_in_any_case(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        assert hub.tell("push", github.push("Acme/Shop", "main", OLD)).startswith("deploying")

    def test_other_events_change_nothing(self, hub: GitHub) -> None:
        body = {"repository": {"full_name": SHOP}}
        assert hub.tell("star", body) == "ignored: star events change nothing"


class TestDisorder:
    def test_one_commit_is_deployed_once_however_often_it_is_told(self, hub: GitHub) -> None:
        hub.pull("opened")
        assert hub.push() == "ignored: bbbbbbb of feature is pending already"
        assert hub.pull("synchronize") == "ignored: bbbbbbb of feature is pending already"
        assert Deployment.objects.count() == 1

    def test_the_newest_commit_wins_whatever_comes_last(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        hub.heads["feature"] = NEW
        for commit in (NEW, OLD):
            hub.tell("push", github.push(SHOP, "feature", commit))
        assert feature().wanted_commit == NEW
        assert Deployment.objects.get().commit == NEW

    def test_a_wish_that_comes_in_between_is_seen(
        self, hub: GitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The head is read, then somebody pushes and is faster, then the first one goes on."""
        policy(hub, Repository.Policy.ALL)
        hub.heads["feature"] = OLD
        hub.push()
        answers = iter(["c" * 40, NEW])

        def read_head(repository: Repository, name: str) -> str:
            head = next(answers)
            if head != NEW:
                assert intake.want_commit(feature(), NEW, trigger=Deployment.Trigger.PUSH)
            return head

        monkeypatch.setattr(git, "read_head", read_head)
        assert hub.push() == "ignored: bbbbbbb of feature is pending already"
        assert feature().wanted_commit == NEW
        assert Deployment.objects.filter(state=_D.QUEUED).get().commit == NEW

    @settings(max_examples=25)
    @given(order=st.permutations(range(5)), twice=st.sets(st.integers(0, 4)))
    def test_pushes_in_any_order_end_with_the_newest(
        self, hub: GitHub, order: list[int], twice: set[int]
    ) -> None:
        policy(hub, Repository.Policy.ALL)
        Branch.objects.all().delete()
        for number in order:
            hub.heads["feature"] = f"{max(order[: order.index(number) + 1]):040x}"
            for _ in range(2 if number in twice else 1):
                hub.tell("push", github.push(SHOP, "feature", f"{number:040x}"))
        assert feature().wanted_commit == f"{4:040x}"
        commits = list(Deployment.objects.values_list("commit", flat=True))
        assert len(commits) == len(set(commits))
        assert Deployment.objects.filter(state=_D.QUEUED).get().commit == f"{4:040x}"


class TestTrouble:
    def test_git_that_does_not_answer_is_asked_again(self, hub: GitHub, time_machine: Any) -> None:
        time_machine.move_to(datetime(2026, 11, 23, tzinfo=UTC), tick=False)
        policy(hub, Repository.Policy.ALL)
        hub.problem = PlatformError("git ls-remote failed: no route", retry=True)
        delivery = hub.send("push", github.push(SHOP, "feature", NEW))
        deliveries.decide_pending()
        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.PENDING
        assert delivery.decision == "trying again: git ls-remote failed: no route"
        assert deliveries.decide_pending() == 0

        hub.problem = None
        time_machine.shift(3)
        assert deliveries.decide_pending() == 1
        delivery.refresh_from_db()
        assert delivery.decision == "deploying bbbbbbb to feature"

    def test_git_that_never_answers_ends_with_its_words(
        self, hub: GitHub, time_machine: Any
    ) -> None:
        time_machine.move_to(datetime(2026, 11, 23, tzinfo=UTC), tick=False)
        policy(hub, Repository.Policy.ALL)
        hub.problem = PlatformError("git ls-remote failed: denied", hint="Set a token.")
        delivery = hub.send("push", github.push(SHOP, "feature", NEW))
        for _ in range(8):
            deliveries.decide_pending()
            time_machine.shift(300)
        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.FAILED
        assert delivery.decision == "failed: git ls-remote failed: denied Set a token."

    def test_a_decider_that_dies_leaves_the_delivery_to_another(
        self, hub: GitHub, time_machine: Any
    ) -> None:
        time_machine.move_to(datetime(2026, 11, 23, tzinfo=UTC), tick=False)
        policy(hub, Repository.Policy.ALL)
        hub.problem = KeyboardInterrupt()  # type: ignore[assignment]
        hub.send("push", github.push(SHOP, "feature", NEW))
        with pytest.raises(KeyboardInterrupt):
            deliveries.decide_pending()
        hub.problem = None
        assert deliveries.decide_pending() == 0
        time_machine.shift(61)
        assert deliveries.decide_pending() == 1
        assert feature().wanted_commit == NEW

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b"{}",
            b'{"ref": null}',
            b'{"ref": ["refs/heads/x"]}',
            b'{"ref": {"a": 1}}',
            b'{"ref": "refs/heads/"}',
            b'{"ref": "refs/heads/a\\u0000b"}',
            json.dumps({"ref": "refs/heads/" + "x" * 256}).encode(),
            b'{"ref": "refs/heads/x", "head_commit": [1]}',
            b'{"ref": "refs/heads/x", "repository": "acme/shop"}',
        ],
    )
    def test_a_payload_that_github_would_not_send_is_told_as_such(
        self, hub: GitHub, body: bytes
    ) -> None:
        assert hub.tell("push", body).startswith("failed: malformed payload, ")

    @pytest.mark.parametrize("event", ["create", "delete", "pull_request"])
    @pytest.mark.parametrize("body", [b"{}", b"[]", b'{"ref_type": "branch", "ref": 7}'])
    def test_so_is_one_of_another_event(self, hub: GitHub, event: str, body: bytes) -> None:
        assert hub.tell(event, body).startswith("failed: malformed payload, ")

    def test_one_bad_delivery_does_not_hold_up_the_next(self, hub: GitHub) -> None:
        policy(hub, Repository.Policy.ALL)
        hub.send("push", b"{")
        assert hub.push("main").startswith("deploying")


@given(branch_names.names())
def test_every_branch_name_arrives_as_it_is(name: str) -> None:
    body = json.dumps(github.push(SHOP, name, OLD)).encode()
    assert parse("push", body).branch == name
    body = json.dumps(github.pull_request("opened", SHOP, name, OLD)).encode()
    assert parse("pull_request", body).branch == name


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    kind=st.sampled_from(["push", "create", "delete", "pull_request", "ping", "star"]),
    broken=st.dictionaries(
        st.sampled_from("ref ref_type repository sender action pull_request head_commit".split()),
        json_values,
    ),
)
def test_a_payload_is_read_or_refused(kind: str, broken: dict[str, Any]) -> None:
    example = {"push": "push", "create": "create", "delete": "delete"}.get(kind, "ping")
    body = json.dumps(github.examples()[example] | broken).encode()
    try:
        event = parse(kind, body)
    except MalformedPayload as problem:
        assert str(problem)
    else:
        assert isinstance(event.branch, str)
        assert isinstance(event.action, str)
