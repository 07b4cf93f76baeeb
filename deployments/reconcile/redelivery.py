"""Deliveries that did not get through, because Edaha was away: GitHub is asked to send them again.

GitHub itself never tries a second time. What became of branches and pull requests is compared
anyway (`refs`); this brings back the rest, such as comments, and what people see in Deliveries.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from ..adapters.github import hooks
from ..adapters.github.hooks import Attempt, Hook
from ..errors import EdahaError
from ..models import Delivery, HookLook, Redelivery, Repository
from .notebook import Notebook

#: GitHub keeps them for so long.
_KEPT = timedelta(days=3)
#: One that was asked for a moment ago is on its way; and lists may be a little behind.
_UNDER_WAY = timedelta(minutes=2)
#: How often one delivery is asked for.
MOST = 3
#: Those asked for in one pass; the next one goes on.
_AT_ONCE = 100


def compare(notebook: Notebook) -> None:
    """Look through what was delivered since the last look."""
    with notebook.guarded("Failed deliveries are not looked for"):
        for hook in _hooks(notebook):
            with notebook.guarded(f"Failed deliveries of {hook.name} are not sent again"):
                _look_through(hook, notebook)
        Redelivery.objects.filter(asked_at__lt=timezone.now() - 2 * _KEPT).delete()


def _hooks(notebook: Notebook) -> Iterator[Hook]:
    if (hook := hooks.app_hook(background=True)) is not None:
        yield hook
    for repository in Repository.objects.all():
        with notebook.guarded(f"Failed deliveries of {repository} are not looked for"):
            if (hook := hooks.repository_hook(repository)) is not None:
                yield hook


def _look_through(hook: Hook, notebook: Notebook) -> None:
    begun = timezone.now()
    look, _ = HookLook.objects.get_or_create(hook=hook.name)
    since = max(look.seen_until or begun - _KEPT, begun - _KEPT)
    attempts = list(hook.attempts(since - _UNDER_WAY))
    notebook.count("deliveries at GitHub", len(attempts))
    seen_until = begun
    failed = _failed(attempts)
    for attempt in failed[:_AT_ONCE]:
        _send_again(hook, attempt, notebook)
    if len(failed) > _AT_ONCE:
        seen_until = failed[_AT_ONCE].delivered_at
    _remember(look, seen_until)


def _failed(attempts: list[Attempt]) -> list[Attempt]:
    """The last try of each delivery that none of its tries brought here; the oldest first."""
    arrived = {each.guid for each in attempts if each.has_arrived}
    newest = {each.guid: each for each in reversed(attempts) if each.guid not in arrived}
    # Our answer may have been lost, and not the delivery.
    known = set(Delivery.objects.filter(guid__in=newest).values_list("guid", flat=True))
    return sorted(
        (each for each in newest.values() if each.guid not in known),
        key=lambda each: each.delivered_at,
    )


def _send_again(hook: Hook, attempt: Attempt, notebook: Notebook) -> None:
    notebook.beat()
    row, _ = Redelivery.objects.get_or_create(guid=attempt.guid)
    what = f"A delivery of {hook.name} failed ({attempt.event}: {attempt.status}, {attempt.guid})"
    if row.attempts and row.asked_at > timezone.now() - _UNDER_WAY:
        return
    if row.attempts >= MOST:
        notebook.problem(f"{what}: it was sent {MOST} times more, and is left alone now.")
        return
    row.attempts += 1
    row.save()
    try:
        hook.redeliver(attempt)
    except EdahaError:
        row.attempts -= 1
        row.save()
        raise
    notebook.found(what, f"asked GitHub to send it again, try {row.attempts} of {MOST}")


def _remember(look: HookLook, seen_until: datetime) -> None:
    look.seen_until = seen_until
    look.save()
