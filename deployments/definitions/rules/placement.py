"""How a service is run: on what, by whom, found how.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
"""

from collections.abc import Iterator

from ...fargate import PROVIDERS, providers, runs_on_fargate
from ..problems import Problem
from .subject import Subject

_MOST_PROVIDERS = 20
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
_MOST = {"subnets": 16, "securityGroups": 5}


def problems(subject: Subject) -> Iterator[Problem]:
    yield from _scheduling(subject)
    yield from _registry(subject)
    yield from _launch_type(subject)
    yield from _strategy(subject)
    yield from _network(subject)
    yield from _volumes(subject)


def _scheduling(subject: Subject) -> Iterator[Problem]:
    service = subject.definition.service
    if service.get("schedulingStrategy") == "DAEMON":
        yield subject.in_service(
            ("schedulingStrategy",),
            "A DAEMON service runs on every host of the cluster, whoever uses it.",
            "Previews are REPLICA services: leave this one out of edaha.yml.",
        )
    if service.get("deploymentController", {}).get("type") == "EXTERNAL":
        yield subject.in_service(
            ("deploymentController", "type"),
            "With the EXTERNAL deployment controller somebody else would have to start tasks.",
            "Remove “deploymentController”.",
        )


def _registry(subject: Subject) -> Iterator[Problem]:
    for position, registry in enumerate(subject.written_service.get("serviceRegistries") or []):
        if any(registry.get(key) for key in ("port", "containerName", "containerPort")):
            yield subject.in_service(
                ("serviceRegistries", position),
                "This registry has SRV records, which tell a port. Edaha finds tasks by their "
                "addresses alone (A records).",
                "Remove “port”, “containerName” and “containerPort”.",
            )


def _launch_type(subject: Subject) -> Iterator[Problem]:
    service = subject.definition.service
    launch_type, used = service.get("launchType"), providers(service)
    if launch_type and used:
        yield subject.in_service(
            ("launchType",),
            "A service has either a launch type or a capacity provider strategy.",
            "Remove one of them.",
        )
    if launch_type == "EXTERNAL":
        yield subject.in_service(
            ("launchType",),
            "EXTERNAL hosts have no network interfaces for tasks.",
            "Run previews on FARGATE or EC2.",
        )
    compatible = subject.task.get("requiresCompatibilities") or []
    wanted = launch_type or ("FARGATE" if runs_on_fargate(service) else "")
    if wanted and compatible and wanted not in compatible:
        yield subject.in_task(
            ("requiresCompatibilities",),
            f"The task definition is for {' and '.join(compatible)}, the service for {wanted}.",
            f'Add "{wanted}" to “requiresCompatibilities”, or change the service.',
        )


def _strategy(subject: Subject) -> Iterator[Problem]:
    strategy = subject.definition.service.get("capacityProviderStrategy") or []
    used = providers(subject.definition.service)
    of_fargate = PROVIDERS.intersection(used)
    for is_wrong, message, hint in (
        (
            of_fargate and set(used) - PROVIDERS,
            f"{' and '.join(sorted(of_fargate))} does not mix with capacity providers of EC2.",
            "Use either kind.",
        ),
        (len(used) > _MOST_PROVIDERS, f"{len(used)} capacity providers are too many.", "Use 20."),
        (len(set(used)) < len(used), "A capacity provider is named twice.", "Remove one."),
        (
            sum(bool(each.get("base")) for each in strategy) > 1,
            "Only one capacity provider may have a base.",
            "Remove the others'.",
        ),
        (
            strategy and not any(each.get("weight") for each in strategy),
            "No capacity provider has a weight above 0: no task would be placed.",
            'Set "weight" to 1.',
        ),
    ):
        if is_wrong:
            yield subject.in_service(("capacityProviderStrategy",), message, hint)


def _network(subject: Subject) -> Iterator[Problem]:
    service = subject.definition.service
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    at = ("networkConfiguration", "awsvpcConfiguration")
    if not network.get("subnets"):
        yield subject.in_service(
            (*at, "subnets"),
            "No subnets are known for its tasks.",
            "Set EDAHA_SUBNETS, or the repository's subnets.",
        )
    for key, most in _MOST.items():
        if len(network.get(key, [])) > most:
            message = f"{len(network[key])} {key} are too many; ECS takes {most}."
            yield subject.in_service((*at, key), message, "Remove some.")
    if network.get("assignPublicIp") == "ENABLED" and not runs_on_fargate(service):
        yield subject.in_service(
            (*at, "assignPublicIp"),
            "Only tasks on Fargate get public addresses.",
            'Set "assignPublicIp" to "DISABLED".',
        )


def _volumes(subject: Subject) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/configure-ebs-volume.html"""
    configured = {
        each.get("name") for each in subject.definition.service.get("volumeConfigurations", [])
    }
    for position, volume in enumerate(subject.task.get("volumes", [])):
        if volume.get("configuredAtLaunch") and volume.get("name") not in configured:
            yield subject.in_task(
                ("volumes", position),
                f"The volume {volume.get('name')} is configured at launch, but the service has no "
                "“volumeConfigurations” for it.",
                "Add one of the same name to the service definition.",
            )
