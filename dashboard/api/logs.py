"""A deployment's log, as text or as JSON."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from ninja.responses import Response

from dashboard.ansi import to_text
from deployments.models import Deployment, LogChunk

from .schemas import LogLine

#: For OpenAPI: what the framework cannot see, since the answer's form depends on Accept.
DESCRIPTION: dict[str, Any] = {
    "responses": {
        200: {
            "content": {
                "text/plain": {"schema": {"type": "string"}},
                "application/json": {
                    "schema": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/LogLine"},
                    }
                },
            }
        }
    }
}


def as_text(deployment: Deployment, after: int) -> HttpResponse:
    text = "".join(f"{to_text(line.text)}\n" for line in lines(deployment.pk, after))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def as_json(deployment: Deployment, after: int) -> HttpResponse:
    return Response([line.dict() for line in lines(deployment.pk, after)])


def lines(deployment: int, after: int) -> Iterator[LogLine]:
    """Lines numbered above `after`, in order."""
    chunks = LogChunk.objects.filter(deployment=deployment)
    # The chunk that line `after` + 1 is in begins at it or before it.
    first = chunks.filter(first__lte=after + 1).order_by("-first").values_list("first", flat=True)
    begin = first.first() or 0
    for chunk in chunks.filter(first__gte=begin).order_by("first").iterator():
        for number, (at, step, text) in enumerate(chunk.lines, start=chunk.first):
            if number > after:
                yield LogLine(number=number, at=at, step=step, text=text)
