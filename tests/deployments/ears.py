import json
from typing import Any, NamedTuple


class WakeUp(NamedTuple):
    task: str
    ids: tuple[int, ...]
    countdown: float = 0


class Ears:
    """Stands where Celery and Redis stand: keeps what was said, and passes nothing on."""

    def __init__(self) -> None:
        self.wakeups: list[WakeUp] = []
        self.notifications: list[dict[str, Any]] = []

    def send_task(
        self,
        name: str,
        *,
        args: tuple[int, ...],
        countdown: float | None,
        expires: float | None = None,
        retry: bool,
    ) -> None:
        self.wakeups.append(WakeUp(name, tuple(args), countdown or 0))

    def publish(self, channel: str, text: str) -> None:
        self.notifications.append(json.loads(text))

    def heard(self, task: str) -> list[tuple[int, ...]]:
        return [wakeup.ids for wakeup in self.wakeups if wakeup.task == task]

    def take(self) -> list[WakeUp]:
        """Everything heard since the last time."""
        taken, self.wakeups = self.wakeups, []
        return taken
