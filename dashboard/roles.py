"""Roles are given and taken: everywhere, and inside one repository. All of it is audited."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils.translation import gettext as _

from deployments import audit
from deployments.adapters import wakeups
from deployments.errors import UserError
from deployments.models import MappedRole, Repository

from .access import Role, role_of
from .models import Membership


def add(name: str, role: Role | None, *, actor: str) -> tuple[User, str]:
    """A new person, and their password, which can be read only now. Raises ValidationError."""
    person, password = User(username=name), secrets.token_urlsafe(12)
    person.set_password(password)
    person.full_clean()
    with transaction.atomic():
        person.save()
        audit.note("person.add", name, actor=actor)
        give(person, role, actor=actor)
    return person, password


def give(person: User, role: Role | None, *, actor: str) -> bool:
    """Let a person have this role everywhere, or none. False where it is so already.

    Raises UserError where nobody would be left who could give one.
    """
    with transaction.atomic():
        before = _locked(person)
        if before == role:
            return False
        if before == Role.ADMIN:
            _keep_one_administrator(person)
        person.groups.remove(*Group.objects.filter(name__in=[each.name.lower() for each in Role]))
        MappedRole.forget(person)
        if role is not None:
            person.groups.add(Group.objects.get_or_create(name=role.name.lower())[0])
        _note("person.role", person.username, actor, _told(before), _told(role))
    return True


def let_in(person: User, is_active: bool, *, actor: str) -> bool:
    """Whether a person may sign in from now on; sessions that are open end at once."""
    with transaction.atomic():
        role = _locked(person)
        if person.is_active == is_active:
            return False
        if role == Role.ADMIN and not is_active:
            _keep_one_administrator(person)
        person.is_active = is_active
        person.save(update_fields=["is_active"])
        before, after = {"may_sign_in": not is_active}, {"may_sign_in": is_active}
        _note("person.sign_in", person.username, actor, before, after)
    return True


def join(person: User, repository: Repository, role: Role, *, actor: str) -> bool:
    """Give a person a role inside one repository, or another one than before."""
    with transaction.atomic():
        known = Membership.objects.filter(user=person, repository=repository).first()
        before = Role.named(known.role) if known else None
        if before == role:
            return False
        kept = {"role": role.name.lower()}
        Membership.objects.update_or_create(user=person, repository=repository, defaults=kept)
        _note_member(person, repository, actor, before, role)
    return True


def leave(person: User, repository: Repository, *, actor: str) -> bool:
    """Take a person's role inside one repository away."""
    with transaction.atomic():
        known = Membership.objects.filter(user=person, repository=repository).first()
        if known is None:
            return False
        known.delete()
        _note_member(person, repository, actor, Role.named(known.role), None)
    return True


def _locked(person: User) -> Role | None:
    """The role as it is now, with the person's row held."""
    return role_of(User.objects.select_for_update().get(pk=person.pk))


def _keep_one_administrator(person: User) -> None:
    others = User.objects.filter(is_active=True).exclude(pk=person.pk)
    if not (others.filter(groups__name="admin") | others.filter(is_superuser=True)).exists():
        raise UserError(
            _("%s is the last administrator.") % person.username,
            hint=_("Make somebody else an administrator first."),
        )


def _note_member(
    person: User, repository: Repository, actor: str, before: Role | None, after: Role | None
) -> None:
    whose = {"repository": repository}
    subject = f"{person.username} in {repository}"
    _note("repository.member", subject, actor, _told(before), _told(after), **whose)


def _note(
    action: str,
    subject: str,
    actor: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    **more: Any,
) -> None:
    audit.note(action, subject, actor=actor, before=before, after=after, **more)
    # Whoever watches a page is asked anew what they may see.
    transaction.on_commit(lambda: wakeups.notify(access=True))


def _told(role: Role | None) -> dict[str, str]:
    return {"role": role.name.lower() if role else ""}
