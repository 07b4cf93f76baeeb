"""The main navigation: which pages belong together, and who sees them."""

from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .access import Access, Role, access_of


class Place(NamedTuple):
    """One page that can be gone to from everywhere."""

    name: str | Promise
    #: The address's name in `urls`.
    url_name: str
    role: Role = Role.VIEWER
    #: Names of the addresses that lie below it.
    below: tuple[str, ...] = ()

    def is_open_to(self, access: Access) -> bool:
        """Lists are for everybody with a role somewhere; the rest is for a role everywhere."""
        held = access.highest if self.role == Role.VIEWER else access.role
        return held is not None and held >= self.role


class Section(NamedTuple):
    """An entry of the navigation; with several places, these are its tabs."""

    name: str | Promise
    places: Sequence[Place]


SECTIONS = (
    Section(_("Previews"), (Place(_("Previews"), "branches", below=("branch", "deployment")),)),
    Section(
        _("Repositories"),
        (Place(_("Repositories"), "repositories", below=("repository", "edit_repository")),),
    ),
    Section(
        _("Activity"),
        (
            Place(_("Activity"), "activity"),
            Place(_("Deliveries"), "deliveries", Role.DEPLOYER, below=("delivery",)),
        ),
    ),
    Section(
        _("Operations"),
        (
            Place(_("Overview"), "overview", Role.DEPLOYER),
            Place(_("System"), "system", Role.DEPLOYER),
        ),
    ),
    Section(
        _("Administration"),
        (
            Place(_("People"), "people", Role.ADMIN),
            Place(_("Tokens"), "tokens", Role.ADMIN),
            Place("GitHub", "github", Role.ADMIN, below=("github_begin", "github_seen")),
            Place(
                _("Subscriptions"),
                "subscriptions",
                Role.ADMIN,
                below=("subscription", "edit_subscription", "add_subscription"),
            ),
            Place(_("Audit log"), "audit", Role.ADMIN),
        ),
    ),
)


class Entry(NamedTuple):
    """A link, as a page shows it."""

    name: str | Promise
    address: str
    #: What `aria-current` says: "page", "true" (something below it), or nothing.
    current: str


def main(request: HttpRequest) -> list[Entry]:
    """The sections that this person may see; each leads to its first place."""
    found = []
    for section in SECTIONS:
        places = _open_to(request, section)
        if places:
            current = next(filter(None, (_current(request, place) for place in places)), "")
            found.append(Entry(section.name, reverse(places[0].url_name), current))
    return found


def tabs(request: HttpRequest) -> list[Entry]:
    """The places beside the present one; none where it stands alone."""
    for section in SECTIONS:
        places = _open_to(request, section)
        if len(places) > 1 and any(_current(request, place) == "page" for place in places):
            return [
                Entry(place.name, reverse(place.url_name), _current(request, place))
                for place in places
            ]
    return []


def _open_to(request: HttpRequest, section: Section) -> list[Place]:
    access = access_of(request.user)
    return [place for place in section.places if place.is_open_to(access)]


def _current(request: HttpRequest, place: Place) -> str:
    here = request.resolver_match.url_name if request.resolver_match else ""
    if here == place.url_name:
        return "page"
    return "true" if here in place.below else ""
