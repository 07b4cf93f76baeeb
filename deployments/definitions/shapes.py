"""Which arguments ECS's calls take, and of which kind those are that Edaha reads. Pure.

Copied from ECS's service model as botocore ships it; tests/definitions compares them. boto3 itself
checks every other argument before it sends one.
"""

from collections.abc import Iterator
from typing import Any

#: A place in a definition: keys and, in lists, positions.
Path = tuple[str | int, ...]

REGISTER_TASK_DEFINITION = frozenset(
    "family taskRoleArn executionRoleArn networkMode containerDefinitions volumes "
    "placementConstraints requiresCompatibilities cpu memory tags pidMode ipcMode "
    "proxyConfiguration inferenceAccelerators ephemeralStorage runtimePlatform "
    "enableFaultInjection trustedExecutionConfiguration".split()
)
#: What only DescribeTaskDefinition tells.
TASK_DEFINITION_TELLS = frozenset(
    "taskDefinitionArn revision status requiresAttributes compatibilities registeredAt "
    "deregisteredAt deleteRequestedAt registeredBy".split()
)

CREATE_SERVICE_ALONE = frozenset(
    "clientToken launchType role schedulingStrategy serviceName tags".split()
)
_BOTH = frozenset(
    "cluster taskDefinition availabilityZoneRebalancing loadBalancers serviceRegistries "
    "desiredCount capacityProviderStrategy platformVersion deploymentConfiguration "
    "placementConstraints placementStrategy networkConfiguration healthCheckGracePeriodSeconds "
    "deploymentController enableECSManagedTags propagateTags enableExecuteCommand "
    "serviceConnectConfiguration volumeConfigurations vpcLatticeConfigurations gatewayConnectors "
    "monitoring".split()
)
CREATE_SERVICE = _BOTH | CREATE_SERVICE_ALONE
#: What only DescribeServices tells.
SERVICE_TELLS = frozenset(
    "serviceArn clusterArn status runningCount pendingCount platformFamily taskSets deployments "
    "roleArn events createdAt createdBy currentServiceDeployment currentServiceRevisions "
    "resourceManagementType".split()
)

_PAIRS = [{"name": str, "value": str}]
_SECRETS = [{"name": str, "valueFrom": str}]
_LOGGING = {"logDriver": str, "options": {}, "secretOptions": _SECRETS}
_CONTAINER: dict[str, Any] = {
    "name": str,
    "image": str,
    "cpu": int,
    "memory": int,
    "memoryReservation": int,
    "essential": bool,
    "privileged": bool,
    "disableNetworking": bool,
    "hostname": str,
    "links": [str],
    "extraHosts": [{}],
    "dnsServers": [str],
    "dnsSearchDomains": [str],
    "dockerSecurityOptions": [str],
    "environment": _PAIRS,
    "environmentFiles": [{"value": str, "type": str}],
    "secrets": _SECRETS,
    "repositoryCredentials": {"credentialsParameter": str},
    "logConfiguration": _LOGGING,
    "portMappings": [
        {
            "containerPort": int,
            "hostPort": int,
            "protocol": str,
            "name": str,
            "containerPortRange": str,
        }
    ],
    "dependsOn": [{"containerName": str, "condition": str}],
    "healthCheck": {
        "command": [str],
        "interval": int,
        "timeout": int,
        "retries": int,
        "startPeriod": int,
    },
    "mountPoints": [{"sourceVolume": str, "containerPath": str, "readOnly": bool}],
    "volumesFrom": [{"sourceContainer": str, "readOnly": bool}],
    "linuxParameters": {
        "capabilities": {"add": [str], "drop": [str]},
        "devices": [{"hostPath": str, "containerPath": str}],
        "tmpfs": [{}],
        "sharedMemorySize": int,
        "maxSwap": int,
        "swappiness": int,
        "initProcessEnabled": bool,
    },
    "resourceRequirements": [{"type": str, "value": str}],
    "ulimits": [{"name": str, "softLimit": int, "hardLimit": int}],
    "systemControls": [{"namespace": str, "value": str}],
    "stopTimeout": int,
    "startTimeout": int,
}

#: What Edaha reads of a task definition. `cpu` and `memory` may be numbers: ECS wants text.
TASK_DEFINITION: dict[str, Any] = {
    "family": str,
    "taskRoleArn": str,
    "executionRoleArn": str,
    "networkMode": str,
    "containerDefinitions": [_CONTAINER],
    "volumes": [
        {
            "name": str,
            "host": {"sourcePath": str},
            "dockerVolumeConfiguration": {"scope": str, "driver": str, "driverOpts": {}},
            "efsVolumeConfiguration": {},
            "configuredAtLaunch": bool,
        }
    ],
    "placementConstraints": [{}],
    "requiresCompatibilities": [str],
    "cpu": (str, int),
    "memory": (str, int),
    "tags": [{"key": str, "value": str}],
    "pidMode": str,
    "ipcMode": str,
    "proxyConfiguration": {"properties": _PAIRS},
    "ephemeralStorage": {"sizeInGiB": int},
    "runtimePlatform": {"cpuArchitecture": str, "operatingSystemFamily": str},
}

#: What Edaha reads of a service definition.
SERVICE: dict[str, Any] = {
    "launchType": str,
    "capacityProviderStrategy": [{"capacityProvider": str, "weight": int, "base": int}],
    "platformVersion": str,
    "desiredCount": int,
    "schedulingStrategy": str,
    "deploymentController": {"type": str},
    "deploymentConfiguration": {"strategy": str},
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": [str],
            "securityGroups": [str],
            "assignPublicIp": str,
        }
    },
    "placementConstraints": [{}],
    "placementStrategy": [{}],
    "loadBalancers": [{"containerName": str, "containerPort": int}],
    "serviceRegistries": [
        {"registryArn": str, "port": int, "containerName": str, "containerPort": int}
    ],
    "serviceConnectConfiguration": {"services": [{"portName": str}]},
    "volumeConfigurations": [{"name": str}],
    "tags": [{"key": str, "value": str}],
}

_WORDS = {str: "text", int: "a whole number", bool: "true or false"}


def misfits(value: Any, shape: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Where `value` is of another kind than `shape`, and what it should be.

    A mapping's null says nothing, as in ecspresso, and always fits.
    """
    if isinstance(shape, dict):
        yield from _in_mapping(value, shape, path)
    elif isinstance(shape, list):
        yield from _in_list(value, shape[0], path)
    elif isinstance(shape, tuple):
        if all(any(misfits(value, each)) for each in shape):
            yield path, " or ".join(_WORDS[each] for each in shape)
    elif not isinstance(value, shape) or (isinstance(value, bool) and shape is not bool):
        yield path, _WORDS[shape]


def _in_mapping(value: Any, shape: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(value, dict):
        yield path, "a mapping"
        return
    for key, each in shape.items():
        if value.get(key) is not None:
            yield from misfits(value[key], each, (*path, key))


def _in_list(value: Any, shape: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(value, list):
        yield path, "a list"
        return
    for position, each in enumerate(value):
        yield from misfits(each, shape, (*path, position))
