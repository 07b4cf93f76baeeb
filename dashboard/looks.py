"""What ECS says of a preview: one look for everybody who watches, every few seconds."""

from threading import Lock
from time import monotonic

from deployments import running
from deployments.errors import EdahaError
from deployments.models import Deployment
from deployments.running import Running

_SECONDS = 4.0
#: Looks of more previews than anybody watches at once are forgotten.
_MOST = 256

#: What runs, and why that is unknown (empty where it is known).
Answer = tuple[list[Running], str]


class _Looks:
    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        self._known: dict[int, tuple[float, Answer]] = {}
        self._locks: dict[int, Lock] = {}

    def of(self, deployment: Deployment) -> Answer:
        # Whoever comes second waits for the first one's answer, and takes it.
        with self._lock_of(deployment.pk):
            known = self._known.get(deployment.pk)
            if known and monotonic() - known[0] < _SECONDS:
                return known[1]
            answer = _ask(deployment)
            self._remember(deployment.pk, answer)
            return answer

    def _lock_of(self, key: int) -> Lock:
        with self._lock:
            return self._locks.setdefault(key, Lock())

    def _remember(self, key: int, answer: Answer) -> None:
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
                self._locks.clear()
            self._known[key] = (monotonic(), answer)


def _ask(deployment: Deployment) -> Answer:
    try:
        return running.look(deployment), ""
    except EdahaError as problem:
        return [], f"{problem.message} {problem.hint}".strip()


_looks = _Looks()
look = _looks.of
forget = _looks.forget
