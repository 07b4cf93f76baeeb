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
from .access import Anybody, access_of
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
    "newest": Order(F("id"), True, _number),
    "title": Order(BY_TITLE, False, str),
    "visited": Order(BY_VISIT, True, _time),
    "ends": Order(BY_END, False, _time),
}


@dataclass(frozen=True)
class Found:
    """One page of the list, as a person sees it."""

    lines: list[str]
    #: Address of the next page; empty on the last one.
    following: str


def previews(search: PreviewSearch, person: Anybody) -> Found:
    """One page, in one query."""
    order = ORDERS[search.sort]
    own = _own(person)
    rows = _in_state(_matching(search, person), search.states)
    rows = _behind(rows.annotate(key=order.key), order, search.before)
    sign = "-" if order.is_descending else ""
    wanted = columns(rows).annotate(key=F("key"), is_favourite=Exists(own))
    found = list(wanted.order_by(f"{sign}key", f"{sign}id")[: listing.PAGE_SIZE + 1])
    shown = found[: listing.PAGE_SIZE]
    # Looked up once: all threads ask for it under one lock.
    language = get_language() or "en"
    lines = [html(row, language=language, is_favourite=row["is_favourite"]) for row in shown]
    is_last = len(found) <= listing.PAGE_SIZE
    return Found(lines, "" if is_last else search.address(before=_cursor(shown[-1])))


def nearest(search: PreviewSearch, person: Anybody, count: int) -> list[PreviewLine]:
    """The first few that match, one's favourites first."""
    own = _own(person)
    rows = _in_state(_matching(search, person), search.states)
    wanted = columns(rows).annotate(is_favourite=Exists(own))
    return [PreviewLine.of(row) for row in wanted.order_by("-is_favourite", "-updated_at")[:count]]


def numbers(search: PreviewSearch, person: Anybody) -> dict[str, int]:
    """How many previews each tab would show."""
    return by_tab(_matching(search, person))


def by_tab(branches: QuerySet[Branch]) -> dict[str, int]:
    """Previews by tab, in one query."""
    counted = branches.order_by().values_list("state").annotate(number=Count("pk"))
    by_state: dict[str, int] = dict(counted)
    there = sum(by_state.values()) - by_state.get(BranchState.DESTROYED, 0)
    return {
        tab: there if states is None else sum(by_state.get(state, 0) for state in states)
        for tab, states in TABS.items()
    }


def _own(person: Anybody) -> QuerySet[Favourite]:
    """Favourites of the row outside; whoever did not sign in has none."""
    return Favourite.objects.filter(user=person.pk, branch=OuterRef("pk"))


def _matching(search: PreviewSearch, person: Anybody) -> QuerySet[Branch]:
    """All that the words and the filters let through, whatever its state."""
    rows = access_of(person).visible(Branch.objects.all())
    for word in search.words:
        rows = rows.filter(_has(word))
    if search.repository:
        rows = rows.filter(repository__full_name__iexact=search.repository)
    if search.author:
        rows = rows.filter(author__iexact=search.author)
    if search.mine:
        login = login_of(person)
        rows = rows.filter(author__iexact=login) if login else rows.none()
    if search.favourite:
        rows = rows.filter(Exists(_own(person)))
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


def _behind(rows: QuerySet[Branch], order: Order, before: str) -> QuerySet[Branch]:
    """What comes after the row that an address names; everything where it names none."""
    text, _, number = before.rpartition("_")
    key, last = order.parse(text), _number(number)
    if key is None or last is None:
        return rows
    after = "lt" if order.is_descending else "gt"
    # The first half alone says which part of the index to read.
    beyond = Q(**{f"key__{after}": key}) | Q(**{f"pk__{after}": last})
    return rows.filter(Q(**{f"key__{after}e": key}) & beyond)


def _cursor(row: dict[str, Any]) -> str:
    key = row["key"]
    return f"{key.isoformat() if isinstance(key, datetime) else key}_{row['id']}"
