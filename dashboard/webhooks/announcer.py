"""Tells workers and watching pages that deliveries came in: beside the requests, and rarely.

Nothing depends on it: what is lost here, a worker's tick finds in the database.
"""

import threading
from time import sleep

from deployments.adapters import wakeups

#: Seconds between two announcements: the first one goes out at once, then they are gathered.
PAUSE = 0.1


class Announcer:
    def __init__(self) -> None:
        self._newest = 0
        self._is_due = threading.Event()
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def announce(self, delivery_id: int) -> None:
        """Never waits. Of several deliveries in a short time, only the newest is named."""
        self._newest = delivery_id
        self._is_due.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Say what was not said yet; a Redis that does not answer is not waited for long."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._is_closing = True
            self._is_due.set()
            thread.join(timeout=5)

    def _run(self) -> None:
        said = 0
        while True:
            self._is_due.wait()
            self._is_due.clear()
            is_last = self._is_closing
            newest = self._newest
            if newest != said:
                wakeups.wake(wakeups.DECIDE)
                wakeups.notify(delivery=newest)
                said = newest
            if is_last:
                return
            sleep(PAUSE)
