"""A comment as GitHub has it, whatever a delivery says of it."""

from typing import Any

from ...models import Repository
from ...payloads import Comment, MalformedPayload, found_comment
from . import wire
from .asking import request
from .problems import NotFound


def comment(repository: Repository, number: int) -> Comment | None:
    """None where there is no such comment, or where it is on no issue or pull request."""
    try:
        told: Any = request(repository, "GET", f"/issues/comments/{number}").json()
    except NotFound:
        return None
    try:
        return found_comment(told)
    except MalformedPayload as problem:
        raise wire.odd(repository.full_name, str(problem)) from problem
