"""What makes a team's own service definition a preview's, each change told. Pure."""

from typing import Any

from ..fargate import runs_on_fargate
from . import generate
from .application import Service
from .changes import Change, Edited
from .overlay import with_tags
from .preview import Platform, Preview
from .shapes import CREATE_SERVICE, SERVICE_TELLS

_TRAFFIC = "Production's visitors would be sent to the preview."
_RELEASE = "Edaha sets it when it releases."
#: Argument → why it is removed.
_REMOVED = {
    "loadBalancers": _TRAFFIC,
    "vpcLatticeConfigurations": _TRAFFIC,
    "gatewayConnectors": _TRAFFIC,
    "healthCheckGracePeriodSeconds": "There is no load balancer whose checks would need grace.",
    "role": "It is for load balancers, which are removed.",
    "serviceRegistries": "Edaha's own registry, with A records, takes its place.",
    "taskDefinition": _RELEASE,
    "clientToken": _RELEASE,
    "service": "The name is in serviceName.",
    "forceNewDeployment": "Each deployment has a service of its own.",
}
#: Parts of a deployment that shift visitors between a load balancer's target groups:
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
_SHIFTING = (
    "strategy",
    "bakeTimeInMinutes",
    "lifecycleHooks",
    "linearConfiguration",
    "canaryConfiguration",
)


def service_definition(
    team: dict[str, Any],
    service: Service,
    preview: Preview,
    platform: Platform,
    *,
    service_name: str,
) -> tuple[dict[str, Any], list[Change]]:
    """CreateService's arguments, without what is known only when it is released."""
    edited = Edited(team, "service")
    for key, why in _REMOVED.items():
        edited.drop(key, why)
    edited.keep_only(CREATE_SERVICE, SERVICE_TELLS)
    edited.put("serviceName", service_name, "Each deployment has a service of its own.")
    edited.put("cluster", platform.cluster, "The operator says where previews run.")
    edited.put(
        "desiredCount", service.count, "A preview has one task, unless edaha.yml says how many."
    )
    _controller(edited)
    _deployment(edited)
    _placement(edited, platform)
    network = generate.network(platform, runs_on_fargate(edited.value))
    why = "The file names no network: the operator's is used."
    edited.put_where_absent("networkConfiguration", network, why)
    with_tags(edited, preview)
    return edited.value, edited.changes


def _controller(edited: Edited) -> None:
    if edited.value.get("deploymentController", {}).get("type") == "CODE_DEPLOY":
        why = "CodeDeploy shifts a load balancer's visitors; a preview has none."
        edited.put("deploymentController", {"type": "ECS"}, why)


def _deployment(edited: Edited) -> None:
    configuration = edited.value.get("deploymentConfiguration", {})
    if configuration.get("strategy", "ROLLING") == "ROLLING":
        return
    for key in _SHIFTING:
        if key in configuration:
            why = "It shifts a load balancer's visitors; a preview has none."
            edited.note(f"deploymentConfiguration.{key}", configuration.pop(key), None, why)


def _placement(edited: Edited, platform: Platform) -> None:
    if edited.value.get("launchType") or edited.value.get("capacityProviderStrategy"):
        return
    why = "The file names neither a launch type nor capacity providers: the operator's are used."
    edited.drop("launchType", why)
    edited.drop("capacityProviderStrategy", why)
    ours = generate.placement(platform.launch_type, platform.capacity_providers)
    for key, value in ours.items():
        edited.put(key, value, why)
