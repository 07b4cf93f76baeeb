"""Who asks: the bearer token, and the role that an operation needs of it."""

from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from dashboard import limits
from dashboard.access import Role
from deployments.models import ApiToken

from .problems import TooMany

#: A token's last use is written no more often than this: reading must not become writing.
USE_WRITTEN_EVERY = timedelta(minutes=1)


class Token(HttpBearer):
    """Let tokens of `role` or a higher one in; the operation finds the token in `request.auth`."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.role = role

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = ApiToken.find(token)
        if found is None:
            return None
        if seconds := limits.wait_of_token(found.pk):
            raise TooMany(seconds)
        _note_use(found)
        held = Role.named(found.role)
        if held is None or held < self.role:
            raise AuthorizationError(message=f"This needs the role {self.role.name.lower()}.")
        return found


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    is_old = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_WRITTEN_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_WRITTEN_EVERY:
        ApiToken.objects.filter(is_old, pk=token.pk).update(last_used_at=now)


VIEWER = Token(Role.VIEWER)
DEPLOYER = Token(Role.DEPLOYER)
