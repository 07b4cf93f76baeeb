"""A preview ends by itself when nobody visits it or pushes to it, and not without notice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from deployments import intake, reconcile, visits
from deployments.models import Branch, Deployment, Repository, expiry
from deployments.models.moves import move_deployment
from deployments.reconcile import expiry as ending
from deployments.states import BranchState, DeploymentState, Wanted

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 23, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def live(branch: Branch) -> Branch:
    """Deployed just now, and to end in 10 days."""
    Repository.objects.update(expires_seconds=10 * 86400)
    branch.repository.refresh_from_db()
    deployed(branch)
    return branch


def deployed(branch: Branch) -> Deployment:
    made = intake.want_commit(branch, "a" * 40, trigger=Deployment.Trigger.PUSH)
    assert made is not None
    for state in ("building", "releasing", "verifying", "live"):
        move_deployment(made, DeploymentState(state))
    Branch.objects.filter(pk=branch.pk).update(live=made)
    branch.refresh_from_db()
    return made


def warnings(branch: Branch) -> int:
    return branch.transitions.filter(reason__startswith="It ends in").count()


def tick_until(branch: Branch, clock: time_machine.Traveller, at: datetime) -> None:
    clock.move_to(at)
    reconcile.tick()
    branch.refresh_from_db()


@pytest.mark.parametrize(
    ("own", "by_repository", "installation", "lasts"),
    [
        (600, 86400, 30, 10 * MINUTE),
        (None, 86400, 30, DAY),
        (None, 0, 30, None),
        (None, None, 30, 30 * DAY),
        (None, None, 0, None),
        (600, 0, 0, 10 * MINUTE),
    ],
)
def test_the_application_counts_before_the_repository_and_that_before_the_installation(
    branch: Branch,
    monkeypatch: pytest.MonkeyPatch,
    own: int | None,
    by_repository: int | None,
    installation: int,
    lasts: timedelta | None,
) -> None:
    changed = settings.EDAHA.model_copy(update={"expires_days": installation})
    monkeypatch.setattr(settings, "EDAHA", changed)
    branch.expires_seconds, branch.repository.expires_seconds = own, by_repository
    branch.repository.save()
    branch.save()
    assert expiry.ttl(branch) == lasts
    now = timezone.now()
    assert expiry.expires_at(branch, now) == (now + lasts if lasts else None)
    # The tick's query says the same.
    assert Branch.objects.filter(expiry.with_end()).exists() == (lasts is not None)


@pytest.mark.parametrize(
    ("lasts", "before"),
    [(30 * DAY, DAY), (4 * DAY, DAY), (4 * HOUR, HOUR), (4 * MINUTE, MINUTE)],
)
def test_notice_is_a_day_or_a_quarter_of_a_short_life(lasts: timedelta, before: timedelta) -> None:
    assert expiry.notice(lasts) == before


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (30 * DAY, "30 days"),
        (DAY, "24 hours"),
        (2 * DAY, "2 days"),
        (90 * MINUTE, "90 minutes"),
        (timedelta(seconds=75), "1 minute"),
    ],
)
def test_a_duration_is_said_as_people_say_it(duration: timedelta, words: str) -> None:
    assert expiry.in_words(duration) == words


def test_a_push_begins_its_time(live: Branch, clock: time_machine.Traveller) -> None:
    assert live.expires_at == timezone.now() + 10 * DAY
    clock.shift(3 * DAY)
    deployed(live)
    assert live.expires_at == timezone.now() + 10 * DAY


def test_it_is_warned_of_once_and_then_ends(live: Branch, clock: time_machine.Traveller) -> None:
    end = timezone.now() + 10 * DAY
    tick_until(live, clock, end - DAY - timedelta(seconds=1))
    assert (warnings(live), live.expiry_warned_at) == (0, None)
    for _ in range(3):
        tick_until(live, clock, end - DAY)
    assert (warnings(live), live.expiry_warned_at) == (1, end - DAY)
    warned = live.transitions.get(reason__startswith="It ends in")
    assert warned.reason == "It ends in 24 hours unless somebody opens it, pushes or pins it."
    assert warned.before == warned.after == BranchState.LIVE
    tick_until(live, clock, end - timedelta(seconds=1))
    assert live.wanted == Wanted.PRESENT
    tick_until(live, clock, end)
    assert (live.wanted, live.state) == (Wanted.ABSENT, BranchState.DESTROYING)
    assert live.transitions.filter(
        after=BranchState.DESTROYING, reason="Nobody visited it or pushed to it for 10 days."
    ).exists()


def test_nothing_ends_without_notice_even_if_the_clock_stood_still(
    live: Branch, clock: time_machine.Traveller
) -> None:
    tick_until(live, clock, timezone.now() + 40 * DAY)
    assert (live.wanted, warnings(live)) == (Wanted.PRESENT, 1)
    assert live.expires_at == timezone.now() + DAY
    tick_until(live, clock, timezone.now() + DAY)
    assert live.wanted == Wanted.ABSENT


def test_a_visit_moves_the_end_and_takes_the_warning_back(
    live: Branch, clock: time_machine.Traveller
) -> None:
    tick_until(live, clock, timezone.now() + 9 * DAY)
    clock.shift(HOUR)
    visits.note(Branch.objects.get(pk=live.pk))
    live.refresh_from_db()
    assert live.visited_at == timezone.now()
    assert live.expires_at == timezone.now() + 10 * DAY
    assert live.expiry_warned_at is None
    assert live.transitions.filter(reason__startswith="Somebody opened it").count() == 1
    tick_until(live, clock, timezone.now() + 9 * DAY)
    assert warnings(live) == 2


def test_many_visits_are_written_once_a_minute(
    live: Branch, clock: time_machine.Traveller, django_assert_num_queries: Any
) -> None:
    visits.note(live)
    stale = Branch.objects.get(pk=live.pk)
    live.refresh_from_db()
    clock.shift(MINUTE - timedelta(seconds=1))
    with django_assert_num_queries(0):
        visits.note(live)
    # Of two that come at the same moment one is written.
    clock.shift(2)
    visits.note(stale)
    first = Branch.objects.get(pk=live.pk)
    clock.shift(30)
    visits.note(stale)
    assert Branch.objects.get(pk=live.pk).visited_at == first.visited_at


def test_a_pinned_preview_stays_and_begins_anew_when_it_is_unpinned(
    live: Branch, clock: time_machine.Traveller
) -> None:
    assert intake.pin(live, actor="ada", reason="for the fair")
    assert (live.expires_at, live.pinned_by) == (None, "ada")
    assert not intake.pin(live, actor="bob")
    tick_until(live, clock, timezone.now() + 400 * DAY)
    assert (live.wanted, live.expires_at, warnings(live)) == (Wanted.PRESENT, None, 0)
    visits.note(live)
    deployed(live)
    assert (live.expires_at, live.pinned_by) == (None, "ada")
    assert intake.unpin(live, actor="bob")
    assert not intake.unpin(live, actor="bob")
    assert (live.expires_at, live.pinned_at) == (timezone.now() + 10 * DAY, None)
    told = live.transitions.filter(reason__contains="inned").values_list("reason", "actor")
    assert list(told) == [("Pinned: for the fair", "ada"), ("Unpinned", "bob")]


def test_a_destroyed_preview_is_no_longer_pinned(live: Branch) -> None:
    intake.pin(live, actor="ada")
    assert intake.destroy(live, actor="ada", reason="Pull request #7 closed")
    live.refresh_from_db()
    assert (live.pinned_at, live.pinned_by, live.expires_at) == (None, "", None)


def test_it_is_kept_longer_once(live: Branch, clock: time_machine.Traveller) -> None:
    tick_until(live, clock, timezone.now() + 9 * DAY)
    assert intake.extend(live, actor="ada")
    assert (live.expires_at, live.expiry_warned_at) == (timezone.now() + 10 * DAY, None)
    clock.shift(5)
    assert not intake.extend(live, actor="ada")
    assert live.transitions.filter(reason="Kept longer", actor="ada").count() == 1


def test_nothing_ends_under_a_workers_hands(live: Branch, clock: time_machine.Traveller) -> None:
    Branch.objects.update(expires_seconds=300)
    live.refresh_from_db()
    made = intake.want_commit(live, "b" * 40, trigger=Deployment.Trigger.PUSH)
    assert made is not None
    move_deployment(made, DeploymentState.BUILDING)
    for _ in range(2):
        tick_until(live, clock, timezone.now() + 20 * MINUTE)
    assert (live.wanted, warnings(live)) == (Wanted.PRESENT, 0)


@pytest.mark.parametrize("act", ["visit", "push", "pin", "extend"])
def test_whoever_comes_at_the_last_moment_wins(
    live: Branch, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    end = timezone.now() + 10 * DAY
    tick_until(live, clock, end - DAY)
    looked = ending._look_at

    def look_too_late(branch: Branch, now: datetime) -> None:
        mine = Branch.objects.get(pk=branch.pk)
        acts: dict[str, Callable[[], object]] = {
            "visit": lambda: visits.note(mine),
            "push": lambda: deployed(mine),
            "pin": lambda: intake.pin(mine, actor="ada"),
            "extend": lambda: intake.extend(mine, actor="ada"),
        }
        acts[act]()
        looked(branch, now)

    monkeypatch.setattr(ending, "_look_at", look_too_late)
    tick_until(live, clock, end)
    assert live.wanted == Wanted.PRESENT
    assert live.expires_at == (None if act == "pin" else end + 10 * DAY)


def test_a_visit_that_comes_after_the_end_changes_nothing(
    live: Branch, clock: time_machine.Traveller
) -> None:
    stale = Branch.objects.get(pk=live.pk)
    intake.destroy(live, actor="ada", reason="")
    clock.shift(HOUR)
    visits.note(stale)
    live.refresh_from_db()
    assert (live.visited_at, live.expires_at) == (None, None)


def test_a_visit_does_not_undo_a_pin_that_it_has_not_seen(live: Branch) -> None:
    stale = Branch.objects.get(pk=live.pk)
    intake.pin(live, actor="ada")
    visits.note(stale)
    live.refresh_from_db()
    assert (live.expires_at, live.pinned_by) == (None, "ada")


def test_what_was_there_before_gets_its_time_from_now_on(
    live: Branch, clock: time_machine.Traveller
) -> None:
    clock.shift(100 * DAY)
    Branch.objects.update(expires_at=None)
    tick_until(live, clock, timezone.now())
    assert (live.wanted, live.expires_at) == (Wanted.PRESENT, timezone.now() + 10 * DAY)


def test_a_longer_setting_counts_for_what_was_counted_before(
    live: Branch, clock: time_machine.Traveller
) -> None:
    end = timezone.now() + 10 * DAY
    tick_until(live, clock, end - DAY)
    Repository.objects.update(expires_seconds=20 * 86400)
    tick_until(live, clock, end)
    assert (live.expires_at, live.expiry_warned_at) == (end + 10 * DAY, None)
    Repository.objects.update(expires_seconds=0)
    tick_until(live, clock, end + 10 * DAY)
    assert (live.wanted, live.expires_at) == (Wanted.PRESENT, None)


def test_at_most_so_many_get_their_time_in_one_tick(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_AT_ONCE", 2)
    for number in range(3):
        Branch.for_name(repository, f"branch-{number}")
    reconcile.tick()
    assert Branch.objects.filter(expires_at=None).count() == 1
    reconcile.tick()
    assert not Branch.objects.filter(expires_at=None).exists()
