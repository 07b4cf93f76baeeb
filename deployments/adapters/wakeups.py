"""Redis: it wakes workers and watching browsers up, and carries nothing else.

Both calls may fail or be lost without harm: a worker's tick finds waiting rows every second, and
a browser's stream looks at the database by itself every few seconds.
"""

import json
from functools import cache
from typing import Any

import redis
import structlog
from celery import current_app
from kombu.exceptions import OperationalError

from ..config import config

log = structlog.get_logger(__name__)

DECIDE = "deployments.decide"
BUILD = "deployments.build"
RELEASE = "deployments.release"
WATCH = "deployments.watch"
CLEAN = "deployments.clean"
DESTROY = "deployments.destroy"
TICK = "deployments.tick"
RECONCILE = "deployments.reconcile"
#: Look at a repository's branches.
POLL = "deployments.poll"
#: For a build worker: give back what its disk no longer needs.
TIDY = "deployments.tidy"
#: Take a picture of what has gone live.
PICTURE = "deployments.picture"
#: Tell GitHub what there is to tell of a repository.
TELL = "deployments.tell"
#: Tell a subscriber what there is to tell.
NOTIFY = "deployments.notify"
#: For a build worker: show that work is taken.
SHOW_BUILD = "deployments.show.build"


def wake(task: str, *ids: int, countdown: float = 0, expires: float | None = None) -> None:
    """Ask a worker to run `task` with these row ids, `countdown` seconds from now.

    Nobody runs it any more once it has waited for `expires` seconds.
    """
    try:
        current_app.send_task(
            task, args=ids, countdown=countdown or None, expires=expires, retry=False
        )
    except (OperationalError, redis.RedisError, OSError) as problem:
        log.warning("wake_up_lost", task=task, ids=ids, problem=str(problem))


def channel() -> str:
    return f"{config().installation}:changes"


def notify(**change: Any) -> None:
    """Tell watching pages what changed: `branch=ID`, `deployment=ID` or `delivery=ID`."""
    try:
        _client().publish(channel(), json.dumps(change))
    except (redis.RedisError, OSError) as problem:
        log.warning("notification_lost", change=change, problem=str(problem))


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(config().redis_url, socket_timeout=2, socket_connect_timeout=2)
