"""Where a task's volumes lie: in folders of this machine, or in volumes of Docker's."""

from collections.abc import Mapping
from typing import Any

from ministack.core import container_reaper

INSTANCE_LABEL = "edaha.instance"  # whose volume it is; sandbox/engine.py removes it by this
TASK_LABEL = "edaha.task"  # of those that end with their task


def create(task: dict[str, Any], definition: Mapping[str, Any], docker: Any) -> dict[str, str]:
    """Makes the task's volumes; tells the Docker volume or the folder of each by its name."""
    instance = container_reaper.instance_id().partition(":")[0]
    task_id = task["taskArn"].rpartition("/")[2]
    sources = {}
    for volume in definition.get("volumes", ()):
        name, shared = volume["name"], volume.get("efsVolumeConfiguration")
        folder = (volume.get("host") or {}).get("sourcePath")
        if folder:
            sources[name] = folder
        elif shared:
            # A file system outlives the tasks, and is the same one in all of them.
            sources[name] = f"{instance}-{shared['fileSystemId']}"
            docker.volumes.create(sources[name], labels={INSTANCE_LABEL: instance})
        else:
            sources[name] = f"{instance}-{task_id}-{name}"
            labels = {INSTANCE_LABEL: instance, TASK_LABEL: task_id}
            docker.volumes.create(sources[name], labels=labels)
            task.setdefault("_volumes", []).append(sources[name])
    return sources
