"""Images: which ones containers run, and for which processor."""

import re
from collections.abc import Iterator

from ..application import PLATFORMS
from ..problems import Problem
from .subject import Subject

#: What a container's image may be made of; placeholders such as <IMAGE> or {{ image }} are not.
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")

#: ECR, by its two kinds of names; public.ecr.aws is another one.
#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_PRIVATE = re.compile(
    r"[0-9]{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)"
    r"(:[0-9]+)?/",
    re.IGNORECASE,
)


def problems(subject: Subject) -> Iterator[Problem]:
    for position, name, container in subject.containers():
        image = container.get("image", "")
        if not _REFERENCE.fullmatch(image):
            yield subject.in_container(
                position,
                ("image",),
                f"The image of container {name} is “{image}”, which is a placeholder."
                if image
                else f"Container {name} has no image.",
                "Name the built image that it runs in edaha.yml, or write its reference.",
            )
    yield from _processor(subject)
    yield from _named(subject)
    if not subject.described.platform.is_trusted:
        yield from _private(subject)


def _private(subject: Subject) -> Iterator[Problem]:
    """The execution role pulls every image of the company's: a stranger would read them."""
    built = subject.definition.images
    registries = {
        container["image"].partition("/")[0]
        for _, name, container in subject.containers()
        if name in built
    }
    for position, name, container in subject.containers():
        image = container.get("image", "")
        is_private = _PRIVATE.match(image) or image.partition("/")[0] in registries
        if name not in built and is_private:
            yield subject.in_container(
                position,
                ("image",),
                f"Container {name} runs {image}, which is in a private registry.",
                "A fork’s preview runs the images that are built from it, and public ones.",
            )


def _processor(subject: Subject) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html"""
    said = subject.task.get("runtimePlatform", {}).get("cpuArchitecture")
    # Tasks on EC2 that do not say run on whatever the cluster has.
    architecture = said or ("X86_64" if subject.on_fargate else "")
    wanted = PLATFORMS.get(architecture)
    if wanted is None:
        return
    for position, name, _ in subject.containers():
        image = subject.definition.images.get(name)
        made = subject.images_platforms.get(image, ()) if image else ()
        if made and not any(each == wanted or each.startswith(f"{wanted}/") for each in made):
            yield subject.in_container(
                position,
                ("image",),
                f"Tasks run on {architecture}, but the image {image} of container {name} is for "
                f"{', '.join(made)}.",
                f"Add {wanted} to the image's platforms, or set another architecture.",
            )


def _named(subject: Subject) -> Iterator[Problem]:
    described = subject.service.ecspresso
    if described is None:
        return
    containers = {name for _, name, _ in subject.containers()}
    built = {image.name for image in subject.described.application.images}
    for container, image in described.images.items():
        if container not in containers:
            message = f"The task has no container {container}."
            hint = f"Its containers are {', '.join(sorted(containers))}."
        elif image not in built:
            message = f"There is no image {image}."
            hint = f"The images are {', '.join(sorted(built))}."
        else:
            continue
        yield subject.in_edaha_yml(("ecspresso", "images", container), message, hint)
