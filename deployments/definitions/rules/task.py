"""The task as a whole.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
"""

import json
import re
from collections import Counter
from collections.abc import Iterator

from ..problems import Problem
from .subject import Subject

#: Quota “Task definition size”, in bytes.
_MAX_BYTES = 64 * 1024
_MAX_TAGS = 50
NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def problems(subject: Subject) -> Iterator[Problem]:
    yield from _network_mode(subject)
    yield from _windows(subject)
    yield from _size(subject)
    yield from _tags(subject)
    yield from _volumes(subject)


def _network_mode(subject: Subject) -> Iterator[Problem]:
    mode = subject.task.get("networkMode")
    if mode != "awsvpc":
        said = f"The network mode is {mode}" if mode else "No network mode is set: ECS takes bridge"
        yield subject.in_task(
            ("networkMode",),
            f"{said}. A preview's tasks need addresses of their own.",
            'Set "networkMode" to "awsvpc".',
        )


def _windows(subject: Subject) -> Iterator[Problem]:
    family = subject.task.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX")
    if family.upper() != "LINUX":
        yield subject.in_task(
            ("runtimePlatform", "operatingSystemFamily"),
            f"The operating system is {family}. Edaha builds and runs Linux containers only.",
            "Leave this service out of the preview, or run it on Linux.",
        )


def _size(subject: Subject) -> Iterator[Problem]:
    size = len(json.dumps(subject.task, separators=(",", ":")).encode())
    if size > _MAX_BYTES:
        yield subject.in_task(
            (),
            f"The task definition has {size:,} bytes; ECS takes {_MAX_BYTES:,} at most.",
            "Move long values into the image, or into Parameter Store.",
        )


def _tags(subject: Subject) -> Iterator[Problem]:
    places = (
        (subject.in_task, subject.task.get("tags", [])),
        (subject.in_service, subject.definition.service.get("tags", [])),
    )
    for problem, tags in places:
        if len(tags) > _MAX_TAGS:
            yield problem(
                ("tags",),
                f"There are {len(tags)} tags, with Edaha's own; AWS takes {_MAX_TAGS} at most.",
                "Remove some of them.",
            )
        for position, tag in enumerate(tags):
            # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html
            if tag.get("key", "").lower().startswith("aws:"):
                yield problem(
                    ("tags", position),
                    f"The tag {tag['key']} begins with “aws:”, which AWS keeps for itself.",
                    "Rename or remove it.",
                )


def _volumes(subject: Subject) -> Iterator[Problem]:
    names = [volume.get("name", "") for volume in subject.task.get("volumes", [])]
    for position, name in enumerate(names):
        if not NAME.fullmatch(name):
            yield subject.in_task(
                ("volumes", position, "name"),
                f"“{name}” cannot be a volume's name.",
                "Use letters, digits, “_” and “-”.",
            )
    for name, count in Counter(names).items():
        if count > 1:
            yield subject.in_task(("volumes",), f"{count} volumes are named {name}.", "Rename one.")
    if sum(bool(each.get("configuredAtLaunch")) for each in subject.task.get("volumes", [])) > 1:
        yield subject.in_task(
            ("volumes",), "Only one volume can be configured at launch.", "Keep one of them."
        )
