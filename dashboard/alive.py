"""A worker's sign of life, for a container's health check: a file that is touched again and again.

A worker's event loop touches it with every heartbeat that it sends, beat with every task that it
sends. So it goes stale where the process hangs, and where the broker stays away.
"""

import os
from pathlib import Path
from typing import Any

from celery.signals import after_task_publish, beat_init, heartbeat_sent


def show(file: Path) -> None:
    """Have this process touch `file` while it is a worker or beat."""

    def touch(**_: Any) -> None:
        file.touch()

    def touch_when_publishing(**_: Any) -> None:
        after_task_publish.connect(touch, weak=False)
        touch()

    heartbeat_sent.connect(touch, weak=False)
    beat_init.connect(touch_when_publishing, weak=False)


if "EDAHA_ALIVE_FILE" in os.environ:
    show(Path(os.environ["EDAHA_ALIVE_FILE"]))
