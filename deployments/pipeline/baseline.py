"""What the default branch's files would say of the same preview: its difference is the branch's.

Found out when the deployment is on its way already, so that nobody waits for it.
"""

import structlog

from ..adapters import git
from ..adapters.deadline import deadline
from ..definitions import plan as plans
from ..definitions.compose import Definition
from ..errors import EdahaError
from ..models import Deployment
from . import plan as deployment_plan

log = structlog.get_logger(__name__)

_READING_SECONDS = 25.0


def remember_baseline(deployment: Deployment) -> None:
    """Write it beside the deployment's services. Best effort: it is for reading only."""
    repository = deployment.branch.repository
    if deployment.branch.name == repository.default_branch:
        return
    try:
        head = git.fetch_branch(repository, repository.default_branch)
        if head is None:
            return
        with deadline(_READING_SECONDS, "Reading the default branch's definitions"):
            composed = _composed(deployment, head)
    except EdahaError as problem:
        log.info("no_baseline", deployment=deployment.pk, problem=str(problem))
        return
    for service in deployment.services.all():
        definition = composed.get(service.label)
        if definition is None:
            continue
        service.baseline = {
            "task_definition": definition.task_definition,
            "service_definition": definition.service,
        }
        service.save(update_fields=["baseline"])


def _composed(deployment: Deployment, commit: str) -> dict[str, Definition]:
    """The other commit's definitions for this very preview, by address; images included."""
    other = deployment_plan.read(deployment, commit=commit)
    built = dict(deployment.builds.values_list("name", "reference"))
    images = {
        image.name: built.get(image.name, plans.placeholder(image.name))
        for image in other.application.images
    }
    ports = dict(deployment.services.values_list("label", "port"))
    labels = {
        service.name: deployment_plan.label(deployment.branch, service)
        for service in other.application.services
    }
    composed = plans.compose_all(
        other, images, {name: ports.get(label) for name, label in labels.items()}
    )
    return {labels[name]: definition for name, definition in composed.items()}
