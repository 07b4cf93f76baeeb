"""What whoever wrote a command sees of it: a reaction, and a short reply where one is needed."""

from django.urls import reverse

from .. import outbox
from ..config import config
from ..models import Branch, Command, expiry
from ..states import BranchState, Wanted

#: GitHub's names: https://docs.github.com/en/rest/reactions/reactions
SEEN, DONE, REFUSED, CONFUSED = "eyes", "rocket", "-1", "confused"

HELP = """\
Write one of these as a line of its own:

| | |
|---|---|
| `/preview` | deploys the newest commit |
| `/preview redeploy` | deploys it again |
| `/preview rebuild` | deploys it again, built without the cache |
| `/preview destroy` | takes the preview down until there is a new commit |
| `/preview pin`, `/preview unpin` | keeps it until it is unpinned |
| `/preview extend 3d` | keeps it for at least three days more |
| `/preview status`, `/preview logs` | tells how it is, where its log is |

People with write access to the repository may do this."""


def react(row: Command, content: str) -> None:
    outbox.put(row.repository, "reaction", f"{row.comment}", {"content": content})


def reply(row: Command, text: str) -> None:
    """Say something below the pull request; the outbox marks it as Edaha's own."""
    told = {"pull": row.pull_request, "body": text}
    outbox.put(row.repository, "reply", f"{row.comment}", told)


def status(branch: Branch) -> str:
    """How the preview is, in a sentence or two."""
    if branch.wanted == Wanted.ABSENT:
        return f"There is no preview of this pull request. `/preview` deploys one. {page(branch)}"
    commit = f" at `{branch.wanted_commit[:7]}`" if branch.wanted_commit else ""
    said = f"**{branch.slug}** is {branch.state}{commit}"
    said += f": {branch.url}" if branch.live_id else "."
    if branch.state == BranchState.FAILED:
        said += f"\n\nWhat failed: {page(branch)}"
    if branch.pinned_at is not None:
        return f"{said}\n\nIt is pinned."
    lasts = expiry.ttl(branch)
    if branch.expires_at is not None and lasts is not None:
        return f"{said}\n\nIt ends on {branch.expires_at:%Y-%m-%d at %H:%M} UTC, unless it is used."
    return said


def log(branch: Branch) -> str:
    if branch.deployment_id is None:
        return f"Nothing was deployed yet. {page(branch)}"
    return f"The newest deployment’s log: {_address('deployment', branch.deployment_id)}"


def page(branch: Branch) -> str:
    return _address("branch", branch.pk)


def _address(name: str, key: int) -> str:
    return config().base_url.rstrip("/") + reverse(name, args=[key])
