"""One call about a repository, in the name of whoever may make it."""

from typing import Any

import httpx

from ...models import Repository
from .. import budget
from . import tokens, wire
from .problems import Unauthorised


def request(
    repository: Repository,
    method: str,
    path: str,
    body: Any = None,
    *,
    params: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    background: bool = False,
    permissions: dict[str, str] | None = None,
) -> httpx.Response:
    """GitHub's answer, if it is a good one or 304.

    `path` is below /repos/OWNER/NAME, such as /issues/5/comments; with // at its beginning it is
    below the API's address. Who only compares says `background`, and is refused once a tenth of
    the limit is left; whatever a pass of the reconciler asks is in the background by itself.
    `permissions` are those of the App's token, where they are not the usual ones. Calls that change
    something come one after the other, a second apart for each installation.

    Raises NotFound, Conflict, Invalid, Limited, and PlatformError for everything else, with
    `retry` where GitHub is ill, slow, or its answer was lost.
    """
    name = repository.full_name
    call = wire.Call(
        method,
        path[1:] if path.startswith("//") else f"/repos/{name}{path}",
        name,
        body,
        params,
        headers or {},
        background or budget.is_in_background(),
    )
    caller = tokens.caller_for(repository, permissions)
    try:
        return wire.send(caller, call)
    except Unauthorised:
        if not caller.is_renewable:
            raise
    tokens.drop(repository, caller)
    return wire.send(tokens.caller_for(repository, permissions), call)
