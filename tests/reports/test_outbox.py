"""What GitHub is told, whatever happens to it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments import outbox
from deployments.adapters import reporting
from deployments.adapters.github import permissions
from deployments.causes import Cause
from deployments.models import Branch, Messenger, Outgoing, Repository
from deployments.reports import telling
from deployments.states import DeploymentState
from tests.github.fake import Fake
from tests.github.trouble import trouble, weather

from .moving import destroy, fail, go_live, move, wish

pytestmark = pytest.mark.django_db
Later = Callable[..., None]
R = "/repos/acme/shop"


def ours(hub: Fake) -> list[dict[str, Any]]:
    """Its own comments, be they by the App or by a person."""
    names = {hub.state.login, "edaha[bot]"}
    return [each for each in hub.state.comments.values() if each["user"]["login"] in names]


def _told(hub: Fake, deployment: int) -> dict[str, Any]:
    """What was told of a deployment last."""
    return dict(hub.state.statuses[deployment][-1])


def _comment(hub: Fake) -> str:
    (comment,) = ours(hub)
    return str(comment["body"])


def test_a_pull_request_is_told_from_the_push_to_the_end(
    app: Fake, branch: Branch, later: Later
) -> None:
    app.state.installations["acme/shop"].permissions["administration"] = "write"
    deployment = wish(branch)
    later()
    (known,) = app.state.deployments
    (check,) = app.state.checks.values()
    assert "Queued" in _comment(app)
    assert (app.state.state_of(known), check["status"]) == ("queued", "queued")
    go_live(deployment)
    later()
    assert f"**[{branch.url}]({branch.url})**" in _comment(app)
    assert app.state.state_of(known) == "success"
    assert _told(app, known)["environment_url"] == branch.url
    assert (check["status"], check["conclusion"]) == ("completed", "success")
    destroy(branch)
    later()
    later(seconds=6)
    assert "is gone since" in _comment(app)
    assert app.state.deployments == {} and app.state.environments == set()
    assert check["conclusion"] == "success"
    assert not Outgoing.objects.filter(done_at=None).exists()


def test_what_github_is_asked_for_is_a_preview_and_nothing_more(
    hub: Fake, branch: Branch, later: Later
) -> None:
    wish(branch)
    later()
    (made,) = hub.state.deployments.values()
    (body,) = [each.body for each in hub.seen if each.said == f"POST {R}/deployments"]
    asked = {key: body[key] for key in ("ref", "auto_merge", "required_contexts", "environment")}
    assert asked == {
        "ref": "a" * 40,
        "auto_merge": False,
        "required_contexts": [],
        "environment": f"preview/{branch.slug}",
    }
    assert made["transient_environment"] is True and made["production_environment"] is False


def test_many_moves_are_one_call(hub: Fake, branch: Branch, later: Later) -> None:
    go_live(wish(branch))
    later()
    assert sorted(hub.changes()) == [
        f"POST {R}/deployments",
        f"POST {R}/deployments/{next(iter(hub.state.deployments))}/statuses",
        f"POST {R}/issues/5/comments",
        f"POST {R}/statuses/{'a' * 40}",
    ]
    later()
    assert len(hub.changes()) == 4  # nothing is news


def test_nothing_changed_is_not_told_again(hub: Fake, branch: Branch, later: Later) -> None:
    go_live(wish(branch))
    later()
    before = len(hub.changes())
    Outgoing.objects.update(done_at=None)
    later()
    assert len(hub.changes()) == before


def test_an_older_deployment_is_inactive_as_soon_as_a_newer_one_is_live(
    hub: Fake, branch: Branch, later: Later
) -> None:
    go_live(wish(branch, "a"))
    later()
    newer = wish(branch, "b")
    later()
    first, second = hub.state.deployments
    assert (hub.state.state_of(first), hub.state.state_of(second)) == ("success", "queued")
    go_live(newer)
    later()
    assert (hub.state.state_of(first), hub.state.state_of(second)) == ("inactive", "success")


@pytest.mark.parametrize(
    ("cause", "state"), [(Cause.DOCKERFILE, "failure"), (Cause.AWS, "error"), ("", "error")]
)
def test_a_failure_is_told_as_whose_it_is(
    hub: Fake, branch: Branch, later: Later, cause: str, state: str
) -> None:
    fail(wish(branch), cause=cause)
    later()
    (known,) = hub.state.deployments
    assert hub.state.state_of(known) == state
    assert hub.state.commit_statuses["a" * 40][-1]["state"] == state


def test_a_deleted_comment_is_made_again(hub: Fake, branch: Branch, later: Later) -> None:
    deployment = wish(branch)
    later()
    hub.state.comments.clear()
    go_live(deployment)
    later()
    assert "Live" in _comment(hub)


def test_somebody_elses_comment_with_the_marker_is_not_ours(
    hub: Fake, branch: Branch, later: Later
) -> None:
    from deployments.reports.facts import marker

    theirs = hub.state.add_comment(f"{marker(branch)} mine", "mallory")
    wish(branch)
    later()
    assert hub.state.comments[theirs]["body"] == f"{marker(branch)} mine"
    assert len(ours(hub)) == 1


def test_the_comment_is_found_behind_hundreds_of_others(
    hub: Fake, branch: Branch, later: Later
) -> None:
    for number in range(230):
        hub.state.add_comment(f"a review, part {number}", "mika")
    deployment = wish(branch)
    trouble(hub, ["", "", "", "", "lost"])
    later()
    go_live(deployment)
    later(seconds=30)
    assert "Live" in _comment(hub)


def test_a_lost_answer_makes_nothing_twice(app: Fake, branch: Branch, later: Later) -> None:
    deployment = wish(branch)
    for _ in range(12):
        weather(app, "lost")
        later(minutes=16)
        weather(app, "")
        trouble(app, ["", "lost"])
        later(minutes=16)
    weather(app, "")
    go_live(deployment)
    later(minutes=16)
    later(minutes=16)
    assert len(ours(app)) == len(app.state.deployments) == len(app.state.checks) == 1
    assert "Live" in _comment(app)


def test_it_catches_up_after_github_was_down(hub: Fake, branch: Branch, later: Later) -> None:
    weather(hub, "down")
    go_live(wish(branch))
    later()
    assert len(hub.seen) == 1  # what else there is waits, too
    later()
    assert len(hub.seen) == 1
    row = Outgoing.objects.exclude(problem="").get()
    assert "GitHub was not reached" in row.problem
    weather(hub, "")
    later(seconds=11)
    later(seconds=11)
    assert "Live" in _comment(hub)
    assert not Outgoing.objects.exclude(problem="").exists()


def test_tries_become_rarer_up_to_a_quarter_of_an_hour() -> None:
    waits = [outbox.back_off(number).total_seconds() for number in (1, 2, 3, 7, 8, 50)]
    assert waits == [10, 20, 40, 640, 900, 900]


def test_github_is_left_alone_for_as_long_as_it_asks(
    hub: Fake, branch: Branch, later: Later
) -> None:
    wish(branch)
    trouble(hub, [429])
    later()
    asked = len(hub.seen)
    later(seconds=50)
    assert len(hub.seen) == asked
    later(seconds=15)
    assert ours(hub)


def test_what_is_forbidden_is_told_once_an_hour_and_holds_nothing_else_up(
    hub: Fake, branch: Branch, later: Later
) -> None:
    hub.refuse(f"POST {R}/deployments", 403)
    wish(branch)
    later()
    assert ours(hub) and hub.state.commit_statuses
    row = Outgoing.objects.exclude(problem="").get()
    assert row.kind == "deployment" and "403" in row.problem and "permission" in row.hint
    later(minutes=50)
    assert hub.count(f"POST {R}/deployments") == 1
    later(minutes=15)
    assert hub.count(f"POST {R}/deployments") == 2
    hub.relent()
    later(minutes=65)
    assert len(hub.state.deployments) == 1
    assert not Outgoing.objects.exclude(problem="").exists()


def test_what_cannot_be_told_for_three_days_is_given_up(
    hub: Fake, branch: Branch, later: Later
) -> None:
    hub.refuse(f"POST {R}/deployments", 403)
    wish(branch)
    later()
    later(days=3, minutes=1)
    later(hours=2)
    assert hub.count(f"POST {R}/deployments") == 2
    assert not Outgoing.objects.filter(done_at=None).exists()


DELETE = "DELETE /repos/{owner}/{repo}/environments/{environment_name}"


@pytest.mark.parametrize("by", ["hub", "app"])
def test_an_environment_that_may_not_be_deleted_is_left_and_is_no_problem(
    request: pytest.FixtureRequest, branch: Branch, later: Later, by: str
) -> None:
    """A token is tried with, once; what an App may not do is known before."""
    fake: Fake = request.getfixturevalue(by)
    go_live(wish(branch))
    later()
    fake.refuse(f"DELETE {R}/environments", 403)
    destroy(branch)
    later()
    for _ in range(3):
        later(hours=2)
    assert fake.count(DELETE) == (1 if by == "hub" else 0)
    assert fake.state.deployments == {} and len(fake.state.environments) == 1
    assert not Outgoing.objects.exclude(problem="").exists()


def test_only_the_token_that_deletes_an_environment_may_do_so(
    app: Fake, branch: Branch, later: Later
) -> None:
    app.state.installations["acme/shop"].permissions["administration"] = "write"
    go_live(wish(branch))
    later()
    destroy(branch)
    later()
    later(seconds=6)
    assert app.state.environments == set()
    made = [each.body for each in app.seen if each.path.endswith("/access_tokens")]
    assert [each["permissions"] for each in made] == [
        permissions.NEEDED,
        permissions.FOR_ENVIRONMENTS,
    ]


def test_a_repository_that_is_not_on_github_has_nothing_to_tell(branch: Branch) -> None:
    Repository.objects.update(clone_url="/srv/git/shop.git")
    branch = Branch.objects.get(pk=branch.pk)
    go_live(wish(branch))
    outbox.put(branch.repository, "reaction", "1", {"content": "rocket"})
    assert not Outgoing.objects.exists()


@pytest.mark.parametrize(
    ("off", "kinds"),
    [
        ({"report_comment": False}, {"deployment", "check"}),
        ({"report_deployments": False}, {"comment", "check"}),
        ({"report_status": "off"}, {"comment", "deployment"}),
    ],
)
def test_a_repository_chooses_what_is_told(
    branch: Branch, off: dict[str, object], kinds: set[str]
) -> None:
    Repository.objects.update(**off)
    go_live(wish(branch))
    assert set(Outgoing.objects.values_list("kind", flat=True)) == kinds


def test_a_preview_without_a_pull_request_has_no_comment(branch: Branch) -> None:
    Branch.objects.update(pull_request=None)
    wish(branch)
    assert not Outgoing.objects.filter(kind="comment").exists()


def test_replies_come_once_and_in_order(hub: Fake, shop: Repository, later: Later) -> None:
    for number in range(3):
        outbox.put(shop, "reply", f"{number}", {"pull": 5, "body": f"No. {number}"})
    trouble(hub, ["lost"])
    later()
    assert len(ours(hub)) == 1
    later(seconds=11)
    said = [str(each["body"]).partition("\n")[2] for each in ours(hub)]
    assert said == ["No. 0", "No. 1", "No. 2"]


def test_a_reaction_is_given(hub: Fake, shop: Repository, later: Later) -> None:
    known = hub.state.add_comment("/preview", "mika")
    outbox.put(shop, "reaction", str(known), {"content": "rocket"})
    later()
    assert list(hub.state.reactions) == [(known, "rocket")]


def test_two_messengers_never_tell_of_one_repository(
    hub: Fake, branch: Branch, later: Later
) -> None:
    wish(branch)
    held = outbox._claim(branch.repository_id)
    assert held is not None
    assert outbox.deliver(branch.repository_id) == 0
    Messenger.objects.update(lease_until=None)
    assert outbox.deliver(branch.repository_id) == 3


def test_what_is_asked_while_it_is_told_is_told_again(
    hub: Fake, branch: Branch, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = wish(branch)
    real = telling.tell

    def tell(row: Outgoing) -> bool:
        over = real(row)
        if row.kind == "comment":
            monkeypatch.setattr(outbox, "tell", real)
            move(deployment, DeploymentState.BUILDING)
        return over

    monkeypatch.setattr(outbox, "tell", tell)
    later()
    later()
    assert "Building" in _comment(hub)


@pytest.mark.parametrize("moment", ["before it posts", "after it has posted"])
def test_two_senders_at_the_same_moment_leave_one_comment(
    hub: Fake, branch: Branch, later: Later, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The slow one has looked, and found none; its lease ends, and another one tells it all."""
    post, is_first = reporting.post_comment, True

    def slow(repository: Repository, number: int, body: str) -> int:
        nonlocal is_first
        was_first, is_first = is_first, False
        made = post(repository, number, body) if moment.startswith("after") else 0
        if was_first:
            Messenger.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            outbox.deliver(repository.pk)
        return made or post(repository, number, body)

    monkeypatch.setattr(reporting, "post_comment", slow)
    wish(branch)
    later()
    monkeypatch.undo()
    assert len(ours(hub)) == 1
    assert Outgoing.objects.get(kind="comment").remote_id == ours(hub)[0]["id"]


def test_a_second_comment_that_was_left_behind_goes_at_the_next_look(
    hub: Fake, branch: Branch, later: Later
) -> None:
    wish(branch)
    later()
    first = ours(hub)[0]
    hub.state.add_comment(first["body"], hub.state.login)
    lost = {"remote_id": None, "told": "", "done_at": None}
    Outgoing.objects.filter(kind="comment").update(**lost)
    later(minutes=1)
    assert [each["id"] for each in ours(hub)] == [first["id"]]
