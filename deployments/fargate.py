"""Whether tasks run on Fargate, and the sizes that it offers. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

from collections.abc import Collection, Mapping
from typing import Any

#: CPU units → the sizes of memory, in MiB.
SIZES: Mapping[int, Collection[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}

#: Capacity providers that AWS gives every cluster:
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})


def runs_on_fargate(service: Mapping[str, Any]) -> bool:
    """Whether a service with this launch type or these capacity providers does."""
    if service.get("launchType"):
        return bool(service["launchType"] == "FARGATE")
    return is_fargate(providers(service))


def is_fargate(names: Collection[str]) -> bool:
    return bool(names) and set(names) <= PROVIDERS


def providers(service: Mapping[str, Any]) -> list[str]:
    strategy = service.get("capacityProviderStrategy") or []
    return [each.get("capacityProvider", "") for each in strategy]


def offered(cpu: int) -> str:
    """The sizes of memory for a CPU of SIZES, in words."""
    sizes = list(SIZES[cpu])
    step = sizes[-1] - sizes[-2]
    if sizes[-2] - sizes[0] <= step:
        return ", ".join(map(str, sizes))
    return f"{sizes[0]} to {sizes[-1]} in steps of {step}"
