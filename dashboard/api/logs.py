"""A deployment's log, as text or as JSON."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.http import HttpResponse
from ninja.responses import Response

from dashboard import loglines
from dashboard.ansi import to_text
from deployments.models import Deployment

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


def as_text(deployment: Deployment, after: int, limit: int | None = None) -> HttpResponse:
    """Browsers and `curl --remote-header-name` keep it as a file of its own."""
    found = islice(lines(deployment.pk, after), limit)
    response = HttpResponse(
        "".join(f"{to_text(line.text)}\n" for line in found),
        content_type="text/plain; charset=utf-8",
    )
    response["Content-Disposition"] = f'attachment; filename="deployment-{deployment.pk}.txt"'
    return response


def as_json(deployment: Deployment, after: int, limit: int | None = None) -> HttpResponse:
    return Response([line.dict() for line in islice(lines(deployment.pk, after), limit)])


def lines(deployment: int, after: int) -> Iterator[LogLine]:
    """Lines numbered above `after`, in order."""
    for chunk in loglines.behind(deployment, after).iterator():
        for number, (at, step, text) in enumerate(chunk.lines, start=chunk.first):
            if number > after:
                yield LogLine(number=number, at=at, step=step, text=text)
