"""Lists: searched by their address, and paged by the last row's key, so that page one thousand
costs what page one costs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from deployments.models import Delivery, Transition

from .access import Access

PAGE_SIZE = 50

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Search:
    """What a list's address asks for."""

    text: str = ""
    #: Key of the last row of the page before.
    before: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Search":
        return cls(
            text=query.get("q", "").replace("\x00", "").strip()[:200],
            before=query.get("before", ""),
        )

    def address(self, **changes: str) -> str:
        """The query part of the address of a similar search."""
        wanted = replace(self, **changes)
        named = {"q": wanted.text, "before": wanted.before}
        return "?" + urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    #: Address of the next page; empty on the last one.
    following: str


def deliveries(search: Search, access: Access) -> Page[Delivery]:
    """Webhooks, newest first, without their payloads."""
    return _by_id(deliveries_with(search.text, access), search)


def activity(search: Search, access: Access) -> Page[Transition]:
    """What people did, newest first."""
    return _by_id(acts_with(search.text, access), search)


def deliveries_with(text: str, access: Access) -> QuerySet[Delivery]:
    """Those in which the text is; all where it is empty."""
    known = Delivery.objects.select_related("repository", "branch").defer("payload")
    rows = access.visible(known)
    return rows.filter(_delivery_matches(text)) if text else rows


def acts_with(text: str, access: Access) -> QuerySet[Transition]:
    """Likewise, of what people did."""
    parts = ("branch__repository", "deployment")
    known = Transition.objects.exclude(actor="").select_related(*parts)
    rows = access.visible(known, "branch__repository")
    return rows.filter(_act_matches(text)) if text else rows


def _act_matches(text: str) -> Q:
    return (
        Q(actor__icontains=text)
        | Q(reason__icontains=text)
        | Q(branch__name__icontains=text)
        | Q(branch__title__icontains=text)
        | Q(branch__repository__full_name__icontains=text)
    )


def _delivery_matches(text: str) -> Q:
    return (
        Q(event__icontains=text)
        | Q(action__icontains=text)
        | Q(decision__icontains=text)
        | Q(repository__full_name__icontains=text)
        | Q(branch__name__icontains=text)
        | Q(guid=text)
    )


def _by_id(rows: QuerySet[Row], search: Search) -> Page[Row]:
    if search.before.isascii() and search.before.isdigit() and len(search.before) < 19:
        rows = rows.filter(pk__lt=int(search.before))
    return paged(rows.order_by("-id"), search, lambda row: str(row.pk))


def paged(rows: QuerySet[Row], search: Search, key: Callable[[Row], str]) -> Page[Row]:
    """One page of sorted rows; `key` is what the next page's address names the last row by."""
    found = list(rows[: PAGE_SIZE + 1])
    if len(found) <= PAGE_SIZE:
        return Page(found, "")
    shown = found[:PAGE_SIZE]
    return Page(shown, search.address(before=key(shown[-1])))
