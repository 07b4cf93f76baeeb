"""Containers' output on its way to CloudWatch Logs.

MiniStack forgets the thread that carries it. Here it is kept, so that a container is removed
only after its last line has arrived.
"""

import threading
from collections.abc import Iterable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

LAST_LINES = 3.0  # seconds that they may take

_threads: dict[str, threading.Thread] = {}  # by container id


def forward(container: Any, definition: dict[str, Any], task_id: str) -> None:
    config = ecs._awslogs_config(definition, task_id, container.id)
    if config:
        thread = threading.Thread(
            target=ecs._forward_awslogs,
            args=(container, config, get_account_id(), config["region"] or get_region()),
            daemon=True,
            name=f"awslogs-{container.id[:8]}",
        )
        _threads[container.id] = thread
        thread.start()


def wait(container_ids: Iterable[str]) -> None:
    """Returns when all that the containers, which have ended, wrote is in the log."""
    for each in container_ids:
        thread = _threads.pop(each, None)
        if thread:
            thread.join(LAST_LINES)
