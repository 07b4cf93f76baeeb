"""What ECS was told of a deployment's services, and how that differs from before."""

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac

from deployments.definitions.diff import Entry, difference, document
from deployments.models import Deployment, Service

#: Edaha's own variables: no secrets.
_OWN_VARIABLES = {
    "EDAHA_BRANCH",
    "EDAHA_COMMIT",
    "EDAHA_HOST",
    "EDAHA_PULL_REQUEST",
    "EDAHA_SLUG",
    "EDAHA_URL",
    "PORT",
}
#: Of a container, what tells nothing that a template may have looked up.
_OPEN = {"name", "image", "portMappings", "dependsOn", "mountPoints", "secrets", "essential"}


@dataclass(frozen=True)
class Comparison:
    """One service of a deployment, as a page shows it."""

    service: Service
    #: Against the branch's deployment before; None where that had no such service.
    since_previous: list[Entry] | None
    #: Against the default branch's files; None where they have no such service.
    since_default: list[Entry] | None
    #: What Edaha changed of what the team wrote.
    changes: list[dict[str, Any]]
    #: What ECS was told, as JSON.
    told: str


def compare(deployment: Deployment, *, with_values: bool) -> list[Comparison]:
    """Without `with_values`, values of environment variables are told apart but not shown."""
    before = previous(deployment)
    # By address: a service that is only called differently is the same to whoever opens it.
    earlier = {service.label: service for service in before.services.all()} if before else {}
    return [
        _compare(service, earlier.get(service.label), with_values)
        for service in deployment.services.select_related("deployment__branch")
    ]


def previous(deployment: Deployment) -> Deployment | None:
    """The branch's newest deployment before this one that had definitions."""
    earlier = Deployment.objects.filter(
        branch=deployment.branch_id,
        generation__lt=deployment.generation,
        services__isnull=False,
    )
    return earlier.order_by("-generation").first()


def told(deployment: Deployment, *, with_values: bool) -> list[dict[str, Any]]:
    """Each service's requests and what Edaha changed in them."""
    return [
        {
            "service": service.name,
            "task_definition": shown["taskDefinition"],
            "service_definition": shown["service"],
            "changes": changes(service, with_values=with_values),
        }
        for service in deployment.services.all()
        for shown in [_shown(_definition(service), with_values=with_values)]
    ]


def changes(service: Service, *, with_values: bool) -> list[dict[str, Any]]:
    """What Edaha changed of what the team wrote."""
    told: list[dict[str, Any]] = service.changes
    if with_values:
        return told
    return [
        change | {side: _masked(change.get(side)) for side in ("before", "after")}
        for change in told
    ]


def _compare(service: Service, before: Service | None, with_values: bool) -> Comparison:
    shown = _shown(_definition(service), with_values=with_values)
    baseline = service.baseline
    return Comparison(
        service,
        _differing(_definition(before), service, with_values) if before else None,
        _differing(_named(**baseline), service, with_values) if baseline else None,
        changes(service, with_values=with_values),
        json.dumps(shown, indent=2, ensure_ascii=False),
    )


def _differing(before: dict[str, Any], service: Service, with_values: bool) -> list[Entry]:
    """Without what differs between any two deployments: names, the commit, the address."""
    sides = [_shown(each, with_values=with_values) for each in (before, _definition(service))]
    return difference(
        *(document(side["taskDefinition"], side["service"], impersonal=True) for side in sides)
    )


def _definition(service: Service) -> dict[str, Any]:
    return _named(service.task_definition, service.service_definition)


def _named(task_definition: Any, service_definition: Any) -> dict[str, Any]:
    return {"taskDefinition": task_definition, "service": service_definition}


def _shown(definition: dict[str, Any], *, with_values: bool) -> dict[str, Any]:
    """A copy; without values, of containers only what cannot have a secret in it."""
    shown = copy.deepcopy(definition)
    if with_values:
        return shown
    for container in _containers(shown):
        for key, value in container.items():
            if key == "environment":
                container[key] = [entry | _value(entry) for entry in value]
            elif key not in _OPEN:
                container[key] = _masked(value)
    return shown


def _value(entry: dict[str, Any]) -> dict[str, str]:
    name = str(entry.get("name", ""))
    is_open = name in _OWN_VARIABLES or name.startswith("EDAHA_URL_")
    return {} if is_open else {"value": _hidden(str(entry.get("value", "")))}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return _hidden(value) if isinstance(value, str) else value


def _hidden(value: str) -> str:
    """Says nothing of a value, except whether it is the same as another one."""
    return f"•••••• ({salted_hmac('edaha.hidden', value).hexdigest()[:6]})"


def _containers(definition: dict[str, Any]) -> Sequence[dict[str, Any]]:
    containers: Sequence[dict[str, Any]] = definition["taskDefinition"].get(
        "containerDefinitions", ()
    )
    return containers
