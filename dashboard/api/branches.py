"""The list of branches, found and sorted as on the page."""

from typing import Literal

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Schema
from ninja.errors import ValidationError

from dashboard import finding
from dashboard.accounts import login_of
from dashboard.finding import Reader
from dashboard.search import PreviewSearch
from deployments.models import Branch
from deployments.states import BranchState

from .operations import READING, api, branches
from .paging import lead_on
from .schemas import BranchOut, Text
from .tokens import access, caller

#: The list's own name for an order, where it has another one.
_ORDERS = {"changed": ""}


class BranchQuery(Schema):
    after: Text | None = Field(
        None,
        max_length=600,
        description="The place that the Link header of the page before names.",
    )
    limit: int = Field(100, ge=1, le=1000, description="The most rows to give.")
    sort: Literal["oldest", "newest", "changed", "title", "visited", "ends"] = Field(
        "oldest", description="`changed` and `visited` begin with the last, `ends` with the first."
    )
    repository: str | None = Field(
        None, description="OWNER/NAME", pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", max_length=140
    )
    name: Text | None = Field(None, description="The branch's name in git.", max_length=255)
    state: list[BranchState] = Field([], description="One of these; may be repeated.")
    q: Text = Field(
        "",
        max_length=200,
        description="Words that are all in the title, the branch, the author or the repository; "
        "also a ticket (`SHOP-123`), a pull request's number, or a commit.",
    )
    author: Text = Field("", max_length=100, description="Who wrote it, by the name at GitHub.")
    mine: bool = Field(False, description="Those of the person whose token it is.")
    favourite: bool = Field(False, description="The favourites of that person.")
    pinned: bool = Field(False, description="Those that do not end by themselves.")


@api.get(
    "/branches",
    response=READING | {200: list[BranchOut]},
    summary="Branches",
    description="A token belongs to whoever made it, or started the workflow. 422 for `mine` or "
    "`favourite` where that is no person who is known here.",
)
def list_branches(
    request: HttpRequest, response: HttpResponse, query: Query[BranchQuery]
) -> list[Branch]:
    rows = finding.matching(_search(query), _reader(request, query))
    if query.name is not None:
        rows = rows.filter(name=query.name)
    if query.state:
        rows = rows.filter(state__in=query.state)
    sort = _ORDERS.get(query.sort, query.sort)
    ordered = finding.in_order(branches(rows), sort, _place(query, sort))
    found = list(ordered[: query.limit + 1])
    shown = found[: query.limit]
    if len(found) > query.limit:
        lead_on(request, response, _cursor(shown[-1]))
    return shown


def _search(query: BranchQuery) -> PreviewSearch:
    switches = {name: "1" * getattr(query, name) for name in ("mine", "favourite", "pinned")}
    return PreviewSearch(
        q=query.q, repository=query.repository or "", author=query.author.strip(), **switches
    )


def _reader(request: HttpRequest, query: BranchQuery) -> Reader:
    if not (query.mine or query.favourite):
        return Reader(access(request))
    asks = caller(request)
    person = User.objects.select_related("preferences").filter(username=asks.person).first()
    login = login_of(person) if person else asks.login
    if query.mine and not login:
        raise _refused("mine", "Nobody is known whose token this is. Name the author instead.")
    if query.favourite and person is None:
        raise _refused("favourite", "Nobody is known whose token this is.")
    return Reader(access(request), person.pk if person else None, login)


def _place(query: BranchQuery, sort: str) -> str:
    if query.after is None:
        return ""
    # Once, a place was the last row's id.
    by_id = query.sort in ("oldest", "newest") and "_" not in query.after
    place = f"{query.after}_{query.after}" if by_id else query.after
    if not finding.is_cursor(sort, place):
        raise _refused("after", "It names no place in this order. Follow the Link header.")
    return place


def _cursor(row: Branch) -> str:
    return finding.cursor(row.key, row.pk)  # type: ignore[attr-defined]  # annotated


def _refused(name: str, what: str) -> ValidationError:
    return ValidationError([{"loc": ("query", name), "msg": what}])
