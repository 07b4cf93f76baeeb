"""Previews as a search asks for them, paged by the last row's key, so that page one thousand
costs what page one costs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils.translation import get_language

from deployments.models import Branch
from deployments.models.branch import BY_END, BY_TITLE, BY_VISIT
from deployments.states import BranchState

from . import listing
from .access import Access, Anybody, access_of
from .accounts import login_of
from .lines import PreviewLine, columns, html
from .models import Favourite
from .search import TABS, PreviewSearch

_COMMIT = re.compile(r"[0-9a-f]{4,64}")
_TICKET = re.compile(r"([a-z]+)([0-9]+)", re.IGNORECASE)


class Order(NamedTuple):
    """What a list is sorted by; the id decides among equal ones. There is an index for each."""

    key: Combinable
    is_descending: bool
    #: The key out of an address; None where it is none.
    parse: Callable[[str], object | None]


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


ORDERS: Mapping[str, Order] = {
    "": Order(F("updated_at"), True, _time),
    "oldest": Order(F("id"), False, _number),
    "newest": Order(F("id"), True, _number),
    "title": Order(BY_TITLE, False, str),
    "visited": Order(BY_VISIT, True, _time),
    "ends": Order(BY_END, False, _time),
}


class Reader(NamedTuple):
    """Who looks for previews."""

    access: Access
    #: Whose favourites count; None where nobody's do.
    person: int | None = None
    #: Whose pull requests are their own.
    login: str = ""


@dataclass(frozen=True)
class Found:
    """One page of the list, as a person sees it."""

    lines: list[str]
    #: Address of the next page; empty on the last one.
    following: str


def previews(search: PreviewSearch, person: Anybody) -> Found:
    """One page, in one query."""
    rows = _in_state(matching(search, _reader(search, person)), search.states)
    ordered = in_order(rows, search.sort, search.before)
    wanted = columns(ordered).annotate(key=F("key"), is_favourite=Exists(_own(person.pk)))
    found = list(wanted[: listing.PAGE_SIZE + 1])
    shown = found[: listing.PAGE_SIZE]
    # Looked up once: all threads ask for it under one lock.
    language = get_language() or "en"
    lines = [html(row, language=language, is_favourite=row["is_favourite"]) for row in shown]
    if len(found) <= listing.PAGE_SIZE:
        return Found(lines, "")
    return Found(lines, search.address(before=cursor(shown[-1]["key"], shown[-1]["id"])))


def nearest(search: PreviewSearch, person: Anybody, count: int) -> list[PreviewLine]:
    """The first few that match, one's favourites first."""
    rows = _in_state(matching(search, _reader(search, person)), search.states)
    wanted = columns(rows).annotate(is_favourite=Exists(_own(person.pk)))
    return [PreviewLine.of(row) for row in wanted.order_by("-is_favourite", "-updated_at")[:count]]


def numbers(search: PreviewSearch, person: Anybody) -> dict[str, int]:
    """How many previews each tab would show."""
    return by_tab(matching(search, _reader(search, person)))


def by_tab(branches: QuerySet[Branch]) -> dict[str, int]:
    """Previews by tab, in one query."""
    counted = branches.order_by().values_list("state").annotate(number=Count("pk"))
    by_state: dict[str, int] = dict(counted)
    there = sum(by_state.values()) - by_state.get(BranchState.DESTROYED, 0)
    return {
        tab: there if states is None else sum(by_state.get(state, 0) for state in states)
        for tab, states in TABS.items()
    }


def _reader(search: PreviewSearch, person: Anybody) -> Reader:
    return Reader(access_of(person), person.pk, login_of(person) if search.mine else "")


def _own(person: int | None) -> QuerySet[Favourite]:
    """Favourites of the row outside; whoever did not sign in has none."""
    return Favourite.objects.filter(user=person, branch=OuterRef("pk"))


def matching(search: PreviewSearch, reader: Reader) -> QuerySet[Branch]:
    """All that the words and the filters let through, whatever its state."""
    rows = reader.access.visible(Branch.objects.all())
    for word in search.words:
        rows = rows.filter(_has(word))
    if search.repository:
        rows = rows.filter(repository__full_name__iexact=search.repository)
    if search.author:
        rows = rows.filter(author__iexact=search.author)
    if search.mine:
        rows = rows.filter(author__iexact=reader.login) if reader.login else rows.none()
    if search.favourite:
        rows = rows.filter(Exists(_own(reader.person)))
    if search.pinned:
        rows = rows.filter(pinned_at__isnull=False)
    return rows


def _has(word: str) -> Q:
    """Whether one word of a search is somewhere in a preview."""
    matches = Q(repository__full_name__icontains=word)
    for field in ("title", "name", "slug", "author"):
        matches |= Q(**{f"{field}__icontains": word})
    if ticket := _TICKET.fullmatch(word):
        # Written in one, as in a hurry: SHOP123 for SHOP-123.
        key = "-".join(ticket.groups())
        matches |= Q(title__icontains=key) | Q(name__icontains=key)
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 10:
        matches |= Q(pull_request=int(number))
    if _COMMIT.fullmatch(word.lower()):
        for commit in ("wanted_commit", "deployment__commit", "live__commit"):
            matches |= Q(**{f"{commit}__istartswith": word})
    return matches


def _in_state(rows: QuerySet[Branch], states: frozenset[str] | None) -> QuerySet[Branch]:
    if states is None:
        return rows.exclude(state=BranchState.DESTROYED)
    return rows.filter(state__in=sorted(states))


def in_order(rows: QuerySet[Branch], sort: str, before: str = "") -> QuerySet[Branch]:
    """What comes after the row that a cursor names, each with its key; everything where it names
    none."""
    order = ORDERS[sort]
    sign, after = ("-", "lt") if order.is_descending else ("", "gt")
    rows = rows.annotate(key=order.key).order_by(f"{sign}key", f"{sign}id")
    place = _place(sort, before)
    if place is None:
        return rows
    key, last = place
    # The first half alone says which part of the index to read.
    beyond = Q(**{f"key__{after}": key}) | Q(**{f"pk__{after}": last})
    return rows.filter(Q(**{f"key__{after}e": key}) & beyond)


def is_cursor(sort: str, text: str) -> bool:
    """Whether it names a place in this order."""
    return _place(sort, text) is not None


def cursor(key: Any, pk: int) -> str:
    """What names a row in the order that its key is of."""
    return f"{key.isoformat() if isinstance(key, datetime) else key}_{pk}"


def _place(sort: str, text: str) -> tuple[object, int] | None:
    said, _, number = text.rpartition("_")
    key, last = ORDERS[sort].parse(said), _number(number)
    return None if key is None or last is None else (key, last)
