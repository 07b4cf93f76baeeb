"""Keeps a lease while its step runs, and lets go of it when the step's time is over."""

import threading
from types import TracebackType
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from ..errors import LeaseLost
from ..states import TIMEOUTS, DeploymentState

if TYPE_CHECKING:
    from .lease import Lease

log = structlog.get_logger(__name__)

#: Seconds between two beats: some may fail before a lease of 30 s runs out.
EVERY = 8.0


class Heartbeat:
    """Use as a context manager around a step.

    It cannot tell a step that works from one that hangs. So it ends with the state's time-out:
    then nobody holds the deployment any more, and the tick ends it with a message.
    """

    def __init__(self, lease: "Lease") -> None:
        self._lease = lease
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _beat_on(self) -> None:
        try:
            while not self._is_over.wait(EVERY) and self._is_in_time():
                self._beat()
        except LeaseLost as problem:
            # The step itself notices when it writes next.
            log.warning("heartbeat_ended", problem=str(problem))
        finally:
            connection.close()

    def _beat(self) -> None:
        try:
            self._lease.extend()
        except DatabaseError as problem:
            # It may be back before the lease runs out.
            log.warning("heartbeat_missed", problem=str(problem))
            connection.close()

    def _is_in_time(self) -> bool:
        deployment = self._lease.deployment
        limit = TIMEOUTS.get(DeploymentState(deployment.state))
        return limit is None or timezone.now() - deployment.state_changed_at < limit
