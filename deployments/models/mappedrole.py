"""Which of a person's roles came from an identity provider, and not by hand."""

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import models, transaction


class MappedRole(models.Model):
    """The role that the last sign-in gave; the next one may take it away again.

    Groups without such a row were given by hand, and stay.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.user}: {self.group}"

    @classmethod
    @transaction.atomic
    def give(cls, user: User, role: str | None) -> None:
        """Let `role` be the one that comes from outside, or none."""
        held = cls.objects.select_related("group").filter(user=user).first()
        if held is not None and held.group.name == role:
            user.groups.add(held.group)
            return
        if held is not None:
            user.groups.remove(held.group)
            held.delete()
        if role and not user.groups.filter(name=role).exists():
            group = Group.objects.get_or_create(name=role)[0]
            user.groups.add(group)
            cls.objects.create(user=user, group=group)

    @classmethod
    def forget(cls, user: User) -> None:
        """Call this where a role is given by hand: from then on it stays."""
        cls.objects.filter(user=user).delete()
