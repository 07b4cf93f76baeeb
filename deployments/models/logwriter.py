"""Writes a deployment's log: many lines a row, and soon enough to be watched live."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import IntegrityError, OperationalError, connection
from django.db.models import Sum

from ..config import config
from ..redaction import Redactor, Stream
from .deployment import Deployment
from .log import LogChunk

log = structlog.get_logger(__name__)

#: At least this long between two rows: a line on its own is written at once, many share a row.
FLUSH_SECONDS = 0.03
#: So long a line waits that may be the beginning of a secret, for what follows it.
HOLD_SECONDS = 0.5
_LINES_A_CHUNK = 200
_LINE_MAX = 10_000
_WRITE_TRIES = 20
#: Lines of one deployment that are kept; the cut is shown. So it is with characters, of which
#: the installation's settings tell the number.
LINES_MAX = 200_000
#: What Edaha itself may say after the cut: how it ended.
_LINES_AFTER = 2_000
_CHARACTERS_AFTER = 500_000


class LogWriter:
    """Use as a context manager, one at a time for a deployment (whoever holds its lease).

    `written` is called with the last line's number after each row.
    """

    def __init__(self, deployment: Deployment, written: Callable[[int], None]) -> None:
        self._deployment = deployment
        self._written = written
        last = deployment.chunks.order_by("first").last()
        self._next = last.last + 1 if last else 1
        self._size = deployment.chunks.aggregate(sum=Sum("size"))["sum"] or 0
        self._size_max = config().log_max_mb * 1_000_000
        # Whatever filled it has shown the cut.
        self._is_cut = self._is_full(self._next)
        self._waiting: list[tuple[float, int, str]] = []
        self._change = threading.Condition()
        self._closed = False
        self._redactor = Redactor(())
        #: Step → its lines: those of another one may come in between.
        self._streams: dict[int, Stream[float]] = {}
        self._held_since = 0.0
        #: How many wait for everything to be written, and whether a row is on its way.
        self._hurried = 0
        self._is_writing = False
        self._last_flush = 0.0
        self._flusher = threading.Thread(target=self._flush_forever, daemon=True)

    def __enter__(self) -> "LogWriter":
        self._flusher.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._change:
            self._release()
            self._closed = True
            self._change.notify_all()
        self._flusher.join()

    def flush(self) -> None:
        """Return once every line so far is written, or could not be within some seconds."""
        with self._change:
            self._release()
            self._hurried += 1
            self._change.notify_all()
            self._change.wait_for(
                lambda: not self._waiting and not self._is_writing, timeout=_WRITE_TRIES
            )
            self._hurried -= 1

    def conceal(self, redactor: Redactor) -> None:
        """From now on, put stars in place of what `redactor` knows."""
        with self._change:
            self._release()
            self._redactor = redactor

    def line(self, text: str, *, step: int = 0, at: float | None = None) -> None:
        """Add one line; `step` 0 is Edaha's own voice."""
        # NUL cannot be stored in PostgreSQL's text.
        clean = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        with self._change:
            stream = self._streams.setdefault(step, Stream(self._redactor))
            for shown, when in stream.feed(clean, at or time.time()):
                self._take(shown, step, when)
            if stream.is_holding and not self._held_since:
                self._held_since = time.monotonic()
                self._change.notify_all()

    def _release(self) -> None:
        """Let go of lines that were held: nothing follows, or not soon enough."""
        for step, stream in self._streams.items():
            for shown, at in stream.finish():
                self._take(shown, step, at)
        self._streams.clear()
        self._held_since = 0.0

    def _take(self, text: str, step: int, at: float) -> None:
        clean = text[:_LINE_MAX]
        if self._is_cut:
            if step == 0 and not self._is_full(self._number, _LINES_AFTER, _CHARACTERS_AFTER):
                self._add(clean, step, at)
            return
        # Cut to what there is room for, so that a full log is full to the character.
        self._add(clean[: self._size_max - self._size] if step else clean, step, at)
        if self._is_full(self._number):
            self._is_cut = True
            self._add(self._cut_line(), 0, at)

    @property
    def _number(self) -> int:
        """Of the next line."""
        return self._next + len(self._waiting)

    def _is_full(self, number: int, more_lines: int = 0, more_characters: int = 0) -> bool:
        is_long = number > LINES_MAX + more_lines
        return is_long or self._size >= self._size_max + more_characters

    def _cut_line(self) -> str:
        if self._size >= self._size_max:
            return (
                f"… the log is cut here: it has more than {config().log_max_mb} million characters "
                "(EDAHA_LOG_MAX_MB)"
            )
        return f"… the log is cut here: it has more than {LINES_MAX} lines"

    def _add(self, text: str, step: int, at: float) -> None:
        self._waiting.append((at, step, text))
        self._size += len(text)
        self._change.notify_all()

    def _flush_forever(self) -> None:
        try:
            while self._flush_once():
                pass
        finally:
            connection.close()

    def _flush_once(self) -> bool:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closed or self._held_since)
            if self._held_since:
                self._wait_for_the_rest()
            if not self._waiting:
                return not self._closed
            pause = self._last_flush + FLUSH_SECONDS - time.monotonic()
            self._change.wait_for(lambda: self._closed or self._hurried, max(0.0, pause))
            self._last_flush = time.monotonic()
            lines = self._waiting[:_LINES_A_CHUNK]
            first = self._next
            self._next += len(lines)
            del self._waiting[: len(lines)]
            self._is_writing = True
        try:
            if self._write(first, lines):
                self._written(first + len(lines) - 1)
        finally:
            with self._change:
                self._is_writing = False
                self._change.notify_all()
        return True

    def _wait_for_the_rest(self) -> None:
        """Of held lines, unless there are others to write meanwhile."""
        left = self._held_since + HOLD_SECONDS - time.monotonic()
        self._change.wait_for(lambda: self._waiting or self._closed, max(0.0, left))
        if self._held_since and self._held_since + HOLD_SECONDS <= time.monotonic():
            self._release()

    def _write(self, first: int, lines: list[tuple[float, int, str]]) -> bool:
        size = sum(len(text) for _at, _step, text in lines)
        for _ in range(_WRITE_TRIES):
            try:
                LogChunk.objects.create(
                    deployment=self._deployment, first=first, lines=lines, size=size
                )
                return True
            except IntegrityError:
                # Somebody else writes this log now: the lease is lost, and so is our say.
                return False
            except OperationalError as problem:
                log.warning("log_chunk_delayed", problem=str(problem))
                connection.close()
                time.sleep(0.5)
        log.error("log_chunk_lost", deployment=self._deployment.pk, first=first, lines=len(lines))
        return False
