"""The audit log, to read, to search and to take away."""

import json
from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboard import listing
from dashboard.access import Role, requires
from dashboard.listing import Search
from deployments import audit
from deployments.models import AuditEntry

_SEARCHED = ("actor", "origin", "action", "subject", "reason")


@require_GET
@requires(Role.ADMIN)
def listed(request: HttpRequest) -> HttpResponse:
    search = Search.of(request.GET)
    rows = with_words(search.text).order_by("-number")
    if search.before.isascii() and search.before.isdigit() and len(search.before) < 19:
        rows = rows.filter(number__lt=int(search.before))
    page = listing.paged(rows, search, lambda entry: str(entry.number))
    context = {"search": search, "entries": page.rows, "following": page.following}
    return render(request, "administration/audit.html", context)


@require_GET
@requires(Role.ADMIN)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """A line of JSON for each entry, the oldest first, with the hashes."""
    response = StreamingHttpResponse(_lines(), content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="edaha-audit.jsonl"'
    return response


def with_words(text: str) -> QuerySet[AuditEntry]:
    """Entries in which the text is; all where it is empty."""
    matches = Q()
    for field in _SEARCHED if text else ():
        matches |= Q(**{f"{field}__icontains": text})
    return AuditEntry.objects.filter(matches)


def _lines() -> Iterator[str]:
    for entry in audit.entries():
        yield json.dumps(audit.as_line(entry), ensure_ascii=False) + "\n"
