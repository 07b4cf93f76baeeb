"""Lists: searched by their address, and paged by the last row's key, so that page one thousand
costs what page one costs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from deployments.models import Branch, Delivery
from deployments.states import BranchState

from .presentation import preview_rows

PAGE_SIZE = 50

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Search:
    """What a list's address asks for."""

    text: str = ""
    #: "destroyed" shows what is gone, anything else what is there.
    show: str = ""
    #: Key of the last row of the page before.
    before: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Search":
        return cls(
            text=query.get("q", "").replace("\x00", "").strip()[:200],
            show="destroyed" if query.get("show") == "destroyed" else "",
            before=query.get("before", ""),
        )

    @property
    def is_plain(self) -> bool:
        """Whether this is the list as it opens, on its first page."""
        return self == Search()

    @property
    def active_address(self) -> str:
        return self.address(show="", before="")

    @property
    def destroyed_address(self) -> str:
        return self.address(show="destroyed", before="")

    def address(self, **changes: str) -> str:
        """The query part of the address of a similar search."""
        wanted = replace(self, **changes)
        named = {"q": wanted.text, "show": wanted.show, "before": wanted.before}
        return "?" + urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    #: Address of the next page; empty on the last one.
    following: str


def branches(search: Search) -> Page[Branch]:
    """Previews, the one that changed last first."""
    rows = preview_rows().order_by("-updated_at", "-id")
    if search.show == "destroyed":
        rows = rows.filter(state=BranchState.DESTROYED)
    else:
        rows = rows.exclude(state=BranchState.DESTROYED)
    if search.text:
        rows = rows.filter(_branch_matches(search.text))
    at, _, key = search.before.rpartition("_")
    if (since := _time(at)) and key.isascii() and key.isdigit():
        # The first half alone says which part of the index to read.
        older = Q(updated_at__lt=since) | Q(pk__lt=int(key))
        rows = rows.filter(Q(updated_at__lte=since) & older)
    return _page(rows, search, lambda row: f"{row.updated_at.isoformat()}_{row.pk}")


def deliveries(search: Search) -> Page[Delivery]:
    """Webhooks, newest first, without their payloads."""
    rows = Delivery.objects.select_related("repository", "branch").defer("payload").order_by("-id")
    if search.text:
        rows = rows.filter(_delivery_matches(search.text))
    if search.before.isascii() and search.before.isdigit():
        rows = rows.filter(pk__lt=int(search.before))
    return _page(rows, search, lambda row: str(row.pk))


def _branch_matches(text: str) -> Q:
    number = text.removeprefix("#")
    matches = (
        Q(title__icontains=text)
        | Q(name__icontains=text)
        | Q(slug__icontains=text)
        | Q(author__icontains=text)
        | Q(repository__full_name__icontains=text)
        | Q(wanted_commit__istartswith=text)
    )
    if number.isascii() and number.isdigit() and len(number) < 10:
        matches |= Q(pull_request=int(number))
    return matches


def _delivery_matches(text: str) -> Q:
    return (
        Q(event__icontains=text)
        | Q(action__icontains=text)
        | Q(decision__icontains=text)
        | Q(repository__full_name__icontains=text)
        | Q(branch__name__icontains=text)
        | Q(guid=text)
    )


def _page(rows: QuerySet[Row], search: Search, key: Callable[[Row], str]) -> Page[Row]:
    found = list(rows[: PAGE_SIZE + 1])
    if len(found) <= PAGE_SIZE:
        return Page(found, "")
    shown = found[:PAGE_SIZE]
    return Page(shown, search.address(before=key(shown[-1])))


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
