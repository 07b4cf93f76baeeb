"""What AWS would refuse only later, and what cannot work as a preview: all of it at once. Pure.

boto3 checks arguments by their types before it sends them; these are the rules that it does not
know. Each module names AWS's pages that they come from.
"""

from collections.abc import Callable, Iterator, Mapping

from ..application import Service
from ..compose import Definition
from ..problems import Problem
from . import (
    containers,
    fargate,
    images,
    neighbours,
    order,
    placement,
    ports,
    privileges,
    reads,
    resources,
    secrets,
    task,
)
from .subject import Described, Subject

__all__ = ["check"]

_RULES: tuple[Callable[[Subject], Iterator[Problem]], ...] = (
    task.problems,
    containers.problems,
    order.problems,
    ports.problems,
    resources.problems,
    fargate.problems,
    placement.problems,
    images.problems,
    secrets.problems,
    reads.problems,
    neighbours.problems,
    privileges.problems,
)


def check(
    definition: Definition,
    service: Service,
    described: Described,
    images_platforms: Mapping[str, tuple[str, ...]],
) -> list[Problem]:
    """Everything wrong with what ECS is told of `service`.

    `images_platforms` has what each built image is for, such as linux/arm64, by its name.
    """
    subject = Subject(definition, service, described, images_platforms)
    return list(dict.fromkeys(problem for rule in _RULES for problem in rule(subject)))
