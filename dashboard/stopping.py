"""A worker that is asked to stop hands its work over, and does not wait until it is done.

Its main process gets SIGTERM from a container engine; from a supervisor that signals the whole
group, so do its children.
"""

import signal
from types import FrameType
from typing import Any

from celery.signals import worker_process_init, worker_shutting_down

from deployments import handover


@worker_shutting_down.connect
def _hand_over(**_: Any) -> None:
    # Seen by the children, too. Celery lets them come to an end, which is soon now.
    handover.request()


@worker_process_init.connect
def _listen(**_: Any) -> None:
    signal.signal(signal.SIGTERM, _asked_to_stop)


def _asked_to_stop(number: int, frame: FrameType | None) -> None:
    # Celery itself ends a child so that has hung for too long: that is not the worker's end.
    handover.request_here()
    # Whoever asks again means it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
