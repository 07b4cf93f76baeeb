"""Who asks: a token of Edaha's, or one of GitHub's for a workflow; and the role that is needed."""

from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from dashboard import limits
from dashboard.access import Access, Role
from dashboard.terminals import holding as terminals
from deployments import homes
from deployments.adapters import identity
from deployments.errors import UserError
from deployments.models import ApiToken, Repository

from .problems import TooMany

#: A token's last use is written no more often than this: reading must not become writing.
USE_WRITTEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Caller:
    """Who an operation finds in `request.auth`."""

    name: str
    access: Access
    #: The run of a workflow that asks; None where it is somebody with a token of Edaha's.
    run: identity.Workflow | None = None
    #: The name that the person signs in with whose token it is; empty where it is nobody's.
    person: str = ""
    #: At GitHub, where no person is known here.
    login: str = ""


class Token(HttpBearer):
    """Let callers of `role` or a higher one in.

    Inside some repository is enough where the operation looks itself which one it is about.
    """

    def __init__(self, role: Role, *, is_everywhere: bool = False) -> None:
        super().__init__()
        self.role = role
        self.is_everywhere = is_everywhere

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        caller = _caller(token)
        if caller is None:
            return None
        access = caller.access
        held = access.role if self.is_everywhere else access.highest
        if held is None or held < self.role:
            raise refusal(self.role)
        return caller


def caller(request: HttpRequest) -> Caller:
    """Who asks; somebody without any role where nobody was asked for one."""
    found = getattr(request, "auth", None)
    return found if isinstance(found, Caller) else Caller("", Access())


def access(request: HttpRequest) -> Access:
    """What whoever asks may do."""
    return caller(request).access


def actor(request: HttpRequest) -> str:
    """How what whoever asks does is noted."""
    return f"{caller(request).name} (API)"


def refusal(needed: Role) -> AuthorizationError:
    return AuthorizationError(message=f"This needs the role {needed.name.lower()}.")


def _caller(token: str) -> Caller | None:
    if identity.looks_like_one(token):
        return _workflow(token)
    return _terminal(token) if terminals.looks_like_one(token) else _holder(token)


def _terminal(token: str) -> Caller | None:
    """A person in a terminal, by the token that `edaha login` was given."""
    found = terminals.find(token)
    if found is None:
        return None
    if seconds := limits.wait_of_token(f"terminal {found.pk}"):
        raise TooMany(seconds)
    terminals.note_use(found)
    person = found.user.get_username()
    return Caller(f"{person} in a terminal", terminals.access_by(found), person=person)


def _holder(token: str) -> Caller | None:
    """Whoever holds a token of Edaha's: its role everywhere, or where it names repositories,
    inside these alone."""
    found = ApiToken.find(token)
    if found is None or found.has_expired:
        return None
    if seconds := limits.wait_of_token(found.pk):
        raise TooMany(seconds)
    _note_use(found)
    role = Role.named(found.role)
    own = list(found.repositories.values_list("pk", flat=True))
    if role is None or not own:
        return Caller(found.name, Access(role), person=found.created_by)
    access = Access(repositories=dict.fromkeys(own, role))
    return Caller(found.name, access, person=found.created_by)


def _workflow(token: str) -> Caller | None:
    """A workflow of a repository that lets its own ones in."""
    try:
        run = identity.workflow(token)
    except UserError as problem:
        raise AuthorizationError(message=f"{problem.message} {problem.hint}".strip()) from None
    repository = Repository.objects.filter(full_name__iexact=run.repository).first()
    if repository is not None and not homes.is_told_of(repository):
        repository = None  # at another host, what is called so at GitHub is somebody else's
    role = Role.named(repository.workflow_role) if repository else None
    if repository is None or role is None:
        # The same for a repository that nobody knows: nothing is told of which ones there are.
        raise AuthorizationError(
            message=f"Workflows of {run.repository} may do nothing here. An administrator can "
            "allow it in the repository's settings."
        )
    refs = repository.workflow_refs
    if refs and not any(fnmatchcase(run.ref, pattern) for pattern in refs):
        raise AuthorizationError(message=f"Workflows of {run.ref} may do nothing here.")
    if not _is_the_one(repository, run.repository_id):
        raise AuthorizationError(
            message=f"This {run.repository} is another repository than the one that was here "
            "before under that name."
        )
    who = f"{run.actor} in a workflow of {run.repository}"
    return Caller(who, Access(repositories={repository.pk: role}), run, login=run.actor)


def _is_the_one(repository: Repository, number: str) -> bool:
    """Whether GitHub's number is the one that was told first."""
    if not repository.workflow_repository_id:
        unknown = Repository.objects.filter(pk=repository.pk, workflow_repository_id="")
        if unknown.update(workflow_repository_id=number):
            return True
        repository.refresh_from_db(fields=["workflow_repository_id"])
    return repository.workflow_repository_id == number


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    is_old = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_WRITTEN_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_WRITTEN_EVERY:
        ApiToken.objects.filter(is_old, pk=token.pk).update(last_used_at=now)


VIEWER = Token(Role.VIEWER)
DEPLOYER = Token(Role.DEPLOYER)
ADMIN = Token(Role.ADMIN)
#: What concerns the whole installation.
OPERATOR = Token(Role.DEPLOYER, is_everywhere=True)
ADMINISTRATOR = Token(Role.ADMIN, is_everywhere=True)
