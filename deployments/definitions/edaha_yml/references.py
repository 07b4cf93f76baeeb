"""What types cannot tell: names that must exist, what excludes what. Pure; all mistakes at once."""

from collections.abc import Iterator, Mapping

from ..application import ONLY
from .mistakes import Mistake, Path, nearest, shown, start, words
from .model import (
    BESIDE_ECSPRESSO,
    ContainerBlock,
    EcspressoBlock,
    File,
    HookBlock,
    Runs,
    ServiceBlock,
)


def mistakes(file: File) -> Iterator[Mistake]:
    services = {name: service or ServiceBlock() for name, service in (file.services or {}).items()}
    images = _images(file)
    yield from _defaults(services)
    for name, service in services.items():
        path = ("services", name)
        if service.ecspresso:
            yield from _ecspresso(service, service.ecspresso, path, images)
        else:
            yield from _image(service, path, name, images)
            yield from _containers(service, path, images)
            yield from _placement(service, path)
    if not services and len(images) > 1:
        yield Mistake(("services",), "With several images, “services” must say which run.")
    yield from _hooks(file, services)


def default_of(services: Mapping[str, ServiceBlock]) -> str:
    """The one that says so, or the first that does not say no; empty where there is none."""
    chosen = [name for name, service in services.items() if service.default]
    open_ = [name for name, service in services.items() if service.default is None]
    return next(iter([*chosen, *open_]), "")


def image_of(name: str, service: ServiceBlock, images: list[str]) -> str:
    """The image that a service's main container runs; empty where nothing says which."""
    if service.image:
        return service.image
    return name if name in images else images[0] if len(images) == 1 else ""


def is_reference(image: str) -> bool:
    """Whether it can only be an image of a registry; a word alone names a built one."""
    return bool(set(image) & set("/:@"))


def _images(file: File) -> list[str]:
    return [ONLY] if file.images is None else list(file.images)


def _defaults(services: Mapping[str, ServiceBlock]) -> Iterator[Mistake]:
    chosen = [name for name, service in services.items() if service.default]
    for name in chosen[1:]:
        yield Mistake(
            ("services", name, "default"),
            f"Service {name} says default: true, and so does {chosen[0]}; only one can be.",
        )
    if services and not default_of(services):
        yield Mistake(("services",), "Every service says default: false; one must be the default.")


def _ecspresso(
    service: ServiceBlock, files: EcspressoBlock, path: Path, images: list[str]
) -> Iterator[Mistake]:
    for key in service.model_fields_set - set(BESIDE_ECSPRESSO):
        if getattr(service, key) is not None:
            yield Mistake(
                (*path, key),
                f"“{key}” of service {path[-1]} cannot stand beside “ecspresso”.",
                f"Write it into the files of {files.config}.",
            )
    for container, image in (files.images or {}).items():
        if image not in images:
            yield _no_image((*path, "ecspresso", "images", container), image, images)


def _image(service: ServiceBlock, path: Path, name: str, images: list[str]) -> Iterator[Mistake]:
    image = image_of(name, service, images)
    if image and (problem := _unknown(image, (*path, "image"), images)):
        yield problem
    elif not image:
        built = f"one of {', '.join(images)}, or " if images else ""
        yield Mistake(
            (*path, "image"),
            f"Service {name} does not say its image.",
            f"Write image: and {built}a reference such as nginx:1.",
        )


def _unknown(image: str, path: Path, images: list[str]) -> Mistake | None:
    """Nobody's typing error becomes a stranger's image."""
    if image in images or is_reference(image):
        return None
    return _no_image(path, image, images)


def _no_image(path: Path, image: str, images: list[str]) -> Mistake:
    hint = nearest(image, images) or (
        f"Describe it under images, or give a registry's image with its tag, such as {image}:latest"
    )
    return Mistake(path, f"{start(words(path))}: there is no image {shown(image)}.", hint)


def _containers(service: ServiceBlock, path: Path, images: list[str]) -> Iterator[Mistake]:
    sidecars = service.containers or {}
    if ONLY in sidecars:
        yield Mistake(
            (*path, "containers", ONLY),
            f"“{ONLY}” is the name of the service's own container; choose another.",
        )
    everybody: dict[str, Runs] = {ONLY: service, **sidecars}
    ports: dict[int, str] = {}
    for name, container in everybody.items():
        at = path if container is service else (*path, "containers", name)
        if isinstance(container, ContainerBlock):
            problem = _unknown(container.image, (*at, "image"), images)
            yield from [problem] if problem else []
        yield from _variables(container, at)
        yield from _dependencies(name, everybody, at)
        if container.port and ports.setdefault(container.port, name) != name:
            other = ports[container.port]
            yield Mistake(
                (*at, "port"),
                f"Containers {other} and {name} share one address, and both use port "
                f"{container.port}.",
            )


def _variables(container: Runs, path: Path) -> Iterator[Mistake]:
    for name in sorted((container.environment or {}).keys() & (container.secrets or {}).keys()):
        yield Mistake((*path, "secrets", name), f"“{name}” is in “environment”, too; keep one.")


def _dependencies(name: str, everybody: Mapping[str, Runs], path: Path) -> Iterator[Mistake]:
    for other, condition in (everybody[name].depends_on or {}).items():
        at = (*path, "depends_on", other)
        if other not in everybody:
            message = f"Container {name} depends on {shown(other)}, which there is not."
            yield Mistake(at, message, nearest(other, everybody))
        elif name in _before(other, everybody):
            yield Mistake(at, f"Containers {name} and {other} wait for each other.")
        elif condition == "HEALTHY" and not everybody[other].health_check:
            yield Mistake(
                at, f"Container {name} waits for {other} to be HEALTHY, which has no health_check."
            )


def _before(name: str, everybody: Mapping[str, Runs]) -> set[str]:
    """The container itself, and all that must come before it."""
    found: set[str] = set()
    open_ = [name]
    while open_:
        if (each := open_.pop()) not in found and each in everybody:
            found.add(each)
            open_ += everybody[each].depends_on or {}
    return found


def _placement(service: ServiceBlock, path: Path) -> Iterator[Mistake]:
    if service.launch_type and service.capacity_providers:
        yield Mistake(
            (*path, "capacity_providers"),
            f"Service {path[-1]} has launch_type and capacity_providers; ECS takes one of them.",
        )


def _hooks(file: File, services: Mapping[str, ServiceBlock]) -> Iterator[Mistake]:
    for kind in ("release", "destroy"):
        hook: HookBlock | None = getattr(file.hooks, kind, None)
        if not hook:
            continue
        path = ("hooks", kind)
        known = list(services) or [ONLY]
        name = hook.service or default_of(services) or ONLY
        if name not in known:
            message = f"There is no service {name} for the {kind} hook."
            yield Mistake((*path, "service"), message, nearest(name, known))
            continue
        service = services.get(name, ServiceBlock())
        containers = [ONLY, *(service.containers or {})]
        if hook.container and not service.ecspresso and hook.container not in containers:
            message = f"Service {name} has no container {shown(hook.container)}."
            hint = nearest(hook.container, containers) or f"It has {', '.join(containers)}."
            yield Mistake((*path, "container"), message, hint)
