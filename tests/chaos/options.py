"""What a run can be told, by its environment; the seed repeats its plan."""

import os
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    seed: int
    #: Seconds of trouble, and how long everything may take to settle afterwards.
    trouble: float
    settling: float
    #: Parts of all deliveries, and of all calls to AWS.
    duplicated: float = 0.10
    dropped: float = 0.05
    aws_faults: float = 0.05
    #: AWS's bad day ends so many seconds after everything else: most calls come only then.
    aws_longer: float = 40.0
    #: Deliveries are shuffled within so many seconds.
    window: float = 3.0
    #: Things that happen in repositories, and clicks, a second; seconds between two troubles.
    pace: float = 4.0
    clicks: float = 0.3
    kill_every: tuple[float, float] = (2.0, 6.0)
    #: How long AWS takes, as a part of `tests.aws.timing`.
    aws_scale: float = 0.6

    @property
    def has_reconciler(self) -> bool:
        """Whether somebody looks for what no delivery told of."""
        return self.dropped > 0


def from_environment() -> Options:
    minutes = float(os.environ.get("EDAHA_CHAOS_MINUTES", "0"))
    seed = int(os.environ.get("EDAHA_CHAOS_SEED", "0")) or random.randrange(1, 10**6)
    dropped = float(os.environ.get("EDAHA_CHAOS_DROPPED", Options.dropped))
    return Options(
        seed=seed,
        trouble=60 * minutes if minutes else 45,
        settling=900 if minutes else 480,
        dropped=dropped,
    )
