"""What GitHub brings back with its answer, so that nobody can slip in an App of their own."""

import secrets

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

_SESSION = "github_set_up"
_SECONDS = 3600
_signer = TimestampSigner(salt="edaha.github.set-up")


def begin(request: HttpRequest) -> str:
    """A new one, for this session alone; an earlier one is good no more."""
    nonce = secrets.token_urlsafe(24)
    request.session[_SESSION] = nonce
    return _signer.sign(nonce)


def take(request: HttpRequest, state: str) -> bool:
    """Whether it was made for this session, within the last hour, and not taken before."""
    try:
        nonce = _signer.unsign(state, max_age=_SECONDS)
    except BadSignature:
        return False
    known = request.session.get(_SESSION, "")
    if not known or not constant_time_compare(nonce, known):
        return False
    del request.session[_SESSION]
    return True
