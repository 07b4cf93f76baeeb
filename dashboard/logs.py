"""A deployment's log, apart from the live stream of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from deployments.models import Deployment, LogChunk

from .access import Role, requires
from .ansi import to_text


@require_GET
@requires(Role.VIEWER)
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole log as a text file, without escape sequences: safe to print in a terminal."""
    get_object_or_404(Deployment, pk=pk)
    chunks = LogChunk.objects.filter(deployment=pk).values_list("lines", flat=True)
    lines = [to_text(text) for chunk in chunks.iterator() for _at, _step, text in chunk]
    return HttpResponse(
        "".join(f"{line}\n" for line in lines),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="deployment-{pk}.txt"'},
    )
