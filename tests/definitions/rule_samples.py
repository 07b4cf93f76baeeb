"""Task and service definitions that rules find one thing wrong with."""

from typing import Any

from deployments.definitions.problems import Problem

from .samples import container, task, told

Definition = dict[str, Any]


def on_ec2(**settings: Any) -> Definition:
    """A task definition for EC2, of one container that visitors reach on port 80."""
    return container(**settings) | {"requiresCompatibilities": ["EC2"]}


def service_on_ec2(**settings: Any) -> Definition:
    without = told(launchType="EC2", loadBalancers=[], **settings)
    del without["platformVersion"]
    return without


def two(first: Definition, second: Definition, **settings: Any) -> Definition:
    one = {"name": "web", "image": "nginx:1", "portMappings": [{"containerPort": 80}]}
    other = {"name": "side", "image": "redis:7"}
    return task(containerDefinitions=[one | first, other | second], volumes=[], **settings)


PLAIN = told(loadBalancers=[])


def only(problems: list[Problem], message: str) -> Problem:
    assert [message in problem.message for problem in problems] == [True], problems
    return problems[0]
