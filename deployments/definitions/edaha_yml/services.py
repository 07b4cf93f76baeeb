"""The services of an application that edaha.yml describes."""

from collections.abc import Mapping
from typing import Any

from ..application import ONLY, Container, Ecspresso, Image, Service
from .given import Given
from .mistakes import Path
from .model import ContainerBlock, EcspressoBlock, EcspressoDefaults, Runs, ServiceBlock
from .references import default_of, image_of, is_reference

#: What images are built for, in ECS's word.
_ARCHITECTURES = {"linux/amd64": "X86_64", "linux/arm64": "ARM64"}


def blocks(given: Given) -> dict[str, ServiceBlock]:
    """What the file says of each service, or the only one that it need not tell of."""
    if given.file.services:
        return {name: block or ServiceBlock() for name, block in given.file.services.items()}
    found = given.root_ecspresso()
    return {ONLY: ServiceBlock(ecspresso=EcspressoBlock(config=found) if found else None)}


def services(given: Given, images: Mapping[str, Image]) -> tuple[Service, ...]:
    found = blocks(given)
    default = default_of(found)
    return tuple(
        _by_ecspresso(given, name, block, block.ecspresso, name == default)
        if block.ecspresso
        else _described(given, name, block, name == default, images)
        for name, block in found.items()
    )


def _by_ecspresso(
    given: Given, name: str, block: ServiceBlock, written: EcspressoBlock, is_default: bool
) -> Service:
    path = ("services", name, "ecspresso")
    config = given.beneath((*path, "config"), written.config)
    given.must_exist((*path, "config"), config)
    general = given.file.ecspresso or EcspressoDefaults()
    told: dict[str, Mapping[str, str]] = {
        key: dict(getattr(given.defaults, key))
        | given.texts(("ecspresso", key), getattr(general, key))
        | given.texts((*path, key), getattr(written, key))
        for key in ("env", "ext_str", "ext_code")
    }
    return Service(
        name=name,
        is_default=is_default,
        port=block.port,
        **_running(given, block, is_default),
        ecspresso=Ecspresso(
            config=config,
            environment=told["env"],
            ext_str=told["ext_str"],
            ext_code=told["ext_code"],
            images=written.images or {},
        ),
    )


def _described(
    given: Given, name: str, block: ServiceBlock, is_default: bool, images: Mapping[str, Image]
) -> Service:
    path = ("services", name)
    image = image_of(name, block, list(images))
    port = block.port or (given.defaults.port if is_default else None)
    if not port and image not in images and is_reference(image):
        given.say((*path, "port"), f"Service {name} needs “port”: {image} is not built here.")
    return Service(
        name=name,
        is_default=is_default,
        port=port,
        **_running(given, block, is_default),
        containers=_containers(given, path, block, image, port),
        cpu=block.cpu or given.defaults.cpu,
        memory=block.memory or given.defaults.memory,
        architecture=_architecture(given, path, block, images.get(image)),
        launch_type=block.launch_type or "",
        capacity_providers=tuple(block.capacity_providers or ()),
        task_role_arn=block.task_role or "",
        execution_role_arn=block.execution_role or "",
        enable_execute_command=bool(block.execute_command),
    )


def _running(given: Given, block: ServiceBlock, is_default: bool) -> dict[str, Any]:
    path = block.health and block.health.path
    startup = block.health and block.health.startup
    return {
        "health_path": path or (given.defaults.health_path if is_default else ""),
        "startup_seconds": startup or given.defaults.startup_seconds,
        "count": block.count or 1,
    }


def _containers(
    given: Given, path: Path, block: ServiceBlock, image: str, port: int | None
) -> tuple[Container, ...]:
    # CPU and memory of a service are those of the whole task.
    main = Container(name=ONLY, image=image, port=port, **_run(given, path, block))
    return (
        main,
        *(
            _sidecar(given, (*path, "containers", name), sidecar)
            for name, sidecar in (block.containers or {}).items()
        ),
    )


def _sidecar(given: Given, path: Path, block: ContainerBlock) -> Container:
    return Container(
        name=path[-1],
        image=block.image,
        port=block.port,
        cpu=block.cpu,
        memory=block.memory,
        essential=block.essential is not False,
        **_run(given, path, block),
    )


def _run(given: Given, path: Path, block: Runs) -> dict[str, Any]:
    return {
        "command": given.command((*path, "command"), block.command),
        "entrypoint": given.command((*path, "entrypoint"), block.entrypoint),
        "environment": given.texts((*path, "environment"), block.environment),
        "secrets": block.secrets or {},
        "depends_on": block.depends_on or {},
        "health_check": given.command((*path, "health_check"), block.health_check),
    }


def _architecture(given: Given, path: Path, block: ServiceBlock, image: Image | None) -> str:
    built = [_ARCHITECTURES[each] for each in (image or given.defaults).platforms]
    wanted = block.architecture or built[0]
    if image and wanted not in built:
        platform = next(each for each, name in _ARCHITECTURES.items() if name == wanted)
        given.say(
            (*path, "architecture"),
            f"Service {path[-1]} runs on {wanted}, but its image {image.name} is built for "
            f"{', '.join(image.platforms)} only.",
            f"Add {platform} to the image's platforms.",
        )
    return wanted
