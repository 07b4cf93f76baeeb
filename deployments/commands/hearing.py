"""Which comments are obeyed: each one once, by people who may write, not too many, not too late."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from ..models import Command, Repository
from ..payloads import Comment
from .parsing import parse

#: How many commands a pull request may hear in a minute.
PER_MINUTE = 10
#: A delivery may come late; whoever got no answer for so long has found another way.
TOO_LATE = timedelta(hours=1)
#: What Edaha's own comments have in them, out of sight.
OWN_MARK = "<!-- edaha"


def reason_not_to_read(action: str, comment: Comment | None) -> str:
    """Why a comment is none that could tell anything; empty where it may."""
    if comment is None:
        return "the comment is not on a pull request"
    if action != "created":
        return f"a comment that was {action} tells nothing new"
    if comment.is_by_bot or not comment.author or OWN_MARK in comment.body:
        return "no person wrote the comment"
    return ""


def is_as_told(told: Comment, found: Comment | None) -> bool:
    """Whether the comment is there as the delivery says: who holds a webhook's secret can sign one
    in anybody's name."""
    return (
        found is not None
        and not reason_not_to_read("created", found)
        and found.author.casefold() == told.author.casefold()
        and found.pull_request == told.pull_request
        and parse(found.body) == parse(told.body)
        and not _is_late(found)
    )


def take_down(repository: Repository, comment: Comment) -> Command:
    """The command's row, the same one whenever GitHub tells of the comment again."""
    row, _ = Command.objects.get_or_create(
        repository=repository,
        comment=comment.number,
        defaults={"pull_request": comment.pull_request, "author": comment.author[:100]},
    )
    return row


def reason_to_refuse(row: Command, comment: Comment) -> str:
    """Why it is not even asked about; empty where it is."""
    if _is_late(comment):
        return "the command came more than an hour late"
    # Who may do nothing takes nobody else's turn.
    counted = Q(is_refused=False) | Q(author=row.author)
    lately = Command.objects.filter(
        counted,
        repository=row.repository_id,
        pull_request=row.pull_request,
        created_at__gt=row.created_at - timedelta(minutes=1),
        pk__lt=row.pk,
    )
    if lately.count() >= PER_MINUTE:
        return f"more than {PER_MINUTE} commands in a minute"
    return ""


def _is_late(comment: Comment) -> bool:
    return comment.created_at is not None and timezone.now() - comment.created_at > TOO_LATE
