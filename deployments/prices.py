"""What a preview costs a day, by the prices that the operator sets (EDAHA_PRICES)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_HOURS = 24
_CPU_UNITS, _MEBIBYTES = 1024, 1024


#: A service's task definition and its service definition.
Request = tuple[Mapping[str, Any], Mapping[str, Any]]


class Rate(BaseModel):
    """The price of an hour."""

    model_config = ConfigDict(extra="forbid")

    vcpu_hour: float = Field(ge=0)
    gb_hour: float = Field(ge=0)


class Prices(BaseModel):
    """The price table: rates by launch type or capacity provider, such as FARGATE, FARGATE_SPOT or
    EC2; with the processor behind a slash, such as FARGATE/ARM64, where it makes a difference."""

    model_config = ConfigDict(extra="forbid")

    #: ISO 4217.
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    rates: dict[str, Rate] = Field(min_length=1)

    @classmethod
    def parse(cls, text: str) -> "Prices":
        """Out of `USD FARGATE=0.04048/0.004445 …`: the currency, then an hour of vCPU and of a GB
        by launch type. Raises ValueError."""
        currency, *entries = text.split()
        rates = {}
        for entry in entries:
            kind, _, both = entry.partition("=")
            vcpu, _, memory = both.partition("/")
            rates[kind] = Rate(vcpu_hour=float(vcpu), gb_hour=float(memory))
        return cls(currency=currency, rates=rates)

    def a_day(self, requests: Iterable[Request]) -> float | None:
        """Of some services together; None where the table says nothing of one of them."""
        costs = [self._of_service(*request) for request in requests]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known and len(known) == len(costs) else None

    def _of_service(self, task: Mapping[str, Any], service: Mapping[str, Any]) -> float | None:
        rate = self._rate(task, service)
        if rate is None:
            return None
        vcpu = _size(task, "cpu") / _CPU_UNITS
        memory = _size(task, "memory") / _MEBIBYTES
        tasks = int(service.get("desiredCount", 1))
        return tasks * _HOURS * (vcpu * rate.vcpu_hour + memory * rate.gb_hour)

    def _rate(self, task: Mapping[str, Any], service: Mapping[str, Any]) -> Rate | None:
        strategy: Sequence[Mapping[str, Any]] = service.get("capacityProviderStrategy") or ({},)
        kind = service.get("launchType") or strategy[0].get("capacityProvider", "FARGATE")
        processor = task.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
        return self.rates.get(f"{kind}/{processor}") or self.rates.get(kind)


def _size(task: Mapping[str, Any], name: str) -> float:
    """Of the whole task, otherwise of all its containers (EC2 needs no size of the task)."""
    if size := task.get(name):
        return float(size)
    return sum(float(each.get(name) or 0) for each in task.get("containerDefinitions", ()))
