"""What is in AWS, looked at as a whole: a tenth as many calls as there are previews, or fewer."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .. import names
from ..adapters import cloudmap, ecr, inventory, ssm
from ..config import config
from ..models import Deployment, Orphan, Repository
from .notebook import Notebook

Kind = Orphan.Kind
Described = Mapping[str, Any]
TAG = "edaha:installation"


@dataclass
class Sight:
    """What one look showed. A part that could not be looked at is missing."""

    #: (cluster, name) → ECS's description; of a cluster in `clusters`, all.
    services: dict[tuple[str, str], Described] = field(default_factory=dict)
    clusters: set[str] = field(default_factory=set)
    #: (cluster, ECS's description)
    tasks: list[tuple[str, Described]] = field(default_factory=list)
    #: Namespace → name → ARN.
    registries: dict[str, dict[str, str]] = field(default_factory=dict)
    families: list[str] = field(default_factory=list)
    #: Name in ECR → digest → tags.
    images: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    #: Names in SSM.
    parameters: list[str] = field(default_factory=list)
    #: Of these kinds everything was seen: what is not among it is gone.
    complete: set[str] = field(default_factory=lambda: set(Kind))


def look_around(expected: Mapping[str, Collection[str]], notebook: Notebook) -> Sight:
    """Look at everything; `expected` has for each cluster the services that have to be there."""
    sight = Sight()
    for cluster in sorted(_in_use("cluster", config().cluster)):
        in_ecs = {Kind.ECS_SERVICE, Kind.ECS_TASK}
        with _part(sight, notebook, in_ecs, f"The cluster {cluster} is not compared"):
            _look_at_cluster(sight, cluster, expected.get(cluster, ()), notebook)
    for namespace in sorted(_in_use("namespace", config().namespace)):
        what = f"The namespace {namespace} is not compared"
        with _part(sight, notebook, {Kind.CLOUD_MAP_SERVICE}, what):
            sight.registries[namespace] = cloudmap.services(namespace)
            notebook.count("Cloud Map services", len(sight.registries[namespace]))
    with _part(sight, notebook, {Kind.TASK_DEFINITION}, "Task definitions are not compared"):
        sight.families = inventory.families(f"{config().installation}-")
        notebook.count("families of task definitions", len(sight.families))
    with _part(sight, notebook, {Kind.PARAMETER}, "SSM parameters are not compared"):
        sight.parameters = ssm.names_below(names.parameters(config().installation))
        notebook.count("SSM parameters", len(sight.parameters))
    for repository in Repository.objects.all():
        what = f"{repository}: images are not compared"
        with _part(sight, notebook, {Kind.IMAGE}, what):
            name = names.image_repository(config().installation, repository.full_name)
            sight.images[name] = ecr.tagged_images(name)
            notebook.count("images", len(sight.images[name]))
    return sight


def is_ours(tags: Mapping[str, str]) -> bool:
    """Whether something was made by this installation, and by no other one in the account."""
    return tags.get(TAG) == config().installation


def _look_at_cluster(
    sight: Sight, cluster: str, expected: Collection[str], notebook: Notebook
) -> None:
    listed = inventory.service_names(cluster)
    mine = {name for name in listed if name.startswith(f"{config().installation}-")}
    wanted = sorted(mine | set(expected))
    for service in inventory.services(cluster, wanted):
        sight.services[cluster, str(service.get("serviceName"))] = service
        notebook.beat()
    notebook.count("ECS services", len(wanted))
    for task in inventory.running_tasks(cluster):
        sight.tasks.append((cluster, task))
    notebook.count("ECS tasks", len(sight.tasks))
    sight.clusters.add(cluster)


def _in_use(column: str, default: str) -> set[str]:
    """The installation's own, the repositories', and wherever something may still be."""
    of_repositories = Repository.objects.values_list(column, flat=True)
    left = Deployment.objects.filter(cleaned_at=None).values_list(column, flat=True)
    return {default, *of_repositories, *left.distinct()} - {""}


@contextmanager
def _part(sight: Sight, notebook: Notebook, kinds: set[Kind], what: str) -> Iterator[None]:
    with notebook.guarded(what):
        try:
            yield
        except Exception:
            sight.complete -= kinds
            raise
