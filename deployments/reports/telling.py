"""Tells GitHub one thing: what is so now is compared with what was told last.

Whatever is known of GitHub is written down as soon as it is known; an answer that was lost is
looked for before anything is made once more.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.utils import timezone

from ..adapters import github, reporting
from ..config import config
from ..errors import PlatformError
from ..models import Branch, Deployment, Outgoing, Repository
from ..states import BranchState
from . import comment, facts, rollout, verdict

_Kind = Outgoing.Kind


class NotYet(Exception):
    """Something else has to be told before."""


def tell(row: Outgoing) -> bool:
    """Tell it, if that is news; whether it is over with that. Raises PlatformError and NotYet."""
    return _TELLERS[_Kind(row.kind)](row)


def _comment(row: Outgoing) -> bool:
    branch_id, _, number = row.key.partition(":")
    branch = _branch(branch_id)
    if branch is None or branch.pull_request != int(number):
        return True  # it belongs to another pull request by now
    found = facts.gather(branch)
    if found is None:
        return False
    text = comment.render(found)
    if _is_told(row, text):
        return False
    if row.remote_id is not None:
        with suppress(github.NotFound):
            reporting.edit_comment(row.repository, row.remote_id, text)
            _note(row, text)
            return False
    _place_comment(row, int(number), facts.marker(branch), text)
    return False


def _place_comment(row: Outgoing, number: int, marker: str, text: str) -> None:
    """Edit the one that is there after all, or make the only one.

    A sender that was slow, and lost its lease, may post at the same moment as its successor. So
    whoever has posted looks again: of several, each of them keeps the same one.
    """
    found, posted = _placed(row, number, marker), None
    if not found:
        posted = reporting.post_comment(row.repository, number, text)
        found = sorted({posted, *_placed(row, number, marker)})
    _note_id(row, found[0])
    if found[0] != posted:
        reporting.edit_comment(row.repository, found[0], text)
    _note(row, text)
    for superfluous in found[1:]:
        with suppress(github.NotFound):
            reporting.delete_comment(row.repository, superfluous)


def _placed(row: Outgoing, number: int, marker: str) -> list[int]:
    """The oldest first."""
    return sorted(int(each["id"]) for each in reporting.comments(row.repository, number, marker))


def _deployment(row: Outgoing) -> bool:
    deployment = (
        Deployment.objects.select_related("branch__repository", "branch__live")
        .filter(pk=int(row.key))
        .first()
    )
    if deployment is None:
        return True
    what = rollout.of(deployment)
    said = json.dumps(what)
    if _is_told(row, said):
        return what.is_final
    known = row.remote_id or _found_or_made(row, deployment, what)
    if known is None:
        return True
    try:
        reporting.set_deployment(row.repository, known, _fields(what))
    except github.NotFound:
        _note_id(row, None)  # somebody has deleted it
        if not what.is_final:
            raise NotYet from None
    _note(row, said)
    return what.is_final


def _found_or_made(row: Outgoing, deployment: Deployment, what: rollout.Rollout) -> int | None:
    """None where there is none, and none is worth making."""
    task = rollout.task(deployment)
    found = reporting.find_deployment(row.repository, task)
    if found is None and what.is_final:
        return None
    if found is None:
        found = reporting.make_deployment(
            row.repository, deployment.commit, task, rollout.environment(deployment)
        )
    _note_id(row, found)
    return found


def _fields(what: rollout.Rollout) -> dict[str, str]:
    fields = {"state": what.state, "description": what.description, "log_url": what.log_url}
    if what.environment_url:
        fields["environment_url"] = what.environment_url
    return fields


def _environment(row: Outgoing) -> bool:
    """A destroyed preview's deployments go, and where that is allowed, its environment.

    An environment without a deployment is left in the repository's settings alone.
    """
    branch = _branch(row.key)
    if branch is None or branch.state != BranchState.DESTROYED:
        return True
    told = Outgoing.objects.filter(branch=branch, kind=_Kind.DEPLOYMENT)
    if told.filter(done_at=None).exists():
        raise NotYet
    known = told.exclude(remote_id=None)
    if not known and not row.attempts:
        return True
    for each in known:
        with suppress(github.NotFound):
            reporting.delete_deployment(row.repository, each.remote_id or 0)
        _note_id(each, None)
    if reporting.may_delete_environments(row.repository):
        _delete_environment(row, f"preview/{branch.slug}")
    return True


def _delete_environment(row: Outgoing, name: str) -> None:
    try:
        reporting.delete_environment(row.repository, name)
    except PlatformError as problem:
        # It is gone, or may not be deleted with that token, and nobody has to give a better one.
        if problem.retry or isinstance(problem, github.Conflict):
            raise


def _check(row: Outgoing) -> bool:
    what = verdict.of(row.repository, row.key, str(row.payload.get("reason") or ""))
    is_check = row.repository.report_status == Repository.Status.CHECK
    if not (is_check and reporting.has_app(row.repository)):
        fields = what.as_status()
        said = json.dumps(fields)
        if not _is_told(row, said):
            reporting.set_status(row.repository, row.key, fields)
            _note(row, said)
        return what.is_final
    fields_of_check = what.as_check()
    said = json.dumps(fields_of_check)
    if not _is_told(row, said):
        _tell_check(row, fields_of_check)
        _note(row, said)
    return what.is_final


def _tell_check(row: Outgoing, fields: dict[str, Any]) -> None:
    known = {"name": verdict.NAME, "external_id": f"{config().installation}:{row.key}"}
    if row.remote_id is None:
        found = reporting.find_check(row.repository, row.key, **known)
        _note_id(row, found)
    if row.remote_id is not None:
        with suppress(github.NotFound):
            reporting.edit_check(row.repository, row.remote_id, fields)
            return
    made = reporting.make_check(row.repository, {**known, "head_sha": row.key, **fields})
    _note_id(row, made)


def _reaction(row: Outgoing) -> bool:
    reporting.react(row.repository, int(row.key), str(row.payload["content"]))
    return True


def _reply(row: Outgoing) -> bool:
    """Once, also where the answer to it was lost."""
    number = int(row.payload["pull"])
    key = hashlib.sha256(row.key.encode()).hexdigest()[:16]
    marker = f"<!-- edaha:reply {config().installation}-{row.repository_id} {key} -->"
    begun = row.told == "begun"
    if not begun:
        Outgoing.objects.filter(pk=row.pk).update(told="begun")
    if not (begun and reporting.comments(row.repository, number, marker)):
        reporting.post_comment(row.repository, number, f"{marker}\n{row.payload['body']}")
    return True


_TELLERS: dict[Outgoing.Kind, Callable[[Outgoing], bool]] = {
    _Kind.COMMENT: _comment,
    _Kind.DEPLOYMENT: _deployment,
    _Kind.CHECK: _check,
    _Kind.ENVIRONMENT: _environment,
    _Kind.REACTION: _reaction,
    _Kind.REPLY: _reply,
}


def _branch(key: str) -> Branch | None:
    rows = Branch.objects.select_related("repository", "deployment", "live")
    return rows.filter(pk=int(key)).first()


def _is_told(row: Outgoing, said: str) -> bool:
    return row.told == _hash(said)


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _note(row: Outgoing, said: str, remote_id: int | None = None) -> None:
    row.told, row.told_at = _hash(said), timezone.now()
    row.remote_id = remote_id if remote_id is not None else row.remote_id
    Outgoing.objects.filter(pk=row.pk).update(
        told=row.told, told_at=row.told_at, remote_id=row.remote_id
    )


def _note_id(row: Outgoing, remote_id: int | None) -> None:
    row.remote_id = remote_id
    Outgoing.objects.filter(pk=row.pk).update(remote_id=remote_id)
