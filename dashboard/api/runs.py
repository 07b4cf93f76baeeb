"""Which branch a run of a workflow is for: what it has built goes to that one alone.

Whoever may push a branch writes its workflow, and so has the repository's role for workflows. That
is not to bring other code into a branch that they may not push, such as a protected one.
"""

import re

from django.http import HttpRequest
from ninja.errors import AuthorizationError

from deployments.adapters import hosts
from deployments.models import Repository
from deployments.names import pull_request_branch

from .tokens import caller

_HEADS = "refs/heads/"
_PULL = re.compile(r"refs/pull/([1-9][0-9]{0,8})/merge")


def check_own_branch(request: HttpRequest, repository: Repository, name: str) -> None:
    """Refuse a workflow that runs for another branch. Others than workflows are people's own."""
    run = caller(request).run
    if run is None or _is_for(repository, run.ref, name):
        return
    raise AuthorizationError(
        message=f"A workflow that runs for {run.ref} hands nothing over for {name}. Let it run for "
        "that branch, or for its pull request."
    )


def _is_for(repository: Repository, ref: str, name: str) -> bool:
    if pull := _PULL.fullmatch(ref):
        # As GitHub has it: a fork calls its branches what it likes, and the token names them so.
        return hosts.of(repository).pull_request(repository, int(pull[1])).branch == name
    if name.startswith(pull_request_branch(0)[:-1]):
        # A fork's own workflows get no token: the default branch's builds what was approved.
        return ref == repository.default_branch_ref
    return ref == f"{_HEADS}{name}"
