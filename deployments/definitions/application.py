"""An application as its own repository describes it: images, services, hooks. Plain values.

Made from `edaha.yml`, from ecspresso's files, or from nothing but a Dockerfile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What a repository with nothing but a Dockerfile has: one image, one service, of this name.
ONLY = "app"
#: ECS's word for a processor → the platform that an image is built for.
PLATFORMS = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}


@dataclass(frozen=True)
class Image:
    """One image that is built. Paths are from the repository's root."""

    name: str
    context: str = "."
    dockerfile: str = "Dockerfile"
    #: A stage of the Dockerfile; empty means the last.
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    #: BuildKit's id of a secret → where its value is: `ssm:NAME` or `secretsmanager:NAME[:KEY]`.
    secrets: Mapping[str, str] = field(default_factory=dict)
    #: `linux/amd64`, `linux/arm64`; tasks of services that do not say otherwise run on the first.
    platforms: tuple[str, ...] = ("linux/amd64",)
    #: Files and folders that go into it; empty means the whole context.
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Container:
    """One container of a service that is described in edaha.yml."""

    name: str
    #: The name of one of the application's images, or any other image reference.
    image: str
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Variable → `ssm:NAME` or `secretsmanager:NAME[:KEY]`, or the ARN of either.
    secrets: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    cpu: int | None = None
    memory: int | None = None
    essential: bool = True
    #: Another container → START, COMPLETE, SUCCESS or HEALTHY.
    depends_on: Mapping[str, str] = field(default_factory=dict)
    #: A command that ECS runs in the container, such as ("CMD-SHELL", "curl -f localhost").
    health_check: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Ecspresso:
    """Where a service's ecspresso files are, and what their templates are given."""

    config: str
    environment: Mapping[str, str] = field(default_factory=dict)
    ext_str: Mapping[str, str] = field(default_factory=dict)
    #: Jsonnet code.
    ext_code: Mapping[str, str] = field(default_factory=dict)
    #: Container → name of the built image that replaces the one written there.
    images: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """One service of the preview, with an address of its own.

    Either `containers` (the first one is what visitors reach) or `ecspresso` describes its task.
    """

    name: str
    #: Served at the preview's own address; the others at `<service>--<slug>`.
    is_default: bool
    #: Where it listens; None means what ecspresso's files or the image's EXPOSE say.
    port: int | None = None
    #: Empty means that any answer below 500 at "/" will do.
    health_path: str = ""
    startup_seconds: int = 120
    count: int = 1
    containers: tuple[Container, ...] = ()
    ecspresso: Ecspresso | None = None
    cpu: int = 256
    memory: int = 512
    #: X86_64 or ARM64.
    architecture: str = "X86_64"
    #: Empty means the repository's.
    launch_type: str = ""
    capacity_providers: tuple[str, ...] = ()
    task_role_arn: str = ""
    execution_role_arn: str = ""
    enable_execute_command: bool = False


@dataclass(frozen=True)
class Hook:
    """A one-off task: before a release, or at the end of the branch."""

    service: str
    command: tuple[str, ...]
    #: Of the service's containers; empty means the one that visitors reach.
    container: str = ""
    timeout_seconds: int = 600


@dataclass(frozen=True)
class Application:
    images: tuple[Image, ...]
    services: tuple[Service, ...]
    release_hook: Hook | None = None
    destroy_hook: Hook | None = None
    #: The preview ends this long after its last deployment; None means never.
    expires_seconds: int | None = None
    #: Nothing names any image: there is one as the repository's settings have it.
    images_assumed: bool = False
    #: The file that says so; empty where the repository's settings do.
    source: str = ""
    #: Line numbers in `source`, by path: ("services", "web", "port") → 12.
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def default_service(self) -> Service:
        return next(service for service in self.services if service.is_default)

    def service(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)
