"""What makes a team's own task definition a preview's, each change told. Pure."""

from collections.abc import Mapping
from typing import Any

from .changes import Change, Edited
from .identity import listed, log_configuration, tags
from .preview import Platform, Preview
from .shapes import REGISTER_TASK_DEFINITION, TASK_DEFINITION_TELLS


def task_definition(
    team: dict[str, Any],
    preview: Preview,
    platform: Platform,
    *,
    service: str,
    family: str,
    references: Mapping[str, str],
) -> tuple[dict[str, Any], list[Change]]:
    """RegisterTaskDefinition's arguments; `references` has containers whose image is replaced."""
    edited = Edited(team, "taskDefinition")
    edited.keep_only(REGISTER_TASK_DEFINITION, TASK_DEFINITION_TELLS)
    edited.put("family", family, "Each branch has a family of its own.")
    for key in ("cpu", "memory"):
        if isinstance(edited.value.get(key), int):
            edited.put(key, str(edited.value[key]), "ECS takes it as text.")
    if platform.execution_role_arn:
        why = "ECS pulls the image and writes the logs with it."
        edited.put_where_absent("executionRoleArn", platform.execution_role_arn, why)
    _images(edited, references)
    _environment(edited, preview.environment(service))
    _logs(edited, log_configuration(preview, platform))
    with_tags(edited, preview)
    return edited.value, edited.changes


def with_tags(edited: Edited, preview: Preview) -> None:
    """Add the tags by which Edaha finds what it made; the team's own stay."""
    ours = tags(preview)
    kept = []
    for each in edited.value.get("tags", []):
        key, value = each.get("key", ""), each.get("value")
        # The keys of IAM's conditions ignore case: such a tag would pass for Edaha's.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
        if key.lower() not in ours:
            kept.append(each)
        elif ours.get(key) != value:
            edited.note(f"tags[{key}]", value, None, "Edaha's tags have this name, however spelt.")
    edited.put("tags", [*kept, *listed(ours)], "By these Edaha finds what it made.")


def replaced(
    team: Mapping[str, Any],
    images: Mapping[str, str],
    *,
    explicit: Mapping[str, str],
    visited: str,
) -> dict[str, str]:
    """Container → the name of the built image that it runs.

    What edaha.yml says; else where a reference stands that templates were given; else, with a
    single image, the container of its name, as of many with a web server in front, or else the one
    that visitors reach.
    """
    containers = {
        each["name"]: each.get("image")
        for each in team.get("containerDefinitions") or []
        if each.get("name")
    }
    found = {name: image for name, image in explicit.items() if name in containers}
    by_reference = {reference: name for name, reference in images.items()}
    for container, image in containers.items():
        if image in by_reference:
            found.setdefault(container, by_reference[image])
    if not found and not explicit and len(images) == 1:
        (image,) = images
        found[image if image in containers else visited] = image
    return {
        container: image
        for container, image in found.items()
        if container in containers and image in images
    }


def _images(edited: Edited, references: Mapping[str, str]) -> None:
    for container, place in edited.containers():
        before, after = container.get("image"), references.get(container.get("name", ""))
        if after and before != after:
            container["image"] = after
            edited.note(f"{place}.image", before, after, "This is the image built for the branch.")


def _environment(edited: Edited, told: Mapping[str, str]) -> None:
    for container, place in edited.containers():
        own = [*container.get("environment", []), *container.get("secrets", [])]
        taken = {each.get("name") for each in own}
        added = {name: value for name, value in sorted(told.items()) if name not in taken}
        if added:
            pairs = [{"name": name, "value": value} for name, value in added.items()]
            container["environment"] = [*container.get("environment", []), *pairs]
            why = "They tell the container where it runs."
            edited.note(f"{place}.environment", None, added, why)


def _logs(edited: Edited, ours: Mapping[str, Any]) -> None:
    prefix = ours["options"]["awslogs-stream-prefix"]
    for container, place in edited.containers():
        logging = container.get("logConfiguration")
        if not logging:
            container["logConfiguration"] = {**ours, "options": dict(ours["options"])}
            why = "Edaha shows what the container prints."
            edited.note(f"{place}.logConfiguration", None, container["logConfiguration"], why)
        elif logging.get("logDriver") == "awslogs":
            options = logging.setdefault("options", {})
            before = options.get("awslogs-stream-prefix")
            if before != prefix:
                options["awslogs-stream-prefix"] = prefix
                where = f"{place}.logConfiguration.options.awslogs-stream-prefix"
                edited.note(where, before, prefix, "Each branch has log streams of its own.")
