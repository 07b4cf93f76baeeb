"""Deliveries at the webhook: against an ordinary Django view, and against Node with pg.

All receive the same signed push from the same generator, and all have the row on disk before
they answer.
"""

import hashlib
import hmac
import json
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .payload import push
from .processes import ROOT
from .processes import run as run_command
from .receivers import SECRET, Receiver, on_postgres, on_sqlite
from .report import NotMeasured, Row

ROUNDS = 5
SECONDS = 4
CONNECTIONS = 64

PLAIN_GOAL = 15.0
NODE_GOAL = 1.0


class Round(NamedTuple):
    per_second: float
    p50: float
    p99: float


def run() -> list[Row]:
    if not shutil.which("wrk"):
        raise NotMeasured("wrk is not installed (Debian's package wrk)")
    with on_postgres() as receivers:
        rounds = _interleaved([r for r in receivers.values() if isinstance(r, Receiver)])
        missing = {name: why for name, why in receivers.items() if isinstance(why, NotMeasured)}
    ours = _middle(rounds["ours"])
    rows = [_compare("an ordinary Django view", ours, _middle(rounds["plain"]), PLAIN_GOAL)]
    if "node" in missing:
        rows.append(Row.not_measured("Webhook, against Node + pg", str(missing["node"])))
    else:
        rows.append(_compare("Node + pg", ours, _middle(rounds["Node + pg"]), NODE_GOAL))
    with on_sqlite() as receiver:
        sqlite = _middle([_load(receiver, number) for number in range(ROUNDS)])
    rows.append(Row("Webhook, on SQLite", _said(sqlite), "", None, "", None))
    return rows


def _interleaved(receivers: list[Receiver]) -> dict[str, list[Round]]:
    """One after the other, round after round, so that a slow minute meets everybody."""
    for receiver in receivers:
        _load(receiver, 0, seconds=1)  # caches, connections, prepared statements
    found: dict[str, list[Round]] = defaultdict(list)
    for number in range(1, ROUNDS + 1):
        for receiver in receivers:
            receiver.empty()
            found[receiver.name].append(_load(receiver, number))
    return found


def _load(receiver: Receiver, number: int, *, seconds: int = SECONDS) -> Round:
    body = push()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        Path(file.name).write_bytes(body)
        said = run_command(
            *("wrk", "--threads", "1", "--connections", str(CONNECTIONS)),
            *(
                "--timeout",
                "30s",
                "--duration",
                f"{seconds}s",
                "--script",
                str(ROOT / "bench" / "load.lua"),
            ),
            *(f"http://127.0.0.1:{receiver.port}/", "--", file.name, signature, str(number)),
        )
    told = json.loads(said.strip().splitlines()[-1])
    if told["failed"]:
        raise NotMeasured(f"{receiver.name} failed {told['failed']} of {told['requests']} requests")
    if receiver.database and number and receiver.rows() < told["requests"]:
        raise NotMeasured(f"{receiver.name} accepted deliveries that it did not store")
    return Round(told["requests"] / told["seconds"], told["p50"], told["p99"])


def _middle(rounds: list[Round]) -> Round:
    return Round(*map(median, zip(*rounds, strict=True)))


def _compare(name: str, ours: Round, theirs: Round, goal: float) -> Row:
    ratio = ours.per_second / theirs.per_second
    return Row(
        f"Webhook, against {name}",
        _said(ours),
        _said(theirs),
        ratio,
        f"at least {goal:g} times",
        ratio >= goal,
    )


def _said(found: Round) -> str:
    return f"{found.per_second:,.0f}/s, p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms"
