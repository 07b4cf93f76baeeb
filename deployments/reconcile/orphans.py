"""What is in AWS with this installation's tags, and stands for nothing: removed after a while.

Nothing is touched that lacks the tag. Rows are written before anything is made in AWS, so what
was seen there and has none was left behind; rows are looked at again right before the removal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from ..adapters import cloudmap, ecr, ecs, inventory, onetime, ssm
from ..config import config
from ..errors import EdahaError
from ..models import Image, Orphan
from . import standing
from .notebook import Notebook
from .sight import Sight, is_ours

Kind = Orphan.Kind
#: What was removed may show for a moment longer.
_ECHO = timedelta(minutes=1)
#: So many services may be left over at once without anybody's wondering.
_MANY = 10
_WORDS = {
    Kind.ECS_SERVICE: "The ECS service",
    Kind.ECS_TASK: "The one-off task",
    Kind.CLOUD_MAP_SERVICE: "The Cloud Map service",
    Kind.TASK_DEFINITION: "The task definition",
    Kind.IMAGE: "The image",
    Kind.PARAMETER: "The SSM parameter",
}


@dataclass(frozen=True)
class Thing:
    """Something of ours that stood for nothing when it was seen."""

    kind: Kind
    arn: str
    #: What rows know it by: a service's name, a task's token, a family.
    name: str
    cluster: str = ""
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = self.arn if self.kind == Kind.PARAMETER else self.arn.rpartition("/")[2]
        return f"{_WORDS[self.kind]} {name}"


def settle(sight: Sight, notebook: Notebook) -> None:
    """Take down what stands for nothing, and remove what did so for long enough."""
    things: list[Thing] = []
    # In the order in which AWS lets them go.
    for kind, look in _LOOKS.items():
        with notebook.guarded(f"What is left over ({kind.label}) is not looked for"):
            try:
                things += look(sight)
            except Exception:
                sight.complete.discard(kind)
                raise
    gone = Orphan.objects.filter(removed_at=None, kind__in=sight.complete)
    gone.exclude(arn__in=[thing.arn for thing in things]).delete()
    is_held = _is_suspicious(things, notebook)
    for thing in things:
        with notebook.guarded(f"{thing} stands for nothing, and is not removed"):
            _settle_one(thing, notebook, is_held=is_held)


def _is_suspicious(things: list[Thing], notebook: Notebook) -> bool:
    """Whether so much is left over that it is rather the rows that are missing."""
    left = sum(thing.kind == Kind.ECS_SERVICE for thing in things)
    if notebook.remove_many or left <= max(_MANY, len(standing.release_names())):
        return False
    notebook.problem(
        f"{left} ECS services stand for nothing, more than there are in use: is this the right "
        "database? Nothing of it is removed. If it is left over indeed, an administrator says: "
        "bin/manage reconcile --remove-many"
    )
    return True


def _settle_one(thing: Thing, notebook: Notebook, *, is_held: bool) -> None:
    now, grace = timezone.now(), timedelta(seconds=config().orphan_grace_seconds)
    row, is_new = Orphan.objects.get_or_create(
        arn=thing.arn, defaults={"kind": thing.kind, "first_seen_at": now}
    )
    if row.removed_at is not None:
        if now - row.removed_at < _ECHO:
            return
        row.first_seen_at, row.removed_at, is_new = now, None, True
        row.save()
    if now - row.first_seen_at < grace:
        if is_new:
            minutes = round(grace.total_seconds() / 60)
            notebook.found(f"{thing} stands for nothing", f"it is removed in {minutes} min")
        return
    if is_held:
        return
    if _stands(thing):
        row.delete()
        return
    _remove(thing, row, notebook)


def _remove(thing: Thing, row: Orphan, notebook: Notebook) -> None:
    try:
        is_done = _removed(thing)
    except EdahaError as problem:
        row.error = problem.message
        row.save(update_fields=["error"])
        raise
    if is_done:
        row.removed_at, row.error = timezone.now(), ""
        row.save(update_fields=["removed_at", "error"])
        notebook.found(f"{thing} stood for nothing", "removed")
    else:
        notebook.found(f"{thing} stands for nothing", "its instances leave it first")


def _removed(thing: Thing) -> bool:
    if thing.kind == Kind.ECS_SERVICE:
        ecs.delete_service(thing.cluster, thing.name)  # it drains by itself
    elif thing.kind == Kind.ECS_TASK:
        onetime.stop_task(thing.cluster, thing.arn, "Nothing of Edaha stands for it.")
    elif thing.kind == Kind.CLOUD_MAP_SERVICE:
        return cloudmap.delete_service(thing.arn)
    elif thing.kind == Kind.TASK_DEFINITION:
        ecs.delete_task_definition(thing.arn)
    elif thing.kind == Kind.PARAMETER:
        ssm.delete_parameters([thing.name])
    else:
        digest = thing.arn.rpartition("@")[2]
        # Rows first: whoever looks for an unchanged tree's image now builds it anew.
        Image.objects.filter(digest=digest, reference__endswith=f"/{thing.name}@{digest}").delete()
        ecr.delete_images(thing.name, tags=[], digests=[digest])
    return True


def _stands(thing: Thing) -> bool:
    """Whether there is something by now that it stands for."""
    if thing.kind == Kind.ECS_TASK:
        return standing.has_task(thing.name)
    if thing.kind == Kind.TASK_DEFINITION:
        return standing.has_branch(thing.name)
    if thing.kind == Kind.IMAGE:
        return standing.Images.read().include(thing.arn.rpartition("@")[2], list(thing.tags))
    if thing.kind == Kind.PARAMETER:
        return thing.name in standing.parameters()
    return standing.has_release(thing.name)


def _services(sight: Sight) -> Iterator[Thing]:
    known = standing.release_names()
    for (cluster, name), described in sight.services.items():
        is_left = described.get("status") == "ACTIVE" and name not in known
        if is_left and is_ours(inventory.tags_of(described)):
            yield Thing(Kind.ECS_SERVICE, described["serviceArn"], name, cluster)


def _tasks(sight: Sight) -> Iterator[Thing]:
    for cluster, described in sight.tasks:
        token = described.get("startedBy", "")
        is_one_off = standing.deployment_of(token) is not None
        if is_one_off and is_ours(inventory.tags_of(described)) and not standing.has_task(token):
            yield Thing(Kind.ECS_TASK, described["taskArn"], token, cluster)


def _registries(sight: Sight) -> Iterator[Thing]:
    if Kind.ECS_SERVICE not in sight.complete:
        sight.complete.discard(Kind.CLOUD_MAP_SERVICE)
        return  # its tasks may still run where nobody could look
    known = standing.release_names()
    # Its ECS service goes first, and takes the instances along.
    known |= {name for (_, name), each in sight.services.items() if each["status"] != "INACTIVE"}
    for registered in sight.registries.values():
        for name, arn in registered.items():
            is_left = name.startswith(f"{config().installation}-") and name not in known
            if is_left and is_ours(cloudmap.tags(arn)):
                yield Thing(Kind.CLOUD_MAP_SERVICE, arn, name)


def _definitions(sight: Sight) -> Iterator[Thing]:
    known = standing.branch_ids()
    for family in sight.families:
        number = standing.branch_of(family)
        if number is None or number in known:
            continue
        for arn in ecs.task_definitions({family}):
            if is_ours(inventory.definition_tags(arn)):
                yield Thing(Kind.TASK_DEFINITION, arn, family)


def _images(sight: Sight) -> Iterator[Thing]:
    known = standing.Images.read()
    for name, images in sight.images.items():
        left = {digest: tags for digest, tags in images.items() if not known.include(digest, tags)}
        uri = ecr.uri_if_ours(name) if left else ""
        if uri:
            for digest, tags in left.items():
                yield Thing(Kind.IMAGE, f"{uri}@{digest}", name, tags=tuple(tags))


def _parameters(sight: Sight) -> Iterator[Thing]:
    known = standing.parameters()
    for name in sight.parameters:
        if name not in known and is_ours(ssm.tags_of(name)):
            yield Thing(Kind.PARAMETER, name, name)


_LOOKS = {
    Kind.ECS_SERVICE: _services,
    Kind.ECS_TASK: _tasks,
    Kind.CLOUD_MAP_SERVICE: _registries,
    Kind.TASK_DEFINITION: _definitions,
    Kind.IMAGE: _images,
    Kind.PARAMETER: _parameters,
}
