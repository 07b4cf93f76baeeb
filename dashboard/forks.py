"""What is said of pull requests from forks: that they wait, for whom, and who wrote them."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments.models import Branch


def waits_only(branch: Branch) -> bool:
    """Whether nothing of it is or was deployed, and its commit waits for an approval."""
    return bool(branch.waiting_for) and branch.deployment_id is None


def shown_state(branch: Branch) -> str:
    """The word for the branch's state; what waits for a person says so."""
    return waiting_label() if waits_only(branch) else str(branch.get_state_display())


def waiting_label() -> str:
    return _("Waiting for approval")


_ASSOCIATIONS: dict[str, str | Promise] = {
    "OWNER": gettext_lazy("owner of the repository"),
    "MEMBER": gettext_lazy("member of the organisation"),
    "COLLABORATOR": gettext_lazy("invited to the repository"),
    "CONTRIBUTOR": gettext_lazy("has contributed before"),
    "FIRST_TIME_CONTRIBUTOR": gettext_lazy("contributes for the first time"),
    "FIRST_TIMER": gettext_lazy("new to GitHub"),
    "NONE": gettext_lazy("unknown to the repository"),
}


def association(word: str) -> str:
    """What GitHub says the author is to the repository; empty where it says nothing of use."""
    return str(_ASSOCIATIONS.get(word, ""))


def waiting_sentence(branch: Branch) -> str:
    """Why nothing is deployed yet, and what would change that."""
    fork = branch.head_repository or _("a fork that is gone")
    return _(
        "It comes from %(fork)s: somebody with the role deployer has to approve commit "
        "%(commit)s before it is built."
    ) % {"fork": fork, "commit": branch.waiting_commit[:7]}
