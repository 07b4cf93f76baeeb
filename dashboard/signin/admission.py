"""Deny by default: who comes in from outside needs a role, mapped or given by hand."""

from django.contrib.auth.models import User
from django.db import transaction

from dashboard.access import Role, role_of
from deployments.models import MappedRole

from .identity import Known, mapped_role


class Refusal(Exception):
    """An identity provider knows the person, but nothing gives them a role."""

    def __init__(self, known: Known) -> None:
        super().__init__(known.source)
        self.known = known


def admit(known: Known, person: User | None) -> Role:
    """The role of a person who just signed in elsewhere; `person` is None for a new one.

    What groups and domains give is set anew, and taken away where they give it no longer.
    """
    role = mapped_role(known)
    if person is not None:
        with transaction.atomic():
            MappedRole.give(person, role.name.lower() if role else None)
        # Read anew: what was kept with the object is from before.
        role = role_of(User.objects.get(pk=person.pk))
    if role is None:
        raise Refusal(known)
    return role
