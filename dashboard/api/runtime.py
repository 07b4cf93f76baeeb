"""The operations about what runs of a preview at this moment, and what it prints."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Schema
from ninja.errors import ValidationError
from ninja.responses import Response

from dashboard import ecs_words, looks, outputs, printed
from dashboard.access import Role
from dashboard.ansi import to_text
from deployments.errors import PlatformError
from deployments.models import Branch
from deployments.running import Event, Running, Task

from . import problems
from .operations import READING, Key, api, branch_of
from .problems import Problem
from .schemas import Text
from .tokens import DEPLOYER

#: AWS is asked, and may not answer.
ASKING: dict[int, Any] = READING | {503: Problem}
Name = Annotated[Text, Field(max_length=255)]


class EventOut(Schema):
    at: datetime
    message: str = Field(description="In ECS's own words.")
    meaning: str = Field(description="In plain words; the same where nobody knows it.")

    @staticmethod
    def resolve_meaning(event: Event) -> str:
        return ecs_words.event(event.message)


class TaskOut(Schema):
    """One copy that runs, or ran until a short while ago."""

    id: str
    status: str = Field(description="ECS's word: PENDING, RUNNING, STOPPED …")
    meaning: str = Field(description="The same in plain words.")
    health: str = Field(description="HEALTHY, UNHEALTHY, or UNKNOWN without a health check.")
    started_at: datetime | None
    stopped_at: datetime | None
    stopped_reason: str = Field(description="In ECS's own words; empty while it runs.")
    exit_codes: dict[str, int] = Field(description="Container → exit code, of those that ended.")

    @staticmethod
    def resolve_meaning(task: Task) -> str:
        return ecs_words.status(task.status)


class RunningOut(Schema):
    """One service, as ECS has it now."""

    service: str
    is_there: bool = Field(description="False where ECS has none of that name.")
    desired: int
    running: int
    pending: int
    tasks: list[TaskOut]
    events: list[EventOut] = Field(description="The newest first.")

    @staticmethod
    def resolve_service(found: Running) -> str:
        return found.service.name


class PrintingOut(Schema):
    """One container of one task whose output CloudWatch has."""

    service: str
    container: str
    task: str
    last_at: datetime | None = Field(description="When it printed last.")


class ContainerQuery(Schema):
    service: Name = Field("", description="Its name; empty: any.")
    container: Name = Field("", description="Its name; empty: the one that visitors reach first.")


class OutputQuery(ContainerQuery):
    task: str = Field(
        "", pattern="^([0-9a-f-]{8,64})?$", description="Its id; empty: the last one to print."
    )
    lines: int = Field(1000, ge=1, le=10_000, description="How many of the newest to begin with.")
    cursor: str = Field(
        "", max_length=20_000, description="`cursor` of the answer before: what follows that."
    )


class PrintedLine(Schema):
    at: float = Field(description="Seconds since 1970.")
    text: str


class OutputOut(Schema):
    """What a container printed."""

    service: str
    container: str
    task: str = Field(description="Empty where nothing was printed yet.")
    lines: list[PrintedLine]
    cursor: str = Field(description="Ask with it, and the same names, for what follows.")


@api.get(
    "/branches/{branch_id}/running",
    response=ASKING | {200: list[RunningOut]},
    summary="Services, tasks and events as ECS tells them now",
    description="Of what is live, otherwise of the newest attempt. At most four seconds old; 503 "
    "where AWS does not answer.",
)
def get_running(request: HttpRequest, branch_id: Key) -> Any:
    branch = branch_of(request, branch_id)
    shown = branch.live or branch.deployment
    if shown is None or not shown.services.all():
        return []
    found, problem = looks.look(shown)
    if problem:
        raise PlatformError(problem, hint="Ask again in a moment.")
    return found


@api.get(
    "/branches/{branch_id}/outputs",
    auth=DEPLOYER,
    response=ASKING | {200: list[PrintingOut]},
    summary="Whose output there is: containers of tasks that run or have stopped",
)
def list_outputs(
    request: HttpRequest, branch_id: Key, query: Query[ContainerQuery]
) -> list[dict[str, Any]]:
    branch = branch_of(request, branch_id, Role.DEPLOYER)
    return [
        {
            "service": each.service.name,
            "container": each.name,
            "task": task.id,
            "last_at": task.last_at,
        }
        for each in outputs.fitting(branch, query.service, query.container)
        for task in _tasks(each)
    ]


@api.get(
    "/branches/{branch_id}/output",
    auth=DEPLOYER,
    response=ASKING | {200: OutputOut},
    summary="What a container prints, and printed before it stopped",
    description="The newest lines; with `cursor` what followed since the answer that it is of: "
    "ask again and again to follow. Secrets are starred. JSON has colours; as plain text, where "
    "Accept asks for it, there are none, and the header `Edaha-Cursor` has the cursor. 404 where "
    "there is no such container.",
    openapi_extra={"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}},
)
def get_output(request: HttpRequest, branch_id: Key, query: Query[OutputQuery]) -> HttpResponse:
    branch = branch_of(request, branch_id, Role.DEPLOYER)
    found = outputs.fitting(branch, query.service, query.container)
    if not found:
        hint = "GET /branches/{id}/outputs tells which there are."
        return problems.answer(404, "The preview has no such container that logs here.", hint)
    tasks = [] if query.task else _tasks(found[0])
    task = query.task or (tasks[0].id if tasks else "")
    part = _read(branch, outputs.Output(found[0], task), query) if task else printed.NOTHING
    told = OutputOut(
        service=found[0].service.name,
        container=found[0].name,
        task=task,
        lines=[PrintedLine(at=at, text=text) for at, text in part.lines],
        cursor=part.cursor,
    )
    if request.get_preferred_type(["application/json", "text/plain"]) != "text/plain":
        return Response(told.dict())
    text = "".join(f"{to_text(line.text)}\n" for line in told.lines)
    plain = HttpResponse(text, content_type="text/plain; charset=utf-8")
    plain["Edaha-Cursor"] = told.cursor
    return plain


def _read(branch: Branch, output: outputs.Output, query: OutputQuery) -> printed.Part:
    if not query.cursor:
        return printed.newest(branch, output, query.lines)
    try:
        return printed.following(branch, output, query.cursor)
    except printed.NotACursor:
        what = "It is not of this output. Begin without one."
        raise ValidationError([{"loc": ("query", "cursor"), "msg": what}]) from None


def _tasks(container: outputs.Container) -> list[outputs.Task]:
    found, problem = outputs.tasks(container)
    if problem:
        raise PlatformError(problem, hint="Ask again in a moment.")
    return found
