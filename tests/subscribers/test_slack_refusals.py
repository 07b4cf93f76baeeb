"""What becomes of a subscription when Slack says no, against a Slack that says it as Slack does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments import audit
from deployments.adapters import callout
from deployments.models import Attempt, AuditEntry, Branch, Notice, Repository, Subscription
from deployments.subscribers import slack as words
from tests.reconcile.test_github import configured
from tests.reports.moving import destroy, fail, go_live, wish

from .slack import HOOK, TOKEN, Channel, Slack, mentions, message_error, served

pytestmark = pytest.mark.django_db
Later = Callable[..., None]


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """Slack, which both of its addresses lead to."""
    found, post = Slack(), callout.post

    def sent(url: str, *rest: Any) -> callout.Answer:
        for host in ("https://slack.com", "https://hooks.slack.com"):
            url = url.replace(host, address)
        return post(url, *rest)

    with (
        served(found) as address,
        configured(outgoing_private=True, base_url="https://edaha.example.com"),
    ):
        monkeypatch.setattr(callout, "post", sent)
        yield found


@pytest.fixture
def bot(slack: Slack) -> Subscription:
    """A bot that writes to #previews."""
    made = Subscription(name="bot", kind="slack", channel="#previews")
    made.events = ["preview.ready", "preview.failed", "preview.recovered", "preview.destroyed"]
    made.keep(TOKEN)
    made.save()
    return made


def after(bot: Subscription) -> Subscription:
    return Subscription.objects.get(pk=bot.pk)


def test_a_bot_and_an_incoming_webhook_are_taken(
    slack: Slack, bot: Subscription, branch: Branch, later: Later
) -> None:
    go_live(wish(branch))
    later()
    bot.keep(HOOK)
    bot.save()
    fail(wish(branch, "b"))
    later(seconds=1.1)
    assert [text[:7] for text in slack.said()] == ["✅ Ready", "❌ Faile"]
    assert not [row.problem for row in Attempt.objects.all() if row.problem]


@pytest.mark.parametrize(
    ("trouble", "word"),
    [
        (lambda slack: slack.revoked.add(TOKEN), "token_revoked"),
        (lambda slack: slack.tokens.clear(), "invalid_auth"),
        (lambda slack: slack.tokens[TOKEN].clear(), "missing_scope"),
        (lambda slack: slack.channels.clear(), "channel_not_found"),
        (lambda slack: setattr(slack.channels["#previews"], "is_archived", True), "is_archived"),
        (lambda slack: setattr(slack.channels["#previews"], "has_bot", False), "not_in_channel"),
    ],
)
def test_what_is_refused_for_good_pauses_it_and_says_why(
    slack: Slack,
    bot: Subscription,
    branch: Branch,
    later: Later,
    trouble: Callable[[Slack], object],
    word: str,
) -> None:
    trouble(slack)
    go_live(wish(branch))
    destroy(branch)
    later()
    later(minutes=20)
    assert len(slack.asked) == 1
    assert not after(bot).is_enabled and word in after(bot).disabled_because
    assert word in Attempt.objects.get().problem
    entry = AuditEntry.objects.get(action="subscription.pause")
    assert (entry.subject, entry.actor, entry.origin) == ("bot", "Edaha", "worker")
    assert word in entry.reason
    assert not list(audit.problems())


@pytest.mark.parametrize(
    ("trouble", "word"),
    [
        (lambda slack: slack.hooks.clear(), "no_service"),
        (lambda slack: slack.channels.clear(), "channel_not_found"),
        (
            lambda slack: setattr(slack.channels["#previews"], "is_archived", True),
            "channel_is_archived",
        ),
    ],
)
def test_an_incoming_webhook_that_is_gone_pauses_it(
    slack: Slack,
    bot: Subscription,
    branch: Branch,
    later: Later,
    trouble: Callable[[Slack], object],
    word: str,
) -> None:
    bot.keep(HOOK)
    bot.save()
    trouble(slack)
    go_live(wish(branch))
    later()
    assert not after(bot).is_enabled and word in after(bot).disabled_because


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, "rollup_error"),
        (503, {}, ""),
        (200, {}, '{"ok": false, "error": "internal_error"}'),
        (200, {}, '{"ok": false, "error": "team_added_to_org"}'),
        (200, {}, '{"ok": false, "error": "a_word_of_next_year"}'),
    ],
)
def test_what_may_go_better_later_is_tried_again(
    slack: Slack, bot: Subscription, branch: Branch, later: Later, answer: Any
) -> None:
    slack.trouble = [answer]
    go_live(wish(branch))
    later()
    assert slack.said() == [] and after(bot).is_enabled
    later(seconds=6)
    assert len(slack.said()) == 1
    assert [bool(row.problem) for row in Attempt.objects.order_by("id")] == [True, False]


def test_it_waits_for_as_long_as_slack_asks_and_no_longer(
    slack: Slack, bot: Subscription, branch: Branch, later: Later
) -> None:
    limited = (429, {"Retry-After": "2"}, '{"ok": false, "error": "ratelimited"}')
    slack.trouble = [limited, limited]
    go_live(wish(branch))
    later()
    later(seconds=1)
    assert len(slack.asked) == 1
    later(seconds=1.1)
    later(seconds=2.1)
    assert len(slack.said()) == 1 and len(slack.asked) == 3


def test_a_channel_gets_no_more_than_it_takes(
    slack: Slack, bot: Subscription, branch: Branch, later: Later
) -> None:
    go_live(wish(branch))
    fail(wish(branch, "b"))
    go_live(wish(branch, "c"))
    destroy(branch)
    for _ in range(5):
        later(seconds=0.6)
        later(seconds=0.6)
    assert len(slack.said()) == 4
    assert not [row.problem for row in Attempt.objects.all() if row.problem]


def test_a_message_that_is_never_taken_holds_up_nothing(
    slack: Slack, bot: Subscription, branch: Branch, later: Later
) -> None:
    slack.trouble = [(200, {}, '{"ok": false, "error": "invalid_blocks"}')]
    go_live(wish(branch))
    destroy(branch)
    later()
    later(seconds=1.1)
    states = [notice.state for notice in Notice.objects.order_by("id")]
    assert states == [Notice.State.GIVEN_UP, Notice.State.SENT]
    assert after(bot).is_enabled and len(slack.said()) == 1


def test_a_repository_has_a_channel_of_its_own(
    slack: Slack, bot: Subscription, branch: Branch, shop: Repository, later: Later
) -> None:
    slack.channels["#shop"] = Channel()
    Repository.objects.filter(pk=shop.pk).update(slack_channel="#shop")
    other = Repository.objects.create(
        full_name="acme/other", clone_url="file:///other", policy=Repository.Policy.ALL
    )
    go_live(wish(branch))
    go_live(wish(Branch.for_name(other, "main")))
    later()
    later(seconds=1.1)
    assert len(slack.said("#shop")) == len(slack.said("#previews")) == 1


def test_that_a_repositorys_channel_is_gone_leaves_the_others_alone(
    slack: Slack, bot: Subscription, branch: Branch, shop: Repository, later: Later
) -> None:
    Repository.objects.filter(pk=shop.pk).update(slack_channel="#gone")
    go_live(wish(branch))
    later()
    Repository.objects.filter(pk=shop.pk).update(slack_channel="")
    destroy(branch)
    later(seconds=1.1)
    assert after(bot).is_enabled
    assert "channel_not_found" in Attempt.objects.earliest("id").problem
    assert len(slack.said()) == 1


_HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(["<!channel>", "<@U1>", "<#C1|x>", "<http://evil|Log>", "&lt;", "\u202e"]),
        st.text(max_size=400),
    ),
    max_size=12,
).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    title=_HOSTILE,
    author=_HOSTILE,
    error=_HOSTILE,
    event=st.sampled_from(["ready", "failed", "expiring", "destroyed", "recovered"]),
)
def test_whatever_strangers_write_slack_takes_it_and_calls_nobody(
    title: str, author: str, error: str, event: str
) -> None:
    failure = {"what": error, "whose": "", "error": error, "hint": error, "line": ""}
    told = words.message(
        {
            "type": f"preview.{event}",
            "data": {
                "repository": "acme/shop",
                "reason": error,
                "branch": {
                    "title": title,
                    "name": title,
                    "author": author,
                    "url": "https://x.example.com",
                    "page_url": "https://edaha.example.com/branches/1",
                },
                "deployment": {"commit": "a" * 40, "log_url": "https://l", "failure": failure},
            },
        }
    )
    assert message_error(json.loads(json.dumps(told))) == ""
    headings = [block for block in told["blocks"] if block["type"] == "header"]
    rest = told | {"blocks": [block for block in told["blocks"] if block not in headings]}
    assert mentions(rest) == [] and "\u202e" not in str(told)
    links = {part.split("|")[0] for part in str(rest).split("<")[1:]}
    assert links <= {
        "https://x.example.com",
        "https://edaha.example.com/branches/1",
        "https://l",
    }
