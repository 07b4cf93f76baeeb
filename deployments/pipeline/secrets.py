"""What a deployment is given of its repository's secrets, and what no log of it may tell.

Where strangers wrote what is built and run, nothing is given: neither what is set in Edaha nor what
the files name.
"""

from collections.abc import Iterable, Mapping

import structlog

from .. import names, sealing
from ..adapters.readable import TAG as READABLE
from ..adapters.secrets import peek, read_referred, read_secret
from ..config import config
from ..definitions import set_secrets
from ..definitions.application import Image as Spec
from ..definitions.compose import Definition
from ..errors import UserError
from ..models import Branch, Deployment, Repository, Secret, Service
from ..models.secret import chosen
from ..redaction import Redactor

log = structlog.get_logger(__name__)

#: A reference to a value that is kept here, as part of a build's inputs: `edaha:SERIAL`.
_KEPT_HERE = "edaha"


def allowed(deployment: Deployment) -> tuple[str, ...]:
    """What the deployment's files may use of AWS."""
    return tuple(deployment.branch.repository.allowed) if deployment.is_trusted else ()


def for_containers(deployment: Deployment) -> dict[str, str]:
    """Variable → reference, as definitions take it."""
    branch = deployment.branch
    return {
        name: row.reference
        or f"ssm:{names.parameter(config().installation, branch.pk, name, row.serial)}"
        for name, row in _chosen(deployment, for_containers=True).items()
    }


def for_build(deployment: Deployment, spec: Spec) -> dict[str, str]:
    """BuildKit's id → reference: what counts of it for whether an image has to be built anew.

    Of a value that is kept here that is its serial, from which nobody learns anything.
    """
    if not deployment.is_trusted:
        return {}
    ours = _chosen(deployment, for_builds=True)
    kept = {name: row.reference or f"{_KEPT_HERE}:{row.serial}" for name, row in ours.items()}
    return {**spec.secrets, **kept}


def build_values(deployment: Deployment, spec: Spec) -> dict[str, bytes]:
    """BuildKit's id → value. Raises UserError where there is none."""
    ours = _chosen(deployment, for_builds=True)
    values: dict[str, bytes] = {}
    for name, reference in for_build(deployment, spec).items():
        if name in ours:
            values[name] = _value(ours[name])
        else:
            values[name] = read_secret(reference, allowed(deployment))
    return values


def parameters_of(definition: Definition) -> list[str]:
    """Names in SSM that Edaha has to make before the task definition is registered."""
    below = f"{names.parameters(config().installation)}/"
    used = _values_from(definition.task_definition)
    return sorted({name for name in used if name.startswith(below)})


def to_put(deployment: Deployment, service: Service) -> dict[str, str]:
    """Name in SSM → value, for what the service's containers read. Raises UserError."""
    if not service.parameters or not deployment.is_trusted:
        return {}
    kept = deployment.branch.repository.secrets.filter(reference="")
    rows = {row.serial: row for row in kept}
    found = {}
    for name in service.parameters:
        variable, serial = name.split("/")[-2:]
        if serial not in rows:
            raise UserError(
                f"The secret {variable} was changed while this deployment was on its way.",
                hint="Deploy again: that takes the new value.",
            )
        found[name] = rows[serial].value()
    return found


def tags_of(service: Service) -> dict[str, str]:
    """By these a parameter is known as Edaha's own, and workers may read it back."""
    own = {key: value for key, value in service.tags.items() if key.startswith("edaha:")}
    return {**own, READABLE: config().installation}


def told(
    deployment: Deployment, composed: Mapping[str, Definition], plan: Iterable[Spec]
) -> list[str]:
    """Which names come from where, for the log."""
    if not deployment.is_trusted:
        return ["No secrets are given: people outside of the repository wrote this."]
    ours = _chosen(deployment, for_containers=True)
    lines: list[str] = []
    for definition in composed.values():
        replaced = {
            each.where.removeprefix("taskDefinition.")
            for each in definition.changes
            if each.before is not None
        }
        lines += set_secrets.told(definition.task_definition, ours, replaced)
    for_builds = _chosen(deployment, for_builds=True)
    for spec in plan:
        own = sorted(set(spec.secrets) - set(for_builds))
        parts = [
            f"{', '.join(each)} from {whose}"
            for each, whose in ((list(for_builds), "Edaha"), (own, "its own definitions"))
            if each
        ]
        lines += [f"The build of {spec.name} has secrets: {'; '.join(parts)}"] if parts else []
    return list(dict.fromkeys(lines))


def redactor(branch: Branch, more: Iterable[str | bytes] = ()) -> Redactor:
    """Knows everything that something of the branch may print and nobody shall read.

    That is every value of the repository, whatever branches it is for, and those that containers
    are given from elsewhere, where workers may read them.
    """
    kept, referred = _of_repository(branch.repository)
    services = Service.objects.filter(deployment__branch=branch, deployment__cleaned_at=None)
    given = {
        value
        for task in services.values_list("task_definition", flat=True)
        for value in _values_from(task)
        if value.rpartition("/")[2] not in kept
    }
    read = (peek(value) for value in sorted(given | referred))
    values = {value for value in kept.values() if value}
    return Redactor([*values, *(value for value in read if value), *more])


def _of_repository(repository: Repository) -> tuple[dict[str, str], set[str]]:
    """Serial → value of what is kept here; parameters that are referred to."""
    kept: dict[str, str] = {}
    referred: set[str] = set()
    for row in repository.secrets.all():
        for key, sealed in ((row.serial, row.sealed), (f"{row.serial} before", row.sealed_before)):
            if sealed:
                kept[key] = _opened(row, sealed)
        kind, _, name = row.reference.partition(":")
        if kind == "ssm":
            referred.add(name)
    return kept, referred


def _opened(row: Secret, sealed: str) -> str:
    try:
        return sealing.unseal(sealed)
    except sealing.Unreadable:
        log.warning("secret_unreadable", secret=str(row), repository=row.repository_id)
        return ""


def _values_from(task: Mapping[str, object]) -> set[str]:
    containers = task.get("containerDefinitions") or ()
    return {
        str(each.get("valueFrom", ""))
        for container in containers  # type: ignore[attr-defined]
        for each in container.get("secrets") or ()
    }


def _chosen(deployment: Deployment, **purpose: bool) -> dict[str, Secret]:
    """Of the rows for a purpose those that count for the branch; none where it is not trusted."""
    if not deployment.is_trusted:
        return {}
    rows = deployment.branch.repository.secrets.filter(**purpose)
    return chosen(rows, deployment.branch.name)


def _value(row: Secret) -> bytes:
    return read_referred(row.reference) if row.reference else row.value().encode()
