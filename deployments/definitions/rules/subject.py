"""What rules look at, and where in the application's files each part of it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...fargate import runs_on_fargate
from ..application import Application, Service
from ..compose import Definition, Team
from ..preview import Platform, Preview
from ..problems import Problem
from ..stored import Home

#: What ECS calls it → what edaha.yml does.
_IN_EDAHA_YML = {
    "taskRoleArn": "task_role",
    "executionRoleArn": "execution_role",
    "runtimePlatform": "architecture",
    "requiresCompatibilities": "launch_type",
    "launchType": "launch_type",
    "capacityProviderStrategy": "capacity_providers",
    "entryPoint": "entrypoint",
    "portMappings": "port",
    "dependsOn": "depends_on",
    "healthCheck": "health_check",
    "enableExecuteCommand": "execute_command",
    "desiredCount": "count",
}


class Described(Protocol):
    """What is known of the application; a plan has it."""

    @property
    def application(self) -> Application: ...
    @property
    def preview(self) -> Preview: ...
    @property
    def platform(self) -> Platform: ...
    @property
    def teams(self) -> Mapping[str, Team]: ...


@dataclass(frozen=True)
class Subject:
    """One service's definition, and everything that it is judged by."""

    definition: Definition
    service: Service
    described: Described
    images_platforms: Mapping[str, tuple[str, ...]]

    @property
    def task(self) -> dict[str, Any]:
        return self.definition.task_definition

    @property
    def team(self) -> Team | None:
        return self.described.teams.get(self.service.name)

    @property
    def home(self) -> Home:
        """Whose secrets go by their names alone."""
        platform = self.described.platform
        role = platform.execution_role_arn or self.task.get("executionRoleArn", "")
        return Home.of(platform.region, role)

    def how_to_allow(self, entry: str) -> str:
        """What an administrator does to let the repository use what `entry` opens."""
        repository = self.described.preview.repository
        return (
            f"An administrator allows it: bin/manage repository set {repository} --allow '{entry}'"
        )

    @property
    def written_service(self) -> Mapping[str, Any]:
        """The service definition as the team wrote it, with what Edaha leaves out."""
        return (self.team.service_definition or {}) if self.team else {}

    @property
    def on_fargate(self) -> bool:
        """ECS checks a definition for Fargate as soon as it says that it can run there."""
        compatible = self.task.get("requiresCompatibilities", [])
        return "FARGATE" in compatible or runs_on_fargate(self.definition.service)

    def containers(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Position, name, definition."""
        for position, each in enumerate(self.task.get("containerDefinitions", [])):
            yield position, each.get("name") or f"number {position + 1}", each

    def in_container(
        self, position: int, path: tuple[str | int, ...], message: str, hint: str = ""
    ) -> Problem:
        return self.in_task(("containerDefinitions", position, *path), message, hint)

    def in_task(self, path: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
        if self.team is None:
            return self._in_edaha_yml(path, message, hint)
        file = self.team.task_definition_path
        return Problem(file, self.team.line_of(file, *path), message, hint)

    def in_service(self, path: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
        if self.team is None or not self.team.service_definition_path:
            return self._in_edaha_yml(path, message, hint)
        file = self.team.service_definition_path
        return Problem(file, self.team.line_of(file, *path), message, hint)

    def in_edaha_yml(self, path: tuple[str, ...], message: str, hint: str = "") -> Problem:
        """Told at a path beneath the service, or at the nearest one around it that is there."""
        application = self.described.application
        whole = ("services", self.service.name, *path)
        starts = (whole[:end] for end in range(len(whole), 0, -1))
        line = next((application.lines[p] for p in starts if p in application.lines), None)
        return Problem(application.source, line, message, hint)

    def _in_edaha_yml(self, path: tuple[str | int, ...], message: str, hint: str) -> Problem:
        names: tuple[str, ...] = tuple(part for part in path if isinstance(part, str))
        if path[:1] == ("containerDefinitions",):
            names = names[1:]
            position = path[1] if len(path) > 1 else 0
            # The first one is what the service itself describes.
            if isinstance(position, int) and position > 0:
                name = self.task["containerDefinitions"][position]["name"]
                names = ("containers", name, *names)
        told = tuple(_IN_EDAHA_YML.get(name, name) for name in names)
        return self.in_edaha_yml(told, message, hint)
