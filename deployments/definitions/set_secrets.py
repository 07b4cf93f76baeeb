"""Secrets that an administrator has set for a repository's branches, put into its containers. Pure.

They win over what the files set under the same name: files are written by whoever may push, and
often for production. Each container of the application's own images is given all of them; another
one, such as a database or a collector of logs beside it, only those that its definition names.
"""

from collections.abc import Collection, Mapping
from typing import Any

from . import stored
from .changes import Edited

_WHY = "An administrator has set it in Edaha for this branch."


def give(
    edited: Edited, secrets: Mapping[str, str], region: str, own_containers: Collection[str]
) -> None:
    """Name → reference, as `stored.value_from` takes it; what was there before is noted."""
    resolve = stored.by_role(region, edited.value.get("executionRoleArn", ""))
    for container, place in edited.containers():
        wrote = _names(container)
        is_own = container.get("name") in own_containers
        for name, reference in secrets.items():
            if is_own or name in wrote:
                before = _taken(container, name)
                given = {"name": name, "valueFrom": stored.value_from(reference, resolve)}
                container.setdefault("secrets", []).append(given)
                edited.note(f"{place}.secrets[{name}]", before, given["valueFrom"], _WHY)


def told(task: Mapping[str, Any], secrets: Collection[str], replaced: Collection[str]) -> list[str]:
    """Which container has secrets from where, a sentence each: names, and never a value."""
    found = []
    for container in task.get("containerDefinitions", ()):
        names = sorted(each.get("name", "") for each in container.get("secrets") or ())
        where = f"containerDefinitions[{container.get('name')}].secrets"
        ours = [
            f"{name} (in place of its own)" if f"{where}[{name}]" in replaced else name
            for name in names
            if name in secrets
        ]
        theirs = [name for name in names if name not in secrets]
        parts = [
            f"{', '.join(each)} from {whose}"
            for each, whose in ((ours, "Edaha"), (theirs, "its own definitions"))
            if each
        ]
        if parts:
            found.append(f"Container {container.get('name')} has secrets: {'; '.join(parts)}")
    return found


def _names(container: Mapping[str, Any]) -> set[str]:
    pairs = [*(container.get("environment") or ()), *(container.get("secrets") or ())]
    return {each.get("name", "") for each in pairs}


def _taken(container: dict[str, Any], name: str) -> Any:
    """What stood under the name, taken out."""
    before = None
    for key, field in (("environment", "value"), ("secrets", "valueFrom")):
        pairs = container.get(key) or []
        before = next((each.get(field) for each in pairs if each.get("name") == name), before)
        if any(each.get("name") == name for each in pairs):
            container[key] = [each for each in pairs if each.get("name") != name]
    return before
