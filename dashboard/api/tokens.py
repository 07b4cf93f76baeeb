"""Who asks: the bearer token, and the role that an operation needs of it."""

from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from dashboard.access import Access, Role
from deployments.models import ApiToken

#: A token's last use is written no more often than this: reading must not become writing.
USE_WRITTEN_EVERY = timedelta(minutes=1)


class Token(HttpBearer):
    """Let tokens of `role` or a higher one in; the operation finds the token in `request.auth`.

    Inside some repository is enough where the operation looks itself which one it is about.
    """

    def __init__(self, role: Role, *, is_everywhere: bool = False) -> None:
        super().__init__()
        self.role = role
        self.is_everywhere = is_everywhere

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = ApiToken.find(token)
        if found is None or found.has_expired:
            return None
        _note_use(found)
        access = access_of(found)
        held = access.role if self.is_everywhere else access.highest
        if held is None or held < self.role:
            raise refusal(self.role)
        return found


def access(request: HttpRequest) -> Access:
    """What the token of a request may do."""
    token = getattr(request, "auth", None)
    return access_of(token) if isinstance(token, ApiToken) else Access()


def access_of(token: ApiToken) -> Access:
    """A token's role: everywhere, or where it names repositories, inside these alone."""
    role = Role.named(token.role)
    own = token.repositories.values_list("pk", flat=True)
    if role is None or not own:
        return Access(role)
    return Access(repositories=dict.fromkeys(own, role))


def refusal(needed: Role) -> AuthorizationError:
    return AuthorizationError(message=f"This needs the role {needed.name.lower()}.")


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    is_old = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_WRITTEN_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_WRITTEN_EVERY:
        ApiToken.objects.filter(is_old, pk=token.pk).update(last_used_at=now)


VIEWER = Token(Role.VIEWER)
DEPLOYER = Token(Role.DEPLOYER)
#: What concerns the whole installation.
OPERATOR = Token(Role.DEPLOYER, is_everywhere=True)
