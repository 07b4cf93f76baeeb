"""The images of an application that edaha.yml describes."""

import posixpath

from ..application import ONLY, Image
from .given import Given
from .model import ImageBlock


def images(given: Given) -> tuple[Image, ...]:
    if given.file.images is None:
        return _only(given)
    return tuple(
        _image(given, name, block or ImageBlock()) for name, block in given.file.images.items()
    )


def _only(given: Given) -> tuple[Image, ...]:
    """Without a Dockerfile, what ecspresso's files run may well come from elsewhere."""
    services = (given.file.services or {}).values()
    if services:
        is_needed = any(service is None or not service.ecspresso for service in services)
    else:
        is_needed = not given.root_ecspresso()
    if not is_needed and given.files.read(given.defaults.dockerfile) is None:
        return ()
    return (_image(given, ONLY, ImageBlock()),)


def _image(given: Given, name: str, block: ImageBlock) -> Image:
    path = ("images", name)
    context = given.beneath((*path, "context"), block.context or given.defaults.context)
    inside = posixpath.normpath(posixpath.join(context, "Dockerfile"))
    dockerfile = given.beneath(
        (*path, "dockerfile"),
        block.dockerfile or (inside if block.context else given.defaults.dockerfile),
    )
    given.must_exist(
        (*path, "dockerfile"), dockerfile, otherwise=posixpath.join(context, dockerfile)
    )
    return Image(
        name=name,
        context=context,
        dockerfile=dockerfile,
        target=block.target or "",
        args=given.texts((*path, "args"), block.args),
        secrets=block.secrets or {},
        platforms=tuple(dict.fromkeys(block.platforms or given.defaults.platforms)),
        paths=tuple(
            given.beneath((*path, "paths", str(index)), each)
            for index, each in enumerate(block.paths or ())
        ),
    )
