"""From a terminal's question to its token. Each step is one compare-and-swap."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboard.models import Terminal, TerminalRequest
from deployments import audit
from deployments.models.share import digest_of

#: How long somebody has for comparing the code.
LASTS = timedelta(minutes=10)
#: Seconds between two questions of a terminal whether it has been let in.
EVERY = 2
#: Terminals that may ask at the same time: nobody fills the database with questions.
MOST = 1000
#: How long a token lives; the page offers these, and no others are taken.
DAYS = (1, 7, 30, 90)
#: Consonants that are not taken for one another, so that no word comes of them (RFC 8628, 6.1).
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
#: Scanners for published secrets know tokens by such a beginning.
BEGINNING = "edaha_terminal_"


class TooManyAsk(Exception):
    """As many terminals ask at present as may."""


class Answer(StrEnum):
    """What a terminal hears, in the words of RFC 8628."""

    WAIT = "authorization_pending"
    REFUSED = "access_denied"
    OVER = "expired_token"


def ask(name: str, origin: str) -> tuple[TerminalRequest, str]:
    """A terminal asks to be let in: its question, and the secret that is told to it alone.

    Raises TooManyAsk.
    """
    now = timezone.now()
    for rows in (TerminalRequest.objects, Terminal.objects):
        rows.filter(expires_at__lt=now).delete()
    if TerminalRequest.objects.count() >= MOST:
        raise TooManyAsk
    secret = secrets.token_urlsafe(32)
    return _made(_plain(name), origin, digest_of(secret), now + LASTS), secret


def _made(name: str, origin: str, digest: str, expires_at: datetime) -> TerminalRequest:
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(8))
        try:
            with transaction.atomic():
                return TerminalRequest.objects.create(
                    name=name, origin=origin[:100], digest=digest, code=code, expires_at=expires_at
                )
        except IntegrityError:
            continue  # the code of another terminal


def open_question(code: str) -> TerminalRequest | None:
    """The question with that code, as somebody may type it; None once it was answered."""
    letters = code.strip().upper().replace("-", "").replace(" ", "")
    return _open().filter(code=letters).first() if set(letters) <= set(_LETTERS) else None


def let_in(question: TerminalRequest, person: User, days: int) -> bool:
    """False where somebody has answered meanwhile, or the time is over."""
    with transaction.atomic():
        done = _open().filter(pk=question.pk).update(user=person, days=days) == 1
        if done:
            _note("terminal.allow", question, person, {"days": days})
    return done


def refuse(question: TerminalRequest, person: User) -> bool:
    with transaction.atomic():
        done = _open().filter(pk=question.pk).update(refused=True) == 1
        if done:
            _note("terminal.refuse", question, person, {})
    return done


def redeem(secret: str) -> tuple[Terminal, str] | Answer:
    """What a terminal is given: once it was let in, and once at all, its token."""
    now = timezone.now()
    question = TerminalRequest.objects.filter(digest=digest_of(secret), redeemed=False).first()
    if question is None or question.expires_at <= now:
        return Answer.OVER
    if question.refused:
        return Answer.REFUSED
    if question.user is None:
        return Answer.WAIT
    with transaction.atomic():
        still = TerminalRequest.objects.filter(pk=question.pk, redeemed=False)
        if still.update(redeemed=True) == 0:
            return Answer.OVER
        token = BEGINNING + secrets.token_urlsafe(32)
        made = Terminal.objects.create(
            user=question.user,
            name=question.name,
            digest=digest_of(token),
            expires_at=now + timedelta(days=question.days),
        )
    return made, token


def _open() -> QuerySet[TerminalRequest]:
    return TerminalRequest.objects.filter(
        user=None, refused=False, redeemed=False, expires_at__gt=timezone.now()
    )


def _note(action: str, question: TerminalRequest, person: User, more: dict[str, int]) -> None:
    told = {"name": question.name, "origin": question.origin} | more
    audit.note(action, person.get_username(), actor=person.get_username(), after=told)


def _plain(name: str) -> str:
    """A machine's name as a page shows it: one short line that is not empty."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name[:1000])
    return " ".join(printable.split())[:100] or "?"
