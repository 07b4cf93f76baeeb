"""One form for everything that means the same to ECS, for comparing. Pure.

Order that ECS ignores, defaults that it fills in, ways to write an amount. What ecspresso's `diff`
overlooks is overlooked here: https://github.com/kayac/ecspresso/blob/v2/diff.go
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from .sizes import cpu_units, mebibytes

#: Lists whose order means nothing → by what each item is known.
IDENTITY = {
    "containerDefinitions": "name",
    "environment": "name",
    "secrets": "name",
    "secretOptions": "name",
    "properties": "name",
    "volumes": "name",
    "volumeConfigurations": "name",
    "ulimits": "name",
    "tags": "key",
    "portMappings": "containerPort",
    "mountPoints": "containerPath",
    "volumesFrom": "sourceContainer",
    "dependsOn": "containerName",
    "systemControls": "namespace",
    "devices": "hostPath",
    "tmpfs": "containerPath",
    "capacityProviderStrategy": "capacityProvider",
}
#: Further lists whose order means nothing.
_UNORDERED = frozenset(
    "requiresCompatibilities placementConstraints placementStrategy subnets securityGroups add "
    "drop resourceRequirements loadBalancers serviceRegistries dockerSecurityOptions".split()
)

#: Key → the value that ECS takes where there is none.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
_CONTAINER = {
    "essential": True,
    "cpu": 0,
    "privileged": False,
    "readonlyRootFilesystem": False,
    "disableNetworking": False,
    "interactive": False,
    "pseudoTerminal": False,
    "versionConsistency": "enabled",
}
_HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0}
_EFS = {"rootDirectory": "/", "transitEncryption": "DISABLED"}
_TASK = {"networkMode": "bridge", "enableFaultInjection": False}
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
_SERVICE: dict[str, Any] = {
    "platformVersion": "LATEST",
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "availabilityZoneRebalancing": "ENABLED",
    "propagateTags": "NONE",
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": 0,
}
_ALARMS = {"alarmNames": [], "enable": False, "rollback": False}
_DEPLOYMENT: dict[str, Any] = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
    "alarms": _ALARMS,
}
#: What DescribeServices tells of these where nobody said it: ecspresso's diff.go, since v2.8.7.
_BREAKER = {
    "resetOnHealthyTask": True,
    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
}
_EARLY_SUCCESS = {"healthyPercent": 100, "sourceServiceRevisionCleanup": "BLOCKING"}
_HOOK = {"targetType": "AWS_LAMBDA"}
_HOOK_TIMEOUT = {"action": "ROLLBACK", "timeoutInMinutes": 1440}
#: Scheduling strategy → the percentages that a deployment has.
_PERCENT = {
    "REPLICA": {"maximumPercent": 200, "minimumHealthyPercent": 100},
    "DAEMON": {"maximumPercent": 100, "minimumHealthyPercent": 0},
}


def task_definition(written: Mapping[str, Any]) -> dict[str, Any]:
    """The same for all task definitions that ECS would run alike."""
    task = deepcopy(dict(written))
    _amounts(task)
    in_awsvpc = task.get("networkMode") == "awsvpc"
    _leave_out(task, _TASK)
    for container in _mappings(task.get("containerDefinitions")):
        _container(container, in_awsvpc=in_awsvpc)
    for volume in _mappings(task.get("volumes")):
        efs = _mapping(volume.get("efsVolumeConfiguration"))
        _leave_out(efs, _EFS)
        _leave_out(_mapping(efs.get("authorizationConfig")), {"iam": "DISABLED"})
    return _mapping(_tidy(task))


def service(written: Mapping[str, Any]) -> dict[str, Any]:
    """The same for all service definitions that ECS would run alike."""
    told = deepcopy(dict(written))
    scheduling = told.get("schedulingStrategy") or "REPLICA"
    deployment = _mapping(told.get("deploymentConfiguration"))
    _deployment(deployment)
    _leave_out(deployment, _DEPLOYMENT | _PERCENT.get(scheduling, {}))
    network = _mapping(told.get("networkConfiguration"))
    _leave_out(_mapping(network.get("awsvpcConfiguration")), {"assignPublicIp": "DISABLED"})
    for each in _mappings(told.get("capacityProviderStrategy")):
        _leave_out(each, {"base": 0, "weight": 0})
    _leave_out(told, _SERVICE)
    return _mapping(_tidy(told))


def impersonal(task: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Both without what differs between any two branches: names, tags, Edaha's variables.

    For comparing a branch with the default branch.
    """
    tasks, services = deepcopy(dict(task)), deepcopy(dict(told))
    tasks.pop("family", None)
    services.pop("serviceName", None)
    for each in (tasks, services):
        each["tags"] = [tag for tag in _mappings(each.get("tags")) if not _ours(tag.get("key"))]
    for container in _mappings(tasks.get("containerDefinitions")):
        container["environment"] = [
            variable
            for variable in _mappings(container.get("environment"))
            if not _ours(variable.get("name"))
        ]
        logging = _mapping(container.get("logConfiguration"))
        _mapping(logging.get("options")).pop("awslogs-stream-prefix", None)
    return tasks, services


def _ours(name: Any) -> bool:
    return str(name).startswith(("edaha:", "EDAHA_"))


def _deployment(deployment: dict[str, Any]) -> None:
    _leave_out(_mapping(deployment.get("deploymentCircuitBreaker")), _BREAKER)
    _leave_out(_mapping(deployment.get("earlySuccessCriteria")), _EARLY_SUCCESS)
    for hook in _mappings(deployment.get("lifecycleHooks")):
        _leave_out(hook, _HOOK)
        _leave_out(_mapping(hook.get("timeoutConfiguration")), _HOOK_TIMEOUT)


def _amounts(task: dict[str, Any]) -> None:
    for key, read in (("cpu", cpu_units), ("memory", mebibytes)):
        amount = read(task.get(key))
        if amount is not None:
            task[key] = str(amount)


def _container(container: dict[str, Any], *, in_awsvpc: bool) -> None:
    for key in ("cpu", "memory", "memoryReservation"):
        if isinstance(container.get(key), str) and container[key].isdecimal():
            container[key] = int(container[key])
    _leave_out(container, _CONTAINER)
    _leave_out(_mapping(container.get("healthCheck")), _HEALTH_CHECK)
    _leave_out(_mapping(container.get("linuxParameters")), {"initProcessEnabled": False})
    for mapping in _mappings(container.get("portMappings")):
        # In awsvpc the port is the container's own; elsewhere 0 leaves the choice to the host.
        same = mapping.get("containerPort") if in_awsvpc else 0
        _leave_out(mapping, {"protocol": "tcp", "hostPort": same})
    for key in ("mountPoints", "volumesFrom"):
        for each in _mappings(container.get(key)):
            _leave_out(each, {"readOnly": False})


def _leave_out(value: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    for key, default in defaults.items():
        # True == 1 and False == 0 in Python; to ECS they are different things.
        if key in value and value[key] == default and type(value[key]) is type(default):
            del value[key]


def _tidy(value: Any, key: str = "") -> Any:
    """Without what says nothing (null, empty lists and mappings), and in one order."""
    if isinstance(value, dict):
        inner = {name: _tidy(each, name) for name, each in sorted(value.items())}
        return {name: each for name, each in inner.items() if each not in (None, [], {})}
    if isinstance(value, list):
        items = [_tidy(each) for each in value]
        if key in IDENTITY or key in _UNORDERED:
            items.sort(key=lambda each: _place(each, IDENTITY.get(key, "")))
        return items
    return value


def _place(item: Any, identity: str) -> tuple[str, str]:
    known = item.get(identity, "") if isinstance(item, dict) else ""
    return f"{known:>10}" if isinstance(known, int) else str(known), json.dumps(
        item, sort_keys=True, default=str
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
