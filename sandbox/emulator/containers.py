"""What Docker is told of a container beyond what MiniStack tells it. Plain values, no calls.

Source of the members: ContainerDefinition in the Amazon ECS API reference. The result holds
arguments of docker-py's containers.run.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Definition = Mapping[str, Any]

STOP_TIMEOUT = 5  # seconds; 30 on ECS, which is long for somebody who waits at his desk
LONGEST_STOP_TIMEOUT = 120  # seconds, on Fargate
SECOND = 10**9  # in Docker's nanoseconds
SAME_ON_BOTH = {
    "entryPoint": "entrypoint",
    "user": "user",
    "workingDirectory": "working_dir",
    "readonlyRootFilesystem": "read_only",
    "pseudoTerminal": "tty",
    "interactive": "stdin_open",
    "dockerSecurityOptions": "security_opt",
}
_LOCAL_NAME = re.compile(r"(?<![A-Za-z0-9.-])((?:[A-Za-z0-9-]{1,63}\.)+localhost)(?![A-Za-z0-9.-])")


def options(definition: Definition, task_memory: object) -> dict[str, Any]:
    """Arguments that follow from the container definition alone.

    `task_memory` is the task definition's `memory`; absent on EC2 it may be None.
    """
    same = {
        ours: definition[theirs] for theirs, ours in SAME_ON_BOTH.items() if theirs in definition
    }
    limits = [
        {"Name": one["name"], "Soft": one["softLimit"], "Hard": one["hardLimit"]}
        for one in definition.get("ulimits", ())
    ]
    check = definition.get("healthCheck")
    return {
        **{name: value for name, value in same.items() if value},
        **({"ulimits": limits} if limits else {}),
        **({"healthcheck": _health_check(check)} if check else {}),
        **_memory(definition, task_memory),
        **_linux(definition.get("linuxParameters") or {}),
    }


def _health_check(check: Mapping[str, Any]) -> dict[str, Any]:
    """With the defaults of ECS, which are not Docker's where a definition leaves something out."""
    return {
        "test": list(check["command"]),
        "interval": check.get("interval", 30) * SECOND,
        "timeout": check.get("timeout", 5) * SECOND,
        "retries": check.get("retries", 3),
        "start_period": check.get("startPeriod", 0) * SECOND,
    }


def _memory(definition: Definition, task_memory: object) -> dict[str, Any]:
    """A container without a limit of its own may take what its task has, and no swap."""
    found: dict[str, Any] = {}
    limit = definition.get("memory") or mebibytes(task_memory)
    if limit:
        found |= {"mem_limit": f"{limit}m", "memswap_limit": f"{limit}m"}
    if definition.get("memoryReservation"):
        found["mem_reservation"] = f"{definition['memoryReservation']}m"
    return found


def mebibytes(amount: object) -> int | None:
    """A task's memory: "512" (MiB), or "0.5 GB"."""
    match = re.fullmatch(r"\s*([\d.]+)\s*(GB)?\s*", str(amount or ""), re.IGNORECASE)
    if not match:
        return None
    return int(float(match[1]) * (1024 if match[2] else 1)) or None


def _linux(parameters: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if parameters.get("initProcessEnabled"):
        found["init"] = True
    if parameters.get("sharedMemorySize"):
        found["shm_size"] = f"{parameters['sharedMemorySize']}m"
    if parameters.get("tmpfs"):
        found["tmpfs"] = {
            one["containerPath"]: ",".join([f"size={one['size']}m", *one.get("mountOptions", ())])
            for one in parameters["tmpfs"]
        }
    dropped = (parameters.get("capabilities") or {}).get("drop")
    if dropped:
        found["cap_drop"] = list(dropped)
    return found


def stop_timeout(definition: Definition) -> int:
    """Seconds between SIGTERM and SIGKILL."""
    return min(int(definition.get("stopTimeout") or STOP_TIMEOUT), LONGEST_STOP_TIMEOUT)


def mounts(definition: Definition, volumes: Mapping[str, str]) -> list[str]:
    """Docker's bind strings; `volumes` tells the Docker volume or folder of each task volume."""
    return [
        f"{volumes[one['sourceVolume']]}:{one['containerPath']}"
        f":{'ro' if one.get('readOnly') else 'rw'}"
        for one in definition.get("mountPoints", ())
        if one.get("sourceVolume") in volumes and one.get("containerPath")
    ]


def local_names(environments: Sequence[Mapping[str, str]]) -> list[str]:
    """Names below .localhost in values of environments, such as those of other previews."""
    values = (value for each in environments for value in each.values())
    return sorted({name.lower() for value in values for name in _LOCAL_NAME.findall(str(value))})
