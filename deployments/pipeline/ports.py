"""Where a service listens, when its image is known."""

from collections.abc import Mapping

from ..causes import Cause
from ..definitions.application import PLATFORMS, Service
from ..errors import UserError
from ..models import Image


def port_of(service: Service, images: Mapping[str, Image]) -> int | None:
    """Its own port, or the only EXPOSE of its image for the platform that its tasks run on.

    None leaves it to ecspresso's files. Raises UserError where nothing says it.
    """
    if service.port or not service.containers:
        return service.port
    main = service.containers[0]
    if main.port or main.image not in images:
        return main.port
    return _exposed(service, images[main.image])


def _exposed(service: Service, image: Image) -> int:
    platform = PLATFORMS[service.architecture]
    if platform not in image.ports:
        raise UserError(
            f"The image is for {', '.join(image.ports)}, but its tasks run on {platform}.",
            hint="Remove “--platform” from the Dockerfile's FROM, or set other platforms.",
            cause=Cause.IMAGE_PLATFORM,
        )
    exposed: list[int] = image.ports[platform]
    if len(exposed) == 1:
        return exposed[0]
    if not exposed:
        raise UserError(
            "The port that the application listens on is not known.",
            hint="Add a line such as “EXPOSE 8000” to the Dockerfile, or set the port.",
            cause=Cause.PORT,
        )
    raise UserError(
        f"The image exposes {len(exposed)} ports: {', '.join(map(str, exposed))}.",
        hint="Set the port to the one that serves the preview.",
        cause=Cause.PORT,
    )
