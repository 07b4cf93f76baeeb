"""What a preview's containers print while they run, and have printed before they stopped."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from deployments.adapters import logs
from deployments.errors import EdahaError
from deployments.models import Branch
from deployments.pipeline import secrets

from . import outputs
from .access import Role, requires
from .ansi import to_text
from .presentation import preview_rows

#: As many lines as CloudWatch gives in one answer.
_LINES = 10_000


@require_GET
@requires(Role.DEPLOYER, of=Branch)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(preview_rows(), pk=pk)
    container = outputs.container_of(branch, request.GET)
    tasks, problem = outputs.tasks(container) if container else ([], "")
    asked = request.GET.get("task", "")
    task = asked or (tasks[0].id if tasks else "")
    names = {"service": container.service.pk, "container": container.name} if container else {}
    return render(
        request,
        "branches/runtime.html",
        {
            "branch": branch,
            "containers": outputs.containers(branch),
            "container": container,
            "tasks": tasks,
            "task": task,
            "problem": problem,
            "query": urlencode(names | {"task": task}),
        },
    )


@require_GET
@requires(Role.DEPLOYER, of=Branch)
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest lines as a text file, without escape sequences."""
    branch = get_object_or_404(preview_rows(), pk=pk)
    chosen = outputs.chosen(branch, request.GET)
    if chosen is None:
        raise Http404
    try:
        part = logs.read(chosen.group, chosen.stream, limit=_LINES)
    except EdahaError as problem:
        said = f"{problem.message} {problem.hint}\n"
        return HttpResponse(said, status=502, content_type="text/plain; charset=utf-8")
    printed = "\n".join(line for _at, line in part.lines)
    shown = secrets.redactor(branch).redact(printed).split("\n") if part.lines else []
    lines = "".join(f"{to_text(line)}\n" for line in shown)
    return HttpResponse(
        lines,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{chosen.task}.txt"'},
    )
