"""Who may do what: three roles, each one includes what the role before it may do.

A role is held everywhere (by a Django group), or inside single repositories (by a `Membership`).
Every view says what it needs, by `requires` or by Django's `login_not_required`; a test walks all
addresses and fails on a view that says nothing. A private repository is for those alone who have
a role inside it, and for administrators: to others there is no such thing, so they get 404.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, wraps
from inspect import iscoroutinefunction
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import FilteredRelation, Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from deployments.config import config
from deployments.models import Branch, Delivery, Deployment, Repository, Share

P = ParamSpec("P")
Answer = TypeVar("Answer", HttpResponseBase, Awaitable[HttpResponseBase])
Rows = TypeVar("Rows", bound=Model)
Anybody = AbstractBaseUser | AnonymousUser


class Role(IntEnum):
    """Named like the Django groups and the API tokens' roles that give it."""

    VIEWER = 1
    DEPLOYER = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> "Role | None":
        return _BY_NAME.get(name)


_BY_NAME = {role.name.lower(): role for role in Role}
#: Where a user keeps what was asked for once.
_KNOWN_ROLE = "_edaha_role"
_KNOWN_ACCESS = "_edaha_access"
#: The way from a row to its repository.
_REPOSITORY = {
    Repository: "pk",
    Branch: "repository",
    Deployment: "branch__repository",
    Delivery: "repository",
    Share: "branch__repository",
}


@dataclass(frozen=True)
class Sight:
    """Which repositories somebody sees: all but these, or these alone. Equal for all who see
    the same."""

    is_all_but: bool = False
    repositories: frozenset[int] = frozenset()

    def filter(self, path: str) -> Q:
        """What rows are filtered by whose repository is at the end of `path`; empty where
        everything is seen. What belongs to no repository is for those who see all but some."""
        if not self.is_all_but:
            return Q(**{f"{path}__in": sorted(self.repositories)})
        # Few repositories are private, and often none is: their ids cost no join.
        return ~Q(**{f"{path}__in": sorted(self.repositories)}) if self.repositories else Q()

    def visible(self, rows: QuerySet[Rows], path: str = "") -> QuerySet[Rows]:
        """Those of the rows whose repository is seen; `path` leads from a row to it."""
        return rows.filter(self.filter(path or _REPOSITORY[rows.model]))


EVERYTHING = Sight(is_all_but=True)


@dataclass
class Access:
    """What somebody may do: everywhere, and inside single repositories."""

    role: Role | None = None
    #: A repository's id → the role inside it.
    repositories: dict[int, Role] = field(default_factory=dict)
    #: The private repositories' ids, where they were read along; None where they were not.
    private: frozenset[int] | None = None

    @property
    def highest(self) -> Role | None:
        """The highest role that is held anywhere; None where nothing is held at all."""
        return max(filter(None, (self.role, *self.repositories.values())), default=None)

    def inside(self, repository: int | None) -> Role | None:
        """The role inside the repository of that id; None where it is not to be seen.

        What belongs to no repository, such as a delivery that names an unknown one, is for those
        who have a role everywhere.
        """
        if repository is None:
            return self.role
        is_hidden = self.sight.is_all_but and repository in self.sight.repositories
        own = self.repositories.get(repository)
        return max(filter(None, (None if is_hidden else self.role, own)), default=None)

    def visible(self, rows: QuerySet[Rows], path: str = "") -> QuerySet[Rows]:
        """Those of the rows whose repository may be seen; `path` leads from a row to it."""
        return self.sight.visible(rows, path)

    @cached_property
    def sight(self) -> Sight:
        """Asked of the database once at most."""
        if self.role is None:
            return Sight(is_all_but=False, repositories=frozenset(self.repositories))
        if self.role == Role.ADMIN:
            return EVERYTHING
        private = _private() if self.private is None else self.private
        return Sight(is_all_but=True, repositories=private.difference(self.repositories))


def _private() -> frozenset[int]:
    rows = Repository.objects.filter(is_private=True).order_by()
    return frozenset(rows.values_list("pk", flat=True))


def role_of(user: Anybody) -> Role | None:
    """The highest role that a user has everywhere; None where no group gives one.

    Asked of the database once for each user that a request has read.
    """
    if isinstance(user, AnonymousUser):
        return Role.VIEWER if config().open_reading else None
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    if not hasattr(user, _KNOWN_ROLE):
        names = user.groups.filter(name__in=_BY_NAME).values_list("name", flat=True)
        remember_role(user, max((_BY_NAME[name] for name in names), default=None))
    return cast("Role | None", getattr(user, _KNOWN_ROLE))


def remember_role(user: User, role: Role | None) -> None:
    """Tell `role_of` what was read together with the user."""
    setattr(user, _KNOWN_ROLE, role)


def access_of(user: Anybody) -> Access:
    """What a user may do; asked of the database once for each user that a request has read."""
    if not hasattr(user, _KNOWN_ACCESS):
        setattr(user, _KNOWN_ACCESS, _access(user, role_of(user)))
    return cast(Access, getattr(user, _KNOWN_ACCESS))


def _access(user: Anybody, role: Role | None) -> Access:
    if not isinstance(user, User) or not user.is_active or role == Role.ADMIN:
        return Access(role)
    if role is None:
        held = user.memberships.values_list("repository", "role")
        return Access(None, {repository: _BY_NAME[name] for repository, name in held})
    return _access_with_private(user, role)


def _access_with_private(user: User, role: Role) -> Access:
    """Memberships and private repositories in one query, whatever there is of either."""
    own = FilteredRelation("memberships", condition=Q(memberships__user=user))
    rows = Repository.objects.alias(own=own).filter(Q(is_private=True) | Q(own__isnull=False))
    known = list(rows.order_by().values_list("pk", "is_private", "own__role"))
    return Access(
        role,
        {repository: _BY_NAME[name] for repository, _is_private, name in known if name},
        frozenset(repository for repository, is_private, _name in known if is_private),
    )


def requires(
    role: Role, of: type[Model] | None = None, *, is_personal: bool = False
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], Answer]], Callable[Concatenate[HttpRequest, P], Answer]
]:
    """Let a view be called by people of this role or a higher one; others get the 403 page.

    With `of`, it is the role inside the repository of the row whose key the view's `pk` is: who
    has none there gets 404, as for a row that does not exist. Without, it is a role that is held
    everywhere; but what needs a viewer, such as a list, is also for those with a role inside some
    repository, and shows what they may see. A personal view is for those who signed in, also
    where everybody may read.
    """

    def check(user: Anybody, pk: int | None) -> None:
        access = access_of(user)
        if access.highest is None:
            raise PermissionDenied(_("Your account has no role yet. Ask an administrator for one."))
        if of is not None and pk is not None:
            held = inside(access, of, pk)
        else:
            held = access.highest if role == Role.VIEWER else access.role
        if held is None or held < role:
            name = role.name.lower()
            raise PermissionDenied(
                _("This needs the role “%s”. Ask an administrator for it.") % name
            )

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], Answer],
    ) -> Callable[Concatenate[HttpRequest, P], Answer]:
        guard = _guard_async if iscoroutinefunction(view) else _guard
        guarded: Any = guard(view, check)
        guarded.required_role, guarded.required_of = role, of
        guarded.is_open_reading = role == Role.VIEWER and not is_personal
        return cast(Callable[Concatenate[HttpRequest, P], Answer], guarded)

    return decorate


def inside(access: Access, model: type[Model], pk: int) -> Role | None:
    """The role inside the repository of a row. Raises Http404 where there is none to be seen."""
    if access.sight == EVERYTHING and not access.repositories:
        return access.role  # whichever repository it is of, and whether there is such a row
    path = _REPOSITORY[model]
    rows = model._default_manager.filter(pk=pk).values_list(path, flat=True)
    for repository in rows:
        held = access.inside(repository)
        if held is not None:
            return held
    raise Http404


def _guard(view: Callable[..., Any], check: Callable[..., None]) -> Callable[..., Any]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        check(request.user, kwargs.get("pk"))
        return view(request, *args, **kwargs)

    return guarded


def _guard_async(view: Callable[..., Any], check: Callable[..., None]) -> Callable[..., Any]:
    @wraps(view)
    async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = await request.auser()
        await sync_to_async(check)(user, kwargs.get("pk"))
        return await view(request, *args, **kwargs)

    return guarded
