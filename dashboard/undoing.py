"""What can be taken back: a message about it has a button for that."""

from typing import NamedTuple

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments.models import Branch

_MARK = "undo"
#: The address that takes it back → what its button says.
_LABELS: dict[str, str | Promise] = {
    "redeploy": _("Bring it back"),
    "deploy_head": _("Deploy the newest commit"),
    "pin": _("Pin it again"),
    "unpin": _("Unpin it"),
}


class Undo(NamedTuple):
    label: str | Promise
    address: str
    #: What the preview was when the message was written: a later wish is not undone by it.
    generation: int


def say(request: HttpRequest, text: str, undo: str = "", branch: Branch | None = None) -> None:
    """A message that something was done; `undo` is a key of what would take it back."""
    tags = f"{_MARK} {undo} {branch.pk} {branch.generation}" if undo and branch else ""
    messages.success(request, text, extra_tags=tags)


def undo_of(message: Message) -> Undo | None:
    """Of a message that `say` wrote."""
    mark, _space, rest = (message.extra_tags or "").partition(" ")
    if mark != _MARK:
        return None
    name, branch, generation = rest.split(" ")
    address = reverse("redeploy" if name == "deploy_head" else name, args=[int(branch)])
    return Undo(_LABELS[name], address, int(generation))
