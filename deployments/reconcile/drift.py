"""What is live, and is in AWS no longer as it was deployed: put right, or deployed again."""

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from .. import intake
from ..adapters import cloudmap, ecs, inventory
from ..models import Branch, Deployment, Service
from ..states import ACTIVE, DeploymentState, Wanted
from .notebook import Notebook
from .sight import Described, Sight

#: Reads are eventually consistent: what is missing is looked for again after so many seconds.
_LOOK_AGAIN = 5.0
_REPAIRS_AN_HOUR = 3
_HOUR = timedelta(hours=1)

#: What replaces `time.sleep` in tests.
pause = time.sleep


def expected() -> list[Service]:
    """Every service that visitors are sent to."""
    rows = Service.objects.filter(
        deployment__state=DeploymentState.LIVE,
        deployment__branch__live=F("deployment"),
        deployment__branch__wanted=Wanted.PRESENT,
    )
    return list(rows.select_related("deployment__branch__repository"))


def names_by_cluster(rows: Iterable[Service]) -> dict[str, set[str]]:
    """Cluster → what its services are called in ECS."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row.deployment.cluster].add(row.release_name)
    return found


def put_right(rows: list[Service], sight: Sight, notebook: Notebook) -> None:
    """Compare each service with what was seen of it, and see to those that differ."""
    notebook.count("live services", len(rows))
    seen = [row for row in rows if row.deployment.cluster in sight.clusters]
    suspects = [row for row in seen if difference(row, sight)]
    if suspects:
        pause(_LOOK_AGAIN)
        sight = _second_look(suspects, sight)
    by_deployment: dict[int, list[str]] = defaultdict(list)
    for row in suspects:
        if what := difference(row, sight):
            by_deployment[row.deployment_id].append(what)
    for row in seen:
        what = " ".join(by_deployment.pop(row.deployment_id, ()))
        if what:
            _repair(row.deployment, what, notebook)
        elif row not in suspects:
            _count_tasks(row, sight, notebook)


def difference(row: Service, sight: Sight) -> str:
    """What has become of a service, in a sentence; empty where it is as it was deployed."""
    name = row.release_name
    described = sight.services.get((row.deployment.cluster, name), {})
    status = described.get("status", "MISSING")
    if status != "ACTIVE":
        return f"The ECS service {name} is gone ({status})."
    definition = described.get("taskDefinition", "")
    if definition != row.task_definition_arn:
        return (
            f"The ECS service {name} runs {_revision(definition)}, and not "
            f"{_revision(row.task_definition_arn)}, which was deployed."
        )
    registered = sight.registries.get(row.deployment.namespace)
    if registered is not None and row.discovery_service_arn not in registered.values():
        return f"The name {name} is gone from Cloud Map."
    return ""


def _second_look(rows: list[Service], first: Sight) -> Sight:
    sight = Sight()
    for cluster, names in names_by_cluster(rows).items():
        for described in inventory.services(cluster, sorted(names)):
            sight.services[cluster, str(described.get("serviceName"))] = described
    for namespace in {row.deployment.namespace for row in rows} & set(first.registries):
        sight.registries[namespace] = cloudmap.services(namespace)
    return sight


def _repair(deployment: Deployment, what: str, notebook: Notebook) -> None:
    # What comes in between raises the branch's generation, and nothing is repaired then.
    branch = Branch.objects.select_related("live", "repository").get(pk=deployment.branch_id)
    if branch.live_id != deployment.pk or branch.wanted != Wanted.PRESENT:
        return
    if branch.deployments.filter(state__in=ACTIVE).exists():
        return  # what is on its way replaces it
    lately = branch.deployments.filter(
        trigger=Deployment.Trigger.REPAIR, created_at__gt=timezone.now() - _HOUR
    )
    if lately.count() >= _REPAIRS_AN_HOUR:
        notebook.problem(
            f"{what} {branch} was repaired {_REPAIRS_AN_HOUR} times within an hour, and is left "
            "alone now: find out who changes it, then redeploy."
        )
    elif intake.repair(branch, reason=what):
        notebook.found(what, f"deploying {deployment.short_commit} to {branch.slug} again")


def _count_tasks(row: Service, sight: Sight, notebook: Notebook) -> None:
    name = row.release_name
    described: Described = sight.services.get((row.deployment.cluster, name), {})
    wanted = row.service_definition.get("desiredCount")
    wants = described.get("desiredCount")
    if wanted is None or wants in {None, wanted}:
        return
    with notebook.guarded(f"The number of tasks of {name} was changed"):
        if Branch.objects.filter(live=row.deployment_id, wanted=Wanted.PRESENT).exists():
            ecs.set_desired_count(row.deployment.cluster, name, wanted)
            what = f"The ECS service {name} was told to run {wants} tasks"
            notebook.found(what, f"it runs {wanted} again")


def _revision(arn: str) -> str:
    return arn.rpartition("/")[2] or "no task definition"
