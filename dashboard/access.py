"""Who may do what: three roles, each one includes what the role before it may do.

Every view says what it needs, by `requires` or by Django's `login_not_required`; a test walks
all addresses and fails on a view that says nothing.
"""

from collections.abc import Awaitable, Callable
from enum import IntEnum
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

P = ParamSpec("P")
Answer = TypeVar("Answer", HttpResponseBase, Awaitable[HttpResponseBase])


class Role(IntEnum):
    """Named like the Django groups and the API tokens' roles that give it."""

    VIEWER = 1
    DEPLOYER = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> "Role | None":
        return _BY_NAME.get(name)


#: Where a user keeps the role that was asked for once.
_KNOWN = "_edaha_role"
_BY_NAME = {role.name.lower(): role for role in Role}


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role | None:
    """The highest role of a user's groups; None where no group gives one.

    Asked of the database once for each user that a request has read.
    """
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    if not hasattr(user, _KNOWN):
        names = user.groups.filter(name__in=_BY_NAME).values_list("name", flat=True)
        remember_role(user, max((_BY_NAME[name] for name in names), default=None))
    return cast("Role | None", getattr(user, _KNOWN))


def remember_role(user: User, role: Role | None) -> None:
    """Tell `role_of` what was read together with the user."""
    setattr(user, _KNOWN, role)


def requires(
    role: Role,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], Answer]], Callable[Concatenate[HttpRequest, P], Answer]
]:
    """Let a view be called by people of this role or a higher one; others get the 403 page."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], Answer],
    ) -> Callable[Concatenate[HttpRequest, P], Answer]:
        guarded: Any = _guard_async(view, role) if iscoroutinefunction(view) else _guard(view, role)
        guarded.required_role = role
        return cast(Callable[Concatenate[HttpRequest, P], Answer], guarded)

    return decorate


def _guard(view: Callable[..., Any], role: Role) -> Callable[..., Any]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        _check(role_of(request.user), role)
        return view(request, *args, **kwargs)

    return guarded


def _guard_async(view: Callable[..., Any], role: Role) -> Callable[..., Any]:
    @wraps(view)
    async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = await request.auser()
        _check(await sync_to_async(role_of)(user), role)
        return await view(request, *args, **kwargs)

    return guarded


def _check(held: Role | None, needed: Role) -> None:
    if held is None:
        raise PermissionDenied(_("Your account has no role yet. Ask an administrator for one."))
    if held < needed:
        name = needed.name.lower()
        raise PermissionDenied(_("This needs the role “%s”. Ask an administrator for it.") % name)
