"""What opens a protected preview: a signed pass, good for one host name and for a time.

A pass names whom or what it was given for, and is only as good as that is now: a person who may
no longer see the repository, a share link that was revoked and a bypass token that was replaced
open nothing any more. The browser keeps it as a cookie of the preview's own host.
"""

import hashlib
import time
from datetime import timedelta
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core import signing
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest
from django.utils import timezone

from dashboard.access import access_of
from dashboard.accounts import Backend
from deployments.adapters.screenshot import PICTURE_SALT
from deployments.config import config
from deployments.models import Branch, Bypass, Redeemed, Repository, Share

#: How long a person, or a test by its bypass token, stays inside.
LASTS = timedelta(hours=12)
#: How long the way from the dashboard to the preview may take.
CODE_SECONDS = 60
_PICTURE = TimestampSigner(salt=PICTURE_SALT)
_PICTURE_SECONDS = 60
_PASS, _CODE = "edaha.pass", "edaha.code"
_PERSON, _SHARE, _BYPASS = "person", "share", "bypass"


class Pass(NamedTuple):
    """A cookie's value, and how long it lasts."""

    value: str
    seconds: int


class Entered(NamedTuple):
    """What a one-time code leads to."""

    given: Pass
    path: str


def cookie_name() -> str:
    """With https, browsers keep anybody but the very host from setting it."""
    return "__Host-edaha" if config().preview_scheme == "https" else "edaha"


def may_see(person: AbstractBaseUser | AnonymousUser, repository: Repository) -> bool:
    """Whether this person may open the repository's protected previews."""
    return access_of(person).inside(repository.pk) is not None


def code_for(label: str, person: User, path: str) -> str:
    """A one-time code that the preview's host exchanges for a pass."""
    # Two codes of one second must differ: each is good once.
    once = signing.get_cookie_signer(salt=_CODE).signature(f"{person.pk} {time.time_ns()}")
    return signing.dumps([label, person.pk, _proof(person), path, once[:16]], salt=_CODE)


def redeem(code: str, label: str) -> Entered | None:
    """None where the code is old, used before, another host's, or nobody's any more."""
    try:
        host, key, proof, path, _ = signing.loads(code, salt=_CODE, max_age=CODE_SECONDS)
    except (BadSignature, ValueError):
        return None
    if host != label or not _person(key, proof):
        return None
    if not Redeemed.take(hashlib.sha256(code.encode()).hexdigest()):
        return None
    return Entered(_make(_PERSON, label, key, proof, LASTS), path)


def for_share(label: str, share: Share) -> Pass:
    return _make(_SHARE, label, share.pk, "", share.expires_at - timezone.now())


def for_bypass(label: str, bypass: Bypass) -> Pass:
    return _make(_BYPASS, label, bypass.pk, bypass.digest[:16], LASTS)


def is_let_in(request: HttpRequest, label: str, branch: Branch | None) -> bool:
    """Whether what the router passed on of a visitor's request opens this host name."""
    if branch is None:
        # Whether there is such a preview is nobody's business either.
        return config().preview_protection == "public"
    if not branch.repository.is_protected:
        return True
    headers = request.headers
    return (
        _opens(headers.get("X-Edaha-Pass", ""), label, branch)
        or _bypasses(headers.get("X-Edaha-Bypass", ""), branch)
        or _is_picture(headers.get("X-Edaha-Picture", ""), label)
    )


def _make(kind: str, label: str, key: int, proof: str, lasts: timedelta) -> Pass:
    seconds = max(0, int(lasts.total_seconds()))
    until = int(time.time()) + seconds
    return Pass(signing.dumps([kind, label, key, proof, until], salt=_PASS), seconds)


def _opens(value: str, label: str, branch: Branch) -> bool:
    try:
        kind, host, key, proof, until = signing.loads(value, salt=_PASS)
    except (BadSignature, ValueError):
        return False
    if host != label or until <= time.time():
        return False
    if kind == _PERSON:
        person = _person(key, proof)
        return person is not None and may_see(person, branch.repository)
    if kind == _SHARE:
        return _is_shared(key, branch)
    found = Bypass.objects.filter(pk=key, repository=branch.repository_id).first()
    return _use(found if found and found.digest[:16] == proof else None)


def _is_shared(key: int, branch: Branch) -> bool:
    share = Share.objects.filter(pk=key, branch=branch).first()
    return _use(share if share and share.is_open else None)


def _bypasses(token: str, branch: Branch) -> bool:
    return bool(token) and _use(Bypass.find(branch.repository, token))


def _use(found: Share | Bypass | None) -> bool:
    if found:
        found.note_use(timezone.now())
    return found is not None


def _is_picture(token: str, label: str) -> bool:
    """Edaha's own look, when it takes a picture (adapters/screenshot.py)."""
    try:
        return bool(token) and _PICTURE.unsign(token, max_age=_PICTURE_SECONDS) == label
    except BadSignature:
        return False


def _person(key: int, proof: str) -> User | None:
    """Who may still sign in, and with the password of then."""
    person = Backend().get_user(key)
    return person if person and _proof(person) == proof else None


def _proof(person: User) -> str:
    return person.get_session_auth_hash()[:16]
