"""The run itself: trouble, then silence, then the verdict."""

import random
import time
from collections import Counter

from django.db import Error, close_old_connections, connection

from . import figures, verdict
from .options import Options
from .people import People
from .post import Post
from .stack import Stack
from .trouble import Trouble
from .verdict import Verdict
from .workload import PULL_REQUESTS, Project, Workload

#: How often it is looked whether everything has settled.
_LOOK = 1.0
#: Seconds after which it is told what is still missing.
_TELL = 30.0


class Run:
    def __init__(self, options: Options, made: Stack) -> None:
        self._options, self._made = options, made
        self._post = Post(f"{made.url}/webhooks/github", options)
        self._people = People(options, made)
        self._workload = Workload(made.projects, options.seed)
        self._trouble = Trouble(options, made.fleet, made.database, made.redis_url)
        self._random = random.Random(options.seed + 4)
        self._redeployed: set[int] = set()
        self._seconds: dict[str, float] = {}

    def make(self) -> Verdict:
        self._make_trouble()
        self._end_trouble()
        self._settle("seconds until settled")
        self._destroy_some()
        found = self._settle("… and after some were destroyed")
        self._post.close()
        self._print(found)
        return found

    def had_trouble(self) -> bool:
        """Whether each kind of trouble came at all; a run without it shows nothing."""
        has_faults = bool(self._made.aws.statistics()["faults"])
        return has_faults and self._trouble.was_every_kind and self._post.counts["duplicated"] > 0

    def _make_trouble(self) -> None:
        self._made.aws.fault_part(self._options.aws_faults)
        self._trouble.start()
        self._people.start()
        began = time.monotonic()
        # A slow machine gets longer, so that each kind of trouble comes.
        while not self._has_had_enough(time.monotonic() - began):
            project, events = self._workload.deed()
            self._tell(project, events)
            time.sleep(self._random.expovariate(self._options.pace))

    def _has_had_enough(self, seconds: float) -> bool:
        longest = 2 * self._options.trouble
        return seconds > (self._options.trouble if self._trouble.was_every_kind else longest)

    def _end_trouble(self) -> None:
        self._people.end()
        self._trouble.end()
        self._post.empty()
        for project in self._made.projects:
            for name in sorted(project.clicked):
                self._tell(project, [*self._workload.restate(project, name)])
        self._post.empty()

    def _tell(self, project: Project, events: list[tuple[str, dict[str, object]]]) -> None:
        # Of a pull request's end only GitHub knows; refs can be read by anybody.
        is_found = project.policy != PULL_REQUESTS and self._options.has_reconciler
        for kind, payload in events:
            self._post.give(kind, payload, may_be_lost=is_found)

    def _settle(self, what: str) -> Verdict:
        began = told = time.monotonic()
        while True:
            found, now = self._verdict(), time.monotonic()
            if found.is_good or now - began > self._options.settling:
                self._seconds[what] = round(now - began, 1)
                return found
            if now - began > self._options.aws_longer:
                self._made.aws.fault_part(0)
            if now - told > _TELL:
                told = now
                print(f"not settled after {now - began:.0f} s:\n{figures.findings(found, 3)}")
            self._redeploy_failed()
            self._made.fleet.supervise()
            time.sleep(_LOOK)

    def _verdict(self) -> Verdict:
        close_old_connections()
        try:
            return verdict.judge(self._made, self._post.accepted)
        except Error:
            connection.close()  # PostgreSQL was stopped since
            return verdict.judge(self._made, self._post.accepted)

    def _redeploy_failed(self) -> None:
        """A failure ends with a message that says what to do, and somebody does it, once."""
        for project in self._made.projects:
            wanted = project.wanted()
            for branch in self._people.branches(project):
                newest = branch["deployment"]
                if branch["state"] != "failed" or branch["name"] not in wanted:
                    continue
                if newest["id"] not in self._redeployed:
                    self._redeployed.add(newest["id"])
                    self._people.redeploy(branch)

    def _destroy_some(self) -> None:
        for project in self._made.projects:
            for branch in self._people.branches(project):
                if branch["state"] == "live" and self._random.random() < 0.3:
                    self._people.destroy(branch)
                    project.destroyed.add(branch["name"])

    def _print(self, found: Verdict) -> None:
        aws = self._made.aws.statistics()
        throttled = sum(number for name, number in aws["answers"].items() if name.endswith(" 400"))
        rows: dict[str, object] = {
            "seed": self._options.seed,
            **{f"deliveries {name}": self._post.counts[name] for name in self._counted()},
            "deliveries accepted": len(self._post.accepted),
            **figures.counts_of_rows(),
            "failed and redeployed": len(self._redeployed),
            "clicks": figures.listed(self._people.counts),
            "trouble": figures.listed(self._trouble.counts),
            "AWS calls": sum(aws["calls"].values()),
            "  answered by 400": throttled,
            "AWS faults": figures.listed(Counter(aws["faults"])),
            "ended by themselves": figures.listed(self._made.fleet.ended_by_themselves) or "none",
            **self._seconds,
            "spare revisions": len(verdict.spare_revisions(self._definitions())),
            "lost": len(found.lost),
            "leaked": len(found.leaked),
            "stale": len(found.stale),
        }
        print(figures.table(rows))
        for reason in figures.reasons_of_failures():
            print(f"  failed: {reason}")
        print(figures.findings(found), flush=True)

    def _definitions(self) -> list[str]:
        found: list[str] = self._made.aws.left("edaha")["task_definitions"]
        return found

    @staticmethod
    def _counted() -> tuple[str, ...]:
        return ("events", "sent", "duplicated", "dropped", "not taken")
