"""What has become of a commit, for a check run or a commit status: whatever it is, it is final
once nothing more will come of it."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..diagnosis import details, words
from ..models import Branch, Deployment, Repository, Transition
from ..states import ACTIVE, DeploymentState, Wanted
from .escaping import block, code, prose
from .facts import Failure, commit_url, failure, log_url, page_url

NAME = "edaha/preview"
#: GitHub takes no more of them with one request.
MOST_ANNOTATIONS = 50
#: And no longer texts: https://docs.github.com/en/rest/checks/runs#create-a-check-run
_MOST_SUMMARY, _MOST_TITLE, _MOST_DESCRIPTION = 65_535, 200, 140
_MOST_MESSAGE = 4_000

_S = DeploymentState
#: A place as Edaha tells it: a path in the repository, and a line.
_PLACE = re.compile(r"^((?:[\w.@-]+/)*[\w.@-]+):(\d{1,6})(?:: (.*))?$")

#: A commit status has fewer words.
_STATUS = {
    "success": "success",
    "failure": "failure",
    "action_required": "failure",
    "cancelled": "error",
    "neutral": "success",
    "skipped": "success",
}


class Annotation(NamedTuple):
    path: str
    line: int
    message: str


class Verdict(NamedTuple):
    #: GitHub's word for the conclusion of a check run; empty while it is on its way.
    conclusion: str
    title: str
    summary: str
    url: str = ""
    annotations: Sequence[Annotation] = ()
    is_begun: bool = True
    is_platforms: bool = False

    @property
    def is_final(self) -> bool:
        """Whether nothing more comes of it, unless somebody asks."""
        return self.conclusion not in {"", "action_required"}

    def as_check(self) -> dict[str, Any]:
        """The fields of a check run that say it."""
        fields: dict[str, Any] = {
            "output": {
                "title": self.title[:_MOST_TITLE],
                "summary": self.summary[:_MOST_SUMMARY],
                "annotations": [_annotation(each) for each in self.annotations],
            },
        }
        if self.url:
            fields["details_url"] = self.url
        if self.conclusion:
            return fields | {"status": "completed", "conclusion": self.conclusion}
        return fields | {"status": "in_progress" if self.is_begun else "queued"}

    def as_status(self) -> dict[str, str]:
        """The fields of a commit status that say it."""
        state = _STATUS[self.conclusion] if self.conclusion else "pending"
        if state == "failure" and self.is_platforms:
            state = "error"
        fields = {"state": state, "description": self.title[:_MOST_DESCRIPTION], "context": NAME}
        return fields | ({"target_url": self.url} if self.url else {})


def of(repository: Repository, commit: str, left_out: str = "") -> Verdict:
    """What has become of the commit; `left_out` says why it got no preview, if it did not."""
    inside = Branch.objects.filter(repository=repository)
    waiting = inside.filter(waiting_commit=commit, wanted=Wanted.PRESENT).first()
    if waiting is not None:
        return _waiting(waiting, commit)
    rows = Deployment.objects.filter(branch__repository=repository, commit=commit)
    deployment = rows.select_related("branch__repository", "branch__deployment").last()
    if deployment is not None:
        return _of_deployment(deployment)
    rejected = Transition.objects.filter(
        branch__repository=repository, reason__startswith=f"Rejected {commit[:7]}"
    ).last()
    if rejected is not None:
        return Verdict("neutral", "Rejected", f"It was not approved: {code(rejected.reason)}.")
    if left_out:
        return Verdict(
            "skipped", f"No preview: {left_out}", f"This commit gets no preview: {code(left_out)}."
        )
    return Verdict(
        "neutral", "Superseded by a newer commit", "A newer commit came before it was approved."
    )


def _waiting(branch: Branch, commit: str) -> Verdict:
    return Verdict(
        "action_required",
        "Waiting for approval: the commit comes from a fork",
        f"Nothing of {code(commit[:7])} is built before a member of the team has looked at what "
        "it changes, and approved it.",
        f"{page_url(branch)}/approval",
    )


def _of_deployment(deployment: Deployment) -> Verdict:
    branch, state = deployment.branch, DeploymentState(deployment.state)
    log = log_url(deployment)
    if state in ACTIVE:
        awaits = deployment.awaits_images
        words = "Waits for the images that GitHub Actions builds" if awaits else str(state.label)
        return Verdict("", words, f"{words} for {branch.url}.", log, is_begun=state != _S.QUEUED)
    if (found := failure(deployment)) is not None:
        return _failed(deployment, found)
    if state == _S.CANCELLED:
        return Verdict("cancelled", "Cancelled", code(deployment.error), log)
    if state == _S.SUPERSEDED:
        return _superseded(deployment)
    return Verdict("success", f"Live at {branch.url}", f"[{branch.url}]({branch.url})", branch.url)


def _superseded(deployment: Deployment) -> Verdict:
    branch = deployment.branch
    newer = branch.deployment
    if branch.wanted == Wanted.ABSENT or newer is None or newer.pk <= deployment.pk:
        said = "The preview was destroyed before it was ready"
        return Verdict("neutral", said, f"{said}.", page_url(branch))
    short = newer.commit[:7]
    link = f"[{code(short)}]({commit_url(branch, newer.commit)})"
    return Verdict(
        "neutral", f"Superseded by {short}", f"Superseded by {link}.", log_url(deployment)
    )


def _failed(deployment: Deployment, found: Failure) -> Verdict:
    parts = [
        f"**{prose(found.what)}** {prose(found.whose)}",
        block("\n".join(text for text in (found.message, found.hint) if text)),
    ]
    if found.line:
        parts += [f"The [line of the log]({found.log_url}) that tells it:", block(found.line)]
    parts.append("\n".join(f"{n}. {prose(step)}" for n, step in enumerate(found.steps, start=1)))
    return Verdict(
        "failure",
        found.what,
        "\n\n".join(parts),
        found.log_url,
        annotations(deployment.error, deployment.hint, found.what),
        is_platforms=found.is_platforms,
    )


def annotations_of(deployment: Deployment) -> list[Annotation]:
    """Those of a deployment that failed; otherwise none."""
    if deployment.state != _S.FAILED:
        return []
    return annotations(deployment.error, deployment.hint, words(deployment).what)


def annotations(error: str, hint: str, what: str) -> list[Annotation]:
    """Where the error names lines of the repository's files: what is wrong there."""
    found = []
    for text in error.splitlines():
        place = _PLACE.match(text.strip())
        if place is not None and _is_inside(place[1]) and int(place[2]) > 0:
            found.append(Annotation(place[1], int(place[2]), place[3] or what))
    if not found and (place := _PLACE.match(details(error, hint).place)) and _is_inside(place[1]):
        found.append(Annotation(place[1], max(1, int(place[2])), error))
    return found[:MOST_ANNOTATIONS]


def _is_inside(path: str) -> bool:
    return ".." not in path.split("/") and not path.startswith("/")


def _annotation(each: Annotation) -> dict[str, Any]:
    return {
        "path": each.path,
        "start_line": each.line,
        "end_line": each.line,
        "annotation_level": "failure",
        "message": each.message[:_MOST_MESSAGE] or "It failed here.",
    }
