"""Calls that may be repeated without being done twice: the header Idempotency-Key.

As in draft-ietf-httpapi-idempotency-key-header: the first answer is kept for a day, for the same
token and operation; the same key with another body is an error, as is one that is still worked on.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.errors import ValidationError

from dashboard.models import KeptAnswer
from deployments import sealing

from . import problems

HEADER = "Idempotency-Key"
PATTERN = "^[!-~]{1,255}$"
_KEPT = timedelta(hours=24)
#: Whoever has not answered after this long has died on the way.
_LONGEST_CALL = timedelta(minutes=10)
_CLAIM = "_edaha_kept_answer"


def answer_once(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Do what a POST with a key asks for unless that was done; `keep` has to see the answer.

    Runs after the token was checked: nobody else is given what was kept.
    """

    @wraps(operation)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST" or HEADER not in request.headers:
            return operation(request, *args, **kwargs)
        key = request.headers[HEADER]
        if not re.fullmatch(PATTERN, key):
            what = "Send 1 to 255 visible ASCII characters, such as a UUID."
            raise ValidationError([{"loc": ("header", HEADER), "msg": what}])
        known = _claim(request, key)
        return operation(request, *args, **kwargs) if known is None else known

    return once


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """Keep what the call was answered with; what may go better next time is forgotten."""
    claim: KeptAnswer | None = getattr(request, _CLAIM, None)
    if claim is None:
        return
    if response.status_code >= 500 or response.status_code in (401, 403, 429):
        forget(request)
        return
    KeptAnswer.objects.filter(pk=claim.pk).update(
        status=response.status_code,
        content_type=response.get("Content-Type", ""),
        sealed=sealing.seal(response.content.decode()),
    )


def forget(request: HttpRequest) -> None:
    """The call came to nothing: it may be made anew."""
    claim: KeptAnswer | None = getattr(request, _CLAIM, None)
    if claim is not None:
        KeptAnswer.objects.filter(pk=claim.pk).delete()


def _claim(request: HttpRequest, key: str) -> HttpResponse | None:
    """None where the call is to be made; otherwise what to answer instead."""
    now = timezone.now()
    _forget_old(now)
    scope = _digest(request.headers.get("Authorization", ""), request.path, key.strip('"'))
    sent = _digest(request.body.decode("latin-1"), request.META.get("QUERY_STRING", ""))
    try:
        with transaction.atomic():
            made = KeptAnswer.objects.create(scope=scope, sent=sent, created_at=now)
    except IntegrityError:
        return _repeated(KeptAnswer.objects.filter(scope=scope).first(), sent)
    setattr(request, _CLAIM, made)
    return None


def _repeated(known: KeptAnswer | None, sent: str) -> HttpResponse:
    if known is not None and known.sent != sent:
        return problems.answer(
            422, f"This {HEADER} was used for another body.", "Use a new key for each wish."
        )
    if known is None or known.status is None:
        return problems.answer(
            409,
            f"The call with this {HEADER} is still being worked on.",
            "Repeat it in a moment.",
            headers={"Retry-After": "1"},
        )
    text = sealing.unseal(known.sealed)
    return HttpResponse(text, status=known.status, content_type=known.content_type)


def _forget_old(now: datetime) -> None:
    KeptAnswer.objects.filter(created_at__lt=now - _KEPT).delete()
    KeptAnswer.objects.filter(status=None, created_at__lt=now - _LONGEST_CALL).delete()


def _digest(*parts: str) -> str:
    return sha256("\n".join(f"{len(part)} {part}" for part in parts).encode()).hexdigest()
