"""From an application's description to what ECS is told. Pure.

Whatever Edaha changes of what a team wrote is in `Definition.changes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from . import generate, overlay, overlay_service, ports, set_secrets, shapes, untrusted
from .application import Service
from .changes import Change, Edited
from .identity import content_hash, log_groups, log_stream, tags
from .preview import Platform, Preview
from .problems import DefinitionError, Problem
from .stored import Resolver

__all__ = [
    "Change",
    "Definition",
    "Team",
    "compose",
    "content_hash",
    "log_groups",
    "log_stream",
    "tags",
]


class Team(Protocol):
    """A team's own ecspresso files, read: keys as in ECS's API."""

    @property
    def task_definition(self) -> dict[str, Any]: ...
    @property
    def service_definition(self) -> dict[str, Any] | None: ...
    @property
    def task_definition_path(self) -> str: ...
    @property
    def service_definition_path(self) -> str | None: ...
    def line_of(self, file: str, *path: str | int) -> int | None: ...


@dataclass(frozen=True)
class Definition:
    """What ECS is told of one service."""

    #: RegisterTaskDefinition's arguments.
    task_definition: dict[str, Any]
    #: CreateService's, but for serviceRegistries, taskDefinition and clientToken: those are known
    #: when it is released.
    service: dict[str, Any]
    #: The one that visitors reach; empty where nothing tells.
    container: str
    #: 0 while it is not known: before the build, or where nothing tells.
    port: int
    changes: tuple[Change, ...] = ()
    #: Container → the name of the built image that it runs.
    images: Mapping[str, str] = field(default_factory=dict)
    #: Where something was taken away, since it is a stranger's; part of `changes`.
    withheld: tuple[str, ...] = ()


def compose(
    service: Service,
    preview: Preview,
    platform: Platform,
    images: Mapping[str, str],
    *,
    family: str,
    service_name: str,
    port: int | None = None,
    team: Team | None = None,
    secret_arn: Resolver | None = None,
) -> Definition:
    """What ECS is told of `service`; `team` where ecspresso's files describe it.

    `images` has the reference of each built image, by its name. `port` is what the image's EXPOSE
    says. Raises DefinitionError where a team's files are of no shape that could be checked.
    """
    if team is not None:
        made = _of_team(team, service, preview, platform, images, family, service_name)
    else:
        made = _of_edaha_yml(
            service, preview, platform, images, family, service_name, port or 0, secret_arn
        )
    made = _with_secrets(made, platform)
    return made if platform.is_trusted else _of_stranger(made, service, preview, platform)


def _of_stranger(
    made: Definition, service: Service, preview: Preview, platform: Platform
) -> Definition:
    """Whatever the files say, a stranger's code gets what `untrusted` leaves of it."""
    task, changes = untrusted.task_definition(made.task_definition, preview, platform)
    told, more = untrusted.service_definition(
        made.service, service, preview, platform, service_name=made.service["serviceName"]
    )
    taken = (*changes, *more)
    return replace(
        made,
        task_definition=task,
        service=told,
        changes=(*made.changes, *taken),
        withheld=tuple(change.where for change in taken),
    )


def _of_edaha_yml(
    service: Service,
    preview: Preview,
    platform: Platform,
    images: Mapping[str, str],
    family: str,
    service_name: str,
    port: int,
    secret_arn: Resolver | None,
) -> Definition:
    main = service.containers[0]
    listens = main.port or service.port or port
    return Definition(
        task_definition=generate.task_definition(
            service,
            preview,
            platform,
            images,
            family=family,
            port=listens,
            secret_arn=secret_arn,
        ),
        service=generate.service_definition(service, preview, platform, service_name=service_name),
        container=main.name,
        port=listens,
        images={each.name: each.image for each in service.containers if each.image in images},
    )


def _with_secrets(made: Definition, platform: Platform) -> Definition:
    if not platform.secrets:
        return made
    edited = Edited(made.task_definition, "taskDefinition")
    set_secrets.give(edited, platform.secrets, platform.region, made.images)
    return replace(made, task_definition=edited.value, changes=(*made.changes, *edited.changes))


def _of_team(
    team: Team,
    service: Service,
    preview: Preview,
    platform: Platform,
    images: Mapping[str, str],
    family: str,
    service_name: str,
) -> Definition:
    _check_shape(team)
    wrote = team.service_definition
    container, port = ports.visited(team.task_definition, wrote or {}, service.port)
    run = overlay.replaced(
        team.task_definition,
        images,
        explicit=service.ecspresso.images if service.ecspresso else {},
        visited=container,
    )
    task, changes = overlay.task_definition(
        team.task_definition,
        preview,
        platform,
        service=service.name,
        family=family,
        references={name: images[image] for name, image in run.items()},
    )
    if wrote is None:
        told = generate.service_definition(service, preview, platform, service_name=service_name)
    else:
        told, more = overlay_service.service_definition(
            wrote, service, preview, platform, service_name=service_name
        )
        changes += more
    return Definition(task, told, container, port, tuple(changes), run)


def _check_shape(team: Team) -> None:
    """Raises DefinitionError for a list where text belongs, and the like."""
    written = [(team.task_definition_path, team.task_definition, shapes.TASK_DEFINITION)]
    if team.service_definition is not None:
        file = team.service_definition_path or ""
        written.append((file, team.service_definition, shapes.SERVICE))
    problems = [
        Problem(
            file,
            team.line_of(file, *path),
            f"“{named(path)}” must be {kind}.",
            "Put numbers into quotation marks where ECS takes text." if kind == "text" else "",
        )
        for file, value, shape in written
        for path, kind in shapes.misfits(value, shape)
    ]
    if problems:
        raise DefinitionError(problems)


def named(path: shapes.Path) -> str:
    """("containerDefinitions", 0, "cpu") → containerDefinitions[0].cpu"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "The file"
