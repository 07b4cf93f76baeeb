"""What the list of previews is asked for: all of it stands in the address, so it can be shared."""

from dataclasses import asdict, dataclass, replace
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from deployments.states import BranchState

_LONGEST = 200

#: The tabs: what people ask for, in states. None: everything that is not gone.
TABS: dict[str, frozenset[str] | None] = {
    "": None,
    "live": frozenset({BranchState.LIVE}),
    "working": frozenset(
        {BranchState.PENDING, BranchState.BUILDING, BranchState.DEPLOYING, BranchState.DESTROYING}
    ),
    "failed": frozenset({BranchState.FAILED}),
    "asleep": frozenset({BranchState.ASLEEP}),
    "destroyed": frozenset({BranchState.DESTROYED}),
}
TAB_NAMES: dict[str, str | Promise] = {
    "": pgettext_lazy("previews", "All"),
    "live": BranchState.LIVE.label,
    "working": _("In progress"),
    "failed": BranchState.FAILED.label,
    "asleep": BranchState.ASLEEP.label,
    "destroyed": BranchState.DESTROYED.label,
}
SORTS: dict[str, str | Promise] = {
    "": _("Last change"),
    "newest": _("Newest"),
    "title": _("Title"),
    "visited": _("Last visit"),
    "ends": _("Ends soonest"),
}
SWITCHES: dict[str, str | Promise] = {
    "mine": _("Mine"),
    "favourite": _("Favourites"),
    "pinned": _("Pinned"),
}


class Chip(NamedTuple):
    """A filter that is on, and the address of the list without it."""

    name: str
    value: str
    label: str | Promise
    without: str


@dataclass(frozen=True)
class PreviewSearch:
    """The words, filters and order of one address. Whatever is not understood is left out."""

    q: str = ""
    repository: str = ""
    author: str = ""
    #: One of the tabs, or a single state.
    state: str = ""
    mine: str = ""
    favourite: str = ""
    pinned: str = ""
    sort: str = ""
    #: Key of the last row of the page before.
    before: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "PreviewSearch":
        given = {name: _clean(query.get(name, "")) for name in cls.__dataclass_fields__}
        # A key may begin with a space.
        given["before"] = query.get("before", "").replace("\x00", "")[:_LONGEST]
        given["q"] = " ".join(given["q"].split())
        given["state"] = _known(given["state"] or _shown(query), {*TABS, *BranchState.values})
        given["sort"] = _known(given["sort"], set(SORTS))
        given |= {name: "1" if given[name] else "" for name in SWITCHES}
        return cls(**given)

    @property
    def words(self) -> list[str]:
        """All of them have to be there; more than eight describe nothing better."""
        return self.q.split()[:8]

    @property
    def states(self) -> frozenset[str] | None:
        return TABS[self.state] if self.state in TABS else frozenset({self.state})

    @property
    def is_plain(self) -> bool:
        """Whether this is the list as it opens, on its first page."""
        return self == PreviewSearch()

    @property
    def is_filtered(self) -> bool:
        """Whether the numbers at the tabs are others than those of all previews."""
        return replace(self, state="", sort="", before="") != PreviewSearch()

    @property
    def only(self) -> str:
        """The name of the one filter that is on; “several”, or nothing."""
        names = ("q", "repository", "author", "state", *SWITCHES)
        given = [name for name in names if getattr(self, name)]
        return given[0] if len(given) == 1 else "several" if given else ""

    @property
    def chips(self) -> list[Chip]:
        chips = [
            Chip(name, value, value, self.address(**{name: ""}))
            for name in ("repository", "author")
            if (value := getattr(self, name))
        ]
        if self.state not in TABS:
            label = BranchState(self.state).label
            chips.append(Chip("state", self.state, label, self.address(state="")))
        return chips

    def address(self, **changes: str) -> str:
        """The query part of the address of a similar search, on its first page."""
        wanted = replace(self, **({"before": ""} | changes))
        return "?" + urlencode({name: value for name, value in asdict(wanted).items() if value})


def _shown(query: QueryDict) -> str:
    """What addresses said before there were tabs."""
    return "destroyed" if query.get("show") == "destroyed" else ""


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:_LONGEST]


def _known(value: str, values: set[str]) -> str:
    return value if value in values else ""
