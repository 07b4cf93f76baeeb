"""/preview in a comment: what is done, for whom, how often, and what its author sees."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments import deliveries, intake, outbox
from deployments.models import (
    AuditEntry,
    Branch,
    Command,
    Delivery,
    Deployment,
    Outgoing,
    Repository,
)
from deployments.states import DeploymentState, Wanted

from .conftest import NEW, OLD, REAL_PUT, People

pytestmark = pytest.mark.django_db


class TestVerbs:
    def test_preview_deploys_what_was_left_out(self, people: People) -> None:
        assert people.opened(labels=("skip-preview",)) == "ignored: label skip-preview"
        assert people.write("/preview") == "deploying bbbbbbb to feature"
        deployment = people.branch().deployment
        assert deployment is not None
        assert (deployment.commit, deployment.actor) == (NEW, "mona")
        assert (people.answer(), people.said.replies) == ("rocket", [])

    def test_what_is_under_way_is_not_deployed_twice(self, people: People) -> None:
        people.opened()
        assert people.write("/preview") == "ignored: bbbbbbb of feature is pending already"
        assert Deployment.objects.count() == 1
        assert people.answer() == "rocket"

    def test_a_failed_one_is_deployed_again(self, people: People) -> None:
        people.opened()
        Deployment.objects.update(state=DeploymentState.FAILED)
        Branch.objects.update(state="failed")
        assert people.write("/preview") == "deploying bbbbbbb to feature"

    @pytest.mark.parametrize(("verb", "no_cache"), [("redeploy", False), ("rebuild", True)])
    def test_it_deploys_the_head_of_now(self, people: People, verb: str, no_cache: bool) -> None:
        people.opened()
        people.heads["feature"] = OLD
        assert people.write(f"/preview {verb}") == "deploying aaaaaaa to feature"
        newest = people.branch().deployment
        assert newest is not None
        assert (newest.commit, newest.no_cache) == (OLD, no_cache)

    def test_destroy(self, people: People) -> None:
        people.opened()
        said = people.write("/preview destroy")
        assert said == "destroying feature: mona wrote /preview destroy"
        assert people.branch().wanted == Wanted.ABSENT
        assert people.write("/preview destroy") == "ignored: feature was destroyed before"

    def test_pin_and_unpin(self, people: People) -> None:
        people.opened()
        assert people.write("/preview pin") == "pinned feature"
        assert people.branch().pinned_by == "mona"
        assert people.write("/preview pin") == "ignored: it was pinned before"
        assert people.write("/preview unpin") == "unpinned feature"
        assert people.branch().pinned_at is None

    def test_extend_keeps_it_for_so_long_whatever_visits_count(self, people: People) -> None:
        people.repository.expires_seconds = 3600
        people.repository.save()
        people.opened()
        assert people.write("/preview extend 3d") == "kept feature longer"
        ends = people.branch().expires_at
        assert ends is not None
        assert ends - timezone.now() > timedelta(days=2, hours=23)
        intake.unpin(people.branch(), actor="x")
        intake.pin(people.branch(), actor="x")
        intake.unpin(people.branch(), actor="x")
        assert people.branch().expires_at == ends
        assert people.write("/preview extend 3d").startswith("ignored: feature is kept as long")

    def test_extending_what_does_not_end_is_told_so(self, people: People) -> None:
        people.repository.expires_seconds = 0
        people.repository.save()
        people.opened()
        people.write("/preview extend 3d")
        assert people.answer() == "confused"
        assert "does not end by itself" in people.said.replies[0]

    def test_status_logs_and_help_are_answered_in_words(self, people: People) -> None:
        people.opened()
        for verb, part in (
            ("status", "**feature** is pending at `bbbbbbb`"),
            ("logs", f"/deployments/{people.branch().deployment_id}"),
            ("help", "`/preview extend 3d`"),
        ):
            assert people.write(f"/preview {verb}") == "answered"
            assert part in people.said.replies[-1]
            assert people.answer() == "rocket"

    @pytest.mark.parametrize("verb", ["destroy", "pin", "status", "logs", "extend"])
    def test_without_a_preview_it_says_so(self, people: People, verb: str) -> None:
        people.write(f"/preview {verb}")
        assert people.answer() == "confused"
        assert people.said.replies[0].startswith("There is no preview of this pull request.")

    def test_a_closed_one_is_not_deployed(self, people: People) -> None:
        people.pull["state"] = "closed"
        assert people.write("/preview") == "refused: This pull request is closed. Reopen it first."

    def test_a_branch_that_is_gone_is_not_deployed(self, people: People) -> None:
        people.heads.clear()
        assert people.write("/preview").startswith("refused: The branch of this pull request")

    def test_what_means_nothing_gets_one_short_reply(self, people: People) -> None:
        assert people.write("/preview frobnicate").startswith("refused: I do not know `frobnicate`")
        assert people.answer() == "confused"
        assert len(people.said.replies) == 1

    def test_it_is_noted_as_what_a_button_did(self, people: People) -> None:
        people.opened()
        people.write("/preview pin")
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.actor) == ("preview.pin", "mona")
        assert entry.origin == "comment on acme/shop"
        assert entry.after["pinned_by"] == "mona"

    def test_the_delivery_names_the_preview(self, people: People) -> None:
        people.opened()
        people.write("/preview pin")
        assert Delivery.objects.get(event="issue_comment").branch == people.branch()


class TestForks:
    def test_what_waits_is_decided_about_at_the_dashboard(self, people: People) -> None:
        assert people.opened(fork=True).startswith("waiting for an approval")
        for verb in ("", "deploy", "redeploy", "rebuild", "destroy", "pin"):
            people.write(f"/preview {verb}")
            assert people.answer() == "confused"
            assert f"/branches/{people.branch().pk}" in people.said.replies[-1]
        assert not Deployment.objects.exists()

    @pytest.mark.parametrize("verb", ["status", "logs", "help"])
    def test_it_tells_what_there_is(self, people: People, verb: str) -> None:
        people.opened(fork=True)
        assert people.write(f"/preview {verb}") == "answered"

    def test_one_that_nobody_knows_is_not_deployed(self, people: People) -> None:
        people.open(fork=True)
        assert people.write("/preview").startswith("refused: This pull request comes from a fork")
        assert not Branch.objects.exists()


class TestWho:
    @pytest.mark.parametrize("permission", ["admin", "write"])
    def test_people_who_may_write(self, people: People, permission: str) -> None:
        people.permissions["ada"] = permission
        people.opened()
        assert people.write("/preview pin", author="ada") == "pinned feature"
        assert people.asked[0] == "GET /collaborators/ada/permission"

    @pytest.mark.parametrize("permission", ["read", "none", "triage", ""])
    @pytest.mark.parametrize("verb", ["", "destroy", "status", "help", "nonsense"])
    def test_others_may_nothing(self, people: People, permission: str, verb: str) -> None:
        people.permissions["eve"] = permission
        people.opened()
        said = people.write(f"/preview {verb}", author="eve")
        assert said == "refused: eve has no write access"
        assert people.answer() == "-1"
        assert people.branch().wanted == Wanted.PRESENT

    def test_a_stranger_may_nothing_and_is_told_so_once(self, people: People) -> None:
        people.opened()
        for _ in range(3):
            people.write("/preview destroy", author="stranger")
        assert len(people.said.replies) == 1
        assert [content for _, content in people.said.reactions] == ["-1"] * 3

    @pytest.mark.parametrize("login", ["../../x", "a/b", "x?y", "a b", "é", "x" * 101])
    def test_a_name_that_is_none_is_not_asked_about(self, people: People, login: str) -> None:
        people.opened()
        assert people.write("/preview destroy", author=login).startswith("refused:")
        assert people.asked == []

    def test_bots_and_its_own_comments_are_not_heard(self, people: People) -> None:
        people.opened()
        people.permissions["helper[bot]"] = "write"
        for said in (
            people.write("/preview destroy", bot=True),
            people.write("/preview destroy", author="helper[bot]"),
            people.write("/preview destroy\n\n<!-- edaha reply to 1 -->"),
        ):
            assert said == "ignored: no person wrote the comment"
        assert not people.said.reactions

    def test_a_host_without_people_obeys_nobody(self, people: People) -> None:
        people.repository.host = "git"
        people.repository.save()
        assert people.write("/preview").startswith("refused:")
        assert people.asked == []


class TestOnce:
    def test_a_comment_that_is_delivered_again_is_not_obeyed_again(self, people: People) -> None:
        people.opened()
        people.write("/preview redeploy", comment_id=77)
        Deployment.objects.update(state=DeploymentState.BUILDING)
        reactions = list(people.said.reactions)
        again = people.write("/preview redeploy", comment_id=77)
        assert again == "ignored: this comment was here before; deploying bbbbbbb to feature"
        assert Deployment.objects.count() == 1
        assert people.said.reactions == reactions

    def test_the_same_number_in_another_repository_is_another_comment(self, people: People) -> None:
        other = Repository.objects.create(full_name="acme/other", clone_url="https://x.example/y")
        Command.objects.create(repository=other, comment=77, pull_request=5, author="mona")
        people.opened()
        assert people.write("/preview pin", comment_id=77) == "pinned feature"

    @pytest.mark.parametrize("action", ["edited", "deleted"])
    def test_only_what_is_written_anew_is_heard(self, people: People, action: str) -> None:
        people.opened()
        said = people.write("/preview destroy", action=action)
        assert said == f"ignored: a comment that was {action} tells nothing new"

    def test_a_comment_on_an_issue_is_none(self, people: People) -> None:
        said = people.write("/preview destroy", on_issue=True)
        assert said == "ignored: the comment is not on a pull request"

    def test_other_comments_cost_nothing(self, people: People) -> None:
        assert people.write("Looks good to me") == "ignored: the comment has no command"
        assert not Command.objects.exists()
        assert people.asked == []

    def test_while_github_is_down_it_waits_and_is_done_later(self, people: People) -> None:
        people.opened()
        people.is_down = True
        assert people.write("/preview destroy").startswith("trying again: GitHub answered 502")
        assert people.answer() == "eyes"
        assert people.branch().wanted == Wanted.PRESENT
        people.is_down = False
        Delivery.objects.update(due_at=None)
        deliveries.decide_pending()
        assert people.branch().wanted == Wanted.ABSENT
        assert people.answer() == "rocket"

    def test_one_that_comes_hours_late_is_not_obeyed(self, people: People) -> None:
        people.opened()
        late = (timezone.now() - timedelta(hours=2)).isoformat()
        said = people.write("/preview destroy", created_at=late)
        assert said == "ignored: the command came more than an hour late"
        assert people.branch().wanted == Wanted.PRESENT


class TestHowOften:
    def test_ten_a_minute_on_a_pull_request(self, people: People) -> None:
        people.opened()
        for _ in range(10):
            people.write("/preview status")
        assert people.write("/preview destroy") == "ignored: more than 10 commands in a minute"
        assert len(people.said.replies) == 10
        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            assert people.write("/preview pin") == "pinned feature"

    def test_who_may_nothing_takes_nobodys_turn(self, people: People) -> None:
        people.opened()
        for _ in range(15):
            people.write("/preview destroy", author="stranger")
        assert len(people.asked) == 10
        assert people.write("/preview pin") == "pinned feature"


def test_what_is_answered_waits_for_github_as_one_row_each(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "put", REAL_PUT)
    people.opened(fork=True, labels=("skip-preview",))
    people.write("/preview nonsense", comment_id=7)
    people.write("/preview nonsense", comment_id=7)
    told = Outgoing.objects.filter(kind__in=("reaction", "reply")).order_by("kind")
    assert [(row.kind, row.key) for row in told] == [("reaction", "7"), ("reply", "7")]
    assert told[0].payload == {"content": "confused"}
    assert told[1].payload["pull"] == 5
    assert told[1].payload["body"].startswith("I do not know `nonsense`.")


@pytest.mark.parametrize(
    "body",
    [
        "/preview destroy\x00",
        "\x00" * 100 + "\n/preview pin\x00\n",
        "/preview \N{RIGHT-TO-LEFT OVERRIDE}nip",
        ("/preview\n" * 65_536)[:65_536],
        "```\n" * 16_384,
        "x" * 65_000 + "\n/preview",
        "/preview " + "a" * 65_000,
        "\ud800 /preview",
    ],
)
def test_a_hostile_body_is_decided_about(people: People, body: str) -> None:
    people.opened()
    people.write(body)
    delivery = Delivery.objects.get(event="issue_comment")
    assert delivery.state != Delivery.State.PENDING
    assert delivery.attempts == 1
    assert people.branch().wanted == Wanted.PRESENT
    assert all(len(reply) < 400 for reply in people.said.replies)
