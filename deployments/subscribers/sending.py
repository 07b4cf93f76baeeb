"""Sending: one at a time for each subscription, in order, again until it is taken or too old."""

import json
import secrets
import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q
from django.utils import timezone, translation

from .. import audit
from ..adapters import callout, wakeups
from ..adapters.callout import Answer
from ..models import Attempt, Notice, Subscription
from ..sealing import Unreadable
from . import payloads, refusals, signing, slack
from .refusals import Fault, Refusal

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=120)
_PASS_SECONDS = 20.0
#: So many subscriptions are served at the same moment.
SENDERS = 2
#: How long until the next try, after so many that failed; then the last one again and again.
_WAITS = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400)]
#: A notice that nobody has taken for so long is given up, and a receiver that has taken nothing
#: for so long is turned off.
GIVEN_UP, TURNED_OFF = timedelta(hours=24), timedelta(days=3)
#: Slack takes one message a second in a channel, and by an incoming webhook:
#: https://docs.slack.dev/apis/web-api/rate-limits
_SLACK_PACE = timedelta(seconds=1)
#: Who turns a receiver off, for the audit log.
_AUTHOR, _ORIGIN = "Edaha", "worker"


def wake_senders(now: datetime) -> None:
    """Have a sender go on with each subscription that has something to be told."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Q(due_at=None) | Q(due_at__lte=now)
    waiting = Notice.objects.filter(state=Notice.State.WAITING).values("subscription")
    rows = Subscription.objects.filter(free, due, is_enabled=True, pk__in=waiting)
    busy = Subscription.objects.filter(lease_until__gt=now).count()
    found = rows.order_by(F("due_at").asc(nulls_first=True)).values_list("pk", flat=True)
    for pk in found[: max(0, SENDERS - busy)]:
        wakeups.wake(wakeups.NOTIFY, pk, expires=5)


def deliver(subscription_id: int) -> int:
    """Tell what waits, in order, until something is refused; how much was told."""
    subscription = _claim(subscription_id)
    if subscription is None:
        return 0
    sent, ends = 0, time.monotonic() + _PASS_SECONDS
    try:
        while time.monotonic() < ends and (notice := _next(subscription)):
            _mine(subscription).update(lease_until=timezone.now() + _LEASE)
            if not _tell(subscription, notice):
                break
            sent += 1
            if subscription.is_slack:
                _mine(subscription).update(due_at=timezone.now() + _SLACK_PACE)
                break
    finally:
        _mine(subscription).update(lease_owner="", lease_until=None)
    return sent


def send_test(subscription: Subscription) -> Notice:
    """Have it told something that means nothing, behind what waits already."""
    return _put(Notice(subscription=subscription, event=payloads.TEST))


def send_again(notice: Notice) -> Notice:
    """Have the same told once more, under the same number, by which a receiver knows it."""
    Notice.objects.filter(pk=notice.pk).update(
        state=Notice.State.WAITING, at=timezone.now(), done_at=None
    )
    return _put(notice)


def _put(notice: Notice) -> Notice:
    if notice.pk is None:
        notice.save()
    Subscription.objects.filter(pk=notice.subscription_id).update(due_at=None)
    wakeups.wake(wakeups.NOTIFY, notice.subscription_id, expires=5)
    return notice


def _claim(subscription_id: int) -> Subscription | None:
    now, owner = timezone.now(), secrets.token_hex(8)
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Q(due_at=None) | Q(due_at__lte=now)
    rows = Subscription.objects.filter(free, due, pk=subscription_id, is_enabled=True)
    if not rows.update(lease_owner=owner, lease_until=now + _LEASE):
        return None
    return Subscription.objects.get(pk=subscription_id)


def _mine(subscription: Subscription) -> Any:
    return Subscription.objects.filter(pk=subscription.pk, lease_owner=subscription.lease_owner)


def _next(subscription: Subscription) -> Notice | None:
    rows = subscription.notices.filter(state=Notice.State.WAITING).order_by("id")
    related = ("branch__repository", "deployment", "transition")
    return rows.select_related(*related).first()


def _tell(subscription: Subscription, notice: Notice) -> bool:
    """False where nothing more is to be sent now."""
    if not notice.body:
        notice.body = _worded(subscription, notice)
        notice.save(update_fields=["body"])
    headers, answer = _sent(subscription, notice)
    refusal = _refusal(subscription, answer)
    Attempt.objects.create(
        notice=notice,
        milliseconds=answer.milliseconds,
        headers=headers,
        status=answer.status,
        answer=answer.text,
        problem=refusal.problem if refusal else "",
    )
    if refusal:
        _failed(subscription, notice, answer, refusal)
        return False
    _end(notice, Notice.State.SENT)
    _mine(subscription).update(failures=0, failing_since=None, due_at=None)
    subscription.failures = 0
    return True


def _worded(subscription: Subscription, notice: Notice) -> str:
    with translation.override("en"):
        told = payloads.payload(notice)
        if subscription.is_slack:
            told = slack.message(told)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _sent(subscription: Subscription, notice: Notice) -> tuple[dict[str, str], Answer]:
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": "Edaha"}
    try:
        signing_secrets = subscription.signing_secrets()
    except Unreadable as problem:
        return headers, Answer(problem=f"{problem.message} {problem.hint}")
    if subscription.is_slack:
        channel = _own_channel(notice) or subscription.channel
        url, body, authorised = slack.request(signing_secrets[0], channel, notice.body)
        return headers, callout.post(url, headers | authorised, body.encode())
    seconds = int(timezone.now().timestamp())
    headers |= signing.headers(signing_secrets, notice.message_id, seconds, notice.body)
    return headers, callout.post(subscription.address, headers, notice.body.encode())


def _own_channel(notice: Notice) -> str:
    """Where a repository wants to be told of; a bot's token writes anywhere."""
    return notice.branch.repository.slack_channel if notice.branch is not None else ""


def _refusal(subscription: Subscription, answer: Answer) -> Refusal | None:
    return refusals.of_slack(answer) if subscription.is_slack else refusals.of_webhook(answer)


def _failed(subscription: Subscription, notice: Notice, answer: Answer, refusal: Refusal) -> None:
    log.warning("notice_not_taken", notice=notice.pk, problem=refusal.problem)
    if refusal.fault is Fault.MESSAGE or _is_only_of_repository(notice, refusal):
        _leave_out(subscription, notice)
    elif refusal.is_final:
        _turn_off(subscription, refusal.problem)
    else:
        _again_later(subscription, notice, answer, refusal.problem)


def _is_only_of_repository(notice: Notice, refusal: Refusal) -> bool:
    """Its channel is gone; those of other repositories are not."""
    return refusal.fault is Fault.CHANNEL and bool(_own_channel(notice))


def _leave_out(subscription: Subscription, notice: Notice) -> None:
    """Nobody will ever take it: it holds up nothing else."""
    _end(notice, Notice.State.GIVEN_UP)
    _mine(subscription).update(due_at=timezone.now() + _SLACK_PACE)


def _again_later(subscription: Subscription, notice: Notice, answer: Answer, problem: str) -> None:
    now = timezone.now()
    failures, since = subscription.failures + 1, subscription.failing_since or now
    asked = _asked_to_wait(answer)
    if answer.status == 429 and asked:
        # It is well, and only asks for less: https://docs.slack.dev/apis/web-api/rate-limits
        failures, wait = subscription.failures, asked
    else:
        wait = max(_WAITS[min(failures, len(_WAITS)) - 1], asked)
    _mine(subscription).update(failures=failures, failing_since=since, due_at=now + wait)
    if now - notice.at >= GIVEN_UP:
        _end(notice, Notice.State.GIVEN_UP)
    if now - since >= TURNED_OFF:
        _turn_off(subscription, f"It has taken nothing for {TURNED_OFF.days} days: {problem}")


def _turn_off(subscription: Subscription, why: str) -> None:
    if not _mine(subscription).update(is_enabled=False, disabled_because=why):
        return
    waiting = subscription.notices.filter(state=Notice.State.WAITING)
    waiting.update(state=Notice.State.GIVEN_UP, done_at=timezone.now())
    where = audit.origin.set(_ORIGIN)
    try:
        audit.note("subscription.pause", subscription.name, actor=_AUTHOR, reason=why)
    finally:
        audit.origin.reset(where)


def _asked_to_wait(answer: Answer) -> timedelta:
    """What Retry-After says in seconds, an hour at most."""
    said = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(said), 3600) if said.isdecimal() and len(said) < 9 else 0)


def _end(notice: Notice, state: Notice.State) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=state, done_at=timezone.now())
