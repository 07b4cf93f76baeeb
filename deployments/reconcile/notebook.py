"""What one pass has found so far. Each entry is a sign of life, too."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

from ..errors import EdahaError, LeaseLost
from ..models import Reconciliation

log = structlog.get_logger(__name__)

#: Most entries of each kind that are kept; how many there were is told.
_KEPT = 200
#: Signs of life are written no more often than this.
_BEAT_EVERY = timedelta(seconds=5)


class Notebook:
    """Written to the pass's row. Raises LeaseLost once the pass was given up by others."""

    def __init__(self, row: Reconciliation) -> None:
        self._row = row
        self._counts: Counter[str] = Counter()
        self._findings: list[dict[str, str]] = []
        self._problems: list[str] = []
        self._left_out: Counter[str] = Counter()
        self._written_at: datetime | None = None

    def count(self, name: str, number: int = 1) -> None:
        """Take down how many of something were looked at."""
        self._counts[name] += number

    def found(self, what: str, done: str) -> None:
        """Something was not as it should be; `done` says what was done about it."""
        log.info("reconciled", what=what, done=done)
        if len(self._findings) < _KEPT:
            self._findings.append({"what": what[:1000], "done": done[:1000]})
        else:
            self._left_out["findings"] += 1
        self._write()

    def problem(self, sentence: str) -> None:
        """Something could not be compared, or not put right."""
        log.warning("not_reconciled", problem=sentence)
        if sentence in self._problems:
            return
        if len(self._problems) < _KEPT:
            self._problems.append(sentence[:1000])
        else:
            self._left_out["problems"] += 1
        self._write()

    def beat(self) -> None:
        """Call it before whatever may take long."""
        if self._written_at is None or timezone.now() - self._written_at >= _BEAT_EVERY:
            self._write()

    @contextmanager
    def guarded(self, what: str) -> Iterator[None]:
        """A part whose failure is told as a problem, and does not stop the others."""
        try:
            self.beat()
            yield
        except LeaseLost:
            raise
        except EdahaError as problem:
            self.problem(f"{what}: {problem.message} {problem.hint}".strip())
        except Exception:
            log.exception("reconciling_failed", part=what)
            self.problem(f"{what}: an error inside Edaha; the workers' log has the details.")

    def close(self) -> None:
        for name, number in self._left_out.items():
            self._counts[f"more {name}"] = number
        self._write(finished_at=timezone.now())

    def _write(self, **more: Any) -> None:
        now = timezone.now()
        rows = Reconciliation.objects.filter(pk=self._row.pk, finished_at=None)
        fields = {
            "beat_at": max(now, self._row.beat_at),
            "counts": dict(self._counts),
            "findings": self._findings,
            "problems": self._problems,
            **more,
        }
        if not rows.update(**fields):
            raise LeaseLost("This pass was given up: another one goes on.")
        self._written_at = now
        for name, value in fields.items():
            setattr(self._row, name, value)
