"""What edaha.yml may say: one source for the parser and the published JSON Schema.

A key with nothing behind it counts as if it were not there.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .forms import (
    HttpPath,
    Name,
    Path,
    Provider,
    Reference,
    Role,
    Secret,
    Stage,
    Stored,
    Variable,
)
from .values import (
    Command,
    Cpu,
    DependsOn,
    Expiry,
    HealthCheck,
    Memory,
    Platform,
    Port,
    Startup,
    Text,
    Timeout,
)

#: Each has its own build, ECS service or place among ECS's ten containers of a task.
MAX_IMAGES = 20
MAX_SERVICES = 20
MAX_SIDECARS = 9

#: What a service may say beside `ecspresso`.
BESIDE_ECSPRESSO = ("ecspresso", "default", "port", "health", "count")
_ONLY_SOME_BESIDE_ECSPRESSO: dict[str, Any] = {
    "if": {"type": "object", "required": ["ecspresso"],
           "properties": {"ecspresso": {"not": {"type": "null"}}}},
    "then": {"propertyNames": {"enum": list(BESIDE_ECSPRESSO)}},
}  # fmt: skip


def _said(description: str, *examples: Any, **more: Any) -> Any:
    """An optional key, with what editors tell about it."""
    return Field(None, description=description, examples=list(examples) or None, **more)


def _config(value: Any) -> Any:
    return {"config": value} if isinstance(value, str) else value


class Block(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ImageBlock(Block):
    """An image that is built."""

    context: Path | None = _said("The build's folder, from the root. Default: the root.", "web")
    dockerfile: Path | None = _said(
        "From the root. Default: the file named Dockerfile in `context`.", "web/Dockerfile"
    )
    target: Stage | None = _said("A stage of the Dockerfile. Default: the last.", "production")
    args: dict[Variable, Text] | None = _said("Build arguments.", {"NODE_ENV": "production"})
    secrets: dict[Stage, Stored] | None = _said(
        "BuildKit's id of a secret, and where its value is: ssm:NAME or secretsmanager:NAME:KEY.",
        {"npm_token": "ssm:/shop/npm-token"},  # nosec B105 (where one is)
    )
    platforms: Annotated[list[Platform], Field(min_length=1, max_length=2)] | None = _said(
        "What is built; tasks run on the first. Default: the repository's setting.",
        ["linux/amd64", "linux/arm64"],
    )
    paths: Annotated[list[Path], Field(max_length=100)] | None = _said(
        "Files and folders that go into it, from the root: where none of them has changed, it is "
        "not built again. Default: the whole context.",
        ["web", "shared"],
    )


class HealthBlock(Block):
    """When a service counts as running."""

    path: HttpPath | None = _said(
        "Must answer with a status from 200 to 399. Default: any answer below 500 at / will do.",
        "/healthz",
    )
    startup: Startup | None = _said("How long it has until it must answer: 5s to 25m.", "60s")


class Runs(Block):
    """What every container may say."""

    command: Command | None = _said(
        "Replaces the image's CMD. Text is run by /bin/sh -c.", ["python", "-m", "worker"]
    )
    entrypoint: Command | None = _said("Replaces the image's ENTRYPOINT.", ["/entry.sh"])
    environment: dict[Variable, Text] | None = _said(
        "Variables. ${EDAHA_URL} and its like are filled in; $$ is a dollar.",
        {"API_URL": "${EDAHA_URL_API}"},
    )
    secrets: dict[Variable, Secret] | None = _said(
        "Variable, and where its value is: ssm:NAME, secretsmanager:NAME:KEY, or an ARN.",
        {"DATABASE_URL": "ssm:/shop/db"},
    )
    port: Port | None = _said("The port it listens on.", 3000)
    cpu: Cpu | None = _said("CPU units (1024 make one processor), or “0.25 vCPU”.", 256)
    memory: Memory | None = _said("MiB, or “1 GB”.", 512)
    depends_on: DependsOn | None = _said(
        "Containers of the same task that come first: a list, or with a condition for each.",
        {"redis": "HEALTHY"},
    )
    health_check: HealthCheck | None = _said(
        "A command that ECS runs in the container. Text is run by its shell.", "curl -f localhost"
    )


class ContainerBlock(Runs):
    """A further container in the same task; all of a task's containers share localhost."""

    image: Reference = Field(
        description="One of the built images, or a reference with a tag.", examples=["redis:7"]
    )
    essential: bool | None = _said("Whether the task ends when it ends. Default: true.", False)


class EcspressoDefaults(Block):
    """What ecspresso's files are given."""

    env: dict[Variable, Text] | None = _said(
        "Environment of the templates, beside Edaha's own.", {"IMAGE_TAG": "${EDAHA_COMMIT}"}
    )
    ext_str: dict[Variable, Text] | None = _said("Jsonnet's external variables, as text.")
    ext_code: dict[Variable, Text] | None = _said("Jsonnet's external variables, as code.")


class EcspressoBlock(EcspressoDefaults):
    """A service that ecspresso's files describe."""

    config: Path = Field(
        description="ecspresso's file, from the root.", examples=["deploy/api/ecspresso.yml"]
    )
    images: dict[str, Name] | None = _said(
        "Container, and the built image that replaces the one written there.", {"app": "web"}
    )


Ecspresso = Annotated[
    EcspressoBlock, BeforeValidator(_config, json_schema_input_type=Path | EcspressoBlock)
]


class ServiceBlock(Runs):
    """A service of the preview, with an address of its own."""

    model_config = ConfigDict(json_schema_extra=_ONLY_SOME_BESIDE_ECSPRESSO)

    image: Reference | None = _said(
        "One of the built images, or a reference with a tag. Default: the image of the service's "
        "name, or the only one.",
        "web",
    )
    default: bool | None = _said(
        "Whether it has the preview's own address. Default: the first service has.", True
    )
    health: HealthBlock | None = _said("When it counts as running.", {"path": "/healthz"})
    count: Annotated[int, Field(ge=1, le=20)] | None = _said("How many tasks. Default: 1.", 1)
    architecture: Literal["X86_64", "ARM64"] | None = _said(
        "What its tasks run on. Default: the image's first platform.", "ARM64"
    )
    launch_type: Literal["FARGATE", "EC2"] | None = _said("Default: the repository's setting.")
    capacity_providers: Annotated[list[Provider], Field(min_length=1, max_length=20)] | None = (
        _said("Instead of a launch type.", ["FARGATE_SPOT"])
    )
    task_role: Role | None = _said("ARN of the role that the application has in AWS.")
    execution_role: Role | None = _said("ARN of the role that pulls images and reads secrets.")
    execute_command: bool | None = _said("Whether ECS Exec may be used. Default: false.", True)
    containers: Annotated[dict[Name, ContainerBlock], Field(max_length=MAX_SIDECARS)] | None = (
        _said("Further containers in the same task.", {"redis": {"image": "redis:7"}})
    )
    ecspresso: Ecspresso | None = _said(
        "ecspresso's file describes the task; beside it only default, port, health and count.",
        "deploy/api/ecspresso.yml",
    )


class HookBlock(Block):
    """A one-off task. The container's image, environment and roles are the service's."""

    command: Command = Field(
        description="Text is run by /bin/sh -c.", examples=[["python", "manage.py", "migrate"]]
    )
    service: Name | None = _said("Default: the default service.", "web")
    container: str | None = _said("Default: the one that visitors reach.", "app")
    timeout: Timeout | None = _said("1s to 1h. Default: 10m.", "10m")


class HooksBlock(Block):
    """One-off tasks around a deployment."""

    release: HookBlock | None = _said("Before the new version starts, such as a migration.")
    destroy: HookBlock | None = _said("At the end of the branch.")


class File(Block):
    """How Edaha deploys this repository: https://yaml.org, one document, every key optional."""

    model_config = ConfigDict(title="edaha.yml")

    images: Annotated[dict[Name, ImageBlock | None], Field(max_length=MAX_IMAGES)] | None = _said(
        "What is built. Default: one image named app, from the repository's settings. {} builds "
        "nothing.",
        {"web": {"target": "production"}},
    )
    services: (
        Annotated[dict[Name, ServiceBlock | None], Field(min_length=1, max_length=MAX_SERVICES)]
        | None
    ) = _said("What runs. Default: one service named app.", {"web": {"port": 3000}})
    hooks: HooksBlock | None = _said("One-off tasks around a deployment.")
    expires: Expiry | None = _said(
        "The preview ends this long after the last visit or push. Default: the setting.", "7d"
    )
    ecspresso: EcspressoDefaults | None = _said("Defaults of all services that use ecspresso.")
