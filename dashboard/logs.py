"""A deployment's log, apart from the live stream of it: its lines, searching, the whole text."""

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from deployments.models import Deployment

from . import loglines, parameters
from .access import Role, requires
from .streams import download
from .streams.response import streaming

#: Lines on a page without JavaScript, and matches that it lists.
_PAGE, _LISTED = 1000, 200
_LINES_MAX = 1000


@require_GET
@requires(Role.VIEWER, of=Deployment)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Page after page of lines, and links to those that were searched for: plain HTML."""
    deployment = get_object_or_404(Deployment.objects.select_related("branch__repository"), pk=pk)
    last, words = loglines.last_number(pk), parameters.words(request)
    # Pages begin where it can be told from a line's number on which one it is.
    at = parameters.number(request, "from", last, low=1, high=max(last, 1))
    first = (at - 1) // _PAGE * _PAGE + 1 if at else 1
    found = loglines.search(pk, words) if words else None
    context = {
        "deployment": deployment,
        "lines": loglines.numbered(pk, first, _PAGE),
        "first": first,
        "last": last,
        "previous": first - _PAGE,
        "next": first + _PAGE if first + _PAGE <= last else 0,
        "words": words,
        "found": found,
        "matches": found.lines[:_LISTED] if found else (),
    }
    return render(request, "deployments/log.html", context)


@require_GET
@requires(Role.VIEWER, of=Deployment)
def lines(request: HttpRequest, pk: int) -> JsonResponse:
    """`count` lines from number `from` on."""
    get_object_or_404(Deployment.objects.only("pk"), pk=pk)
    first = parameters.number(request, "from", 1, low=1)
    count = parameters.number(request, "count", loglines.BLOCK, low=1, high=_LINES_MAX)
    found = loglines.lines(pk, first, count)
    return JsonResponse(loglines.as_json(first, found) | {"total": loglines.last_number(pk)})


@require_GET
@requires(Role.VIEWER, of=Deployment)
def search(request: HttpRequest, pk: int) -> JsonResponse:
    """Where `q` stands behind line `after`."""
    get_object_or_404(Deployment.objects.only("pk"), pk=pk)
    after, words = parameters.number(request, "after", 0), parameters.words(request)
    found = loglines.search(pk, words, after) if words else loglines.Found([], 0, after)
    return JsonResponse(found._asdict())


@require_GET
@requires(Role.VIEWER, of=Deployment)
def text(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The whole log as a text file."""
    get_object_or_404(Deployment.objects.only("pk"), pk=pk)
    parts = download.text(pk)
    headers = {
        "Content-Disposition": f'attachment; filename="deployment-{pk}.txt"',
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        parts = download.gzipped(parts)
        headers["Content-Encoding"] = "gzip"
    return streaming(parts, "text/plain; charset=utf-8", headers)
