"""Lists are paged by the last row's key, so that page one thousand costs what page one costs."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from .schemas import PageQuery

Row = TypeVar("Row", bound=Model)


def page(
    rows: QuerySet[Row],
    query: PageQuery,
    request: HttpRequest,
    response: HttpResponse,
    *,
    newest_first: bool = False,
) -> list[Row]:
    """One page; where more rows follow, the response's Link header leads on."""
    if query.after is not None:
        rows = rows.filter(**{"pk__lt" if newest_first else "pk__gt": query.after})
    found = list(rows.order_by("-pk" if newest_first else "pk")[: query.limit + 1])
    if len(found) <= query.limit:
        return found
    shown = found[: query.limit]
    lead_on(request, response, str(shown[-1].pk))
    return shown


def lead_on(request: HttpRequest, response: HttpResponse, after: str) -> None:
    """Let the Link header lead to what follows, by the same filters."""
    following = request.GET.copy()
    following["after"] = after
    address = request.build_absolute_uri(f"{request.path}?{following.urlencode()}")
    response["Link"] = f'<{address}>; rel="next"'
