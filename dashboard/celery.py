"""The Celery application: two queues, and a clock that ticks every second.

Redis only wakes workers up. Tasks carry ids and may be lost or repeated without harm: what is to
be done stands in the database, and `reconcile.tick` finds what nobody was told of.
"""

import os

from celery import Celery
from celery.signals import setup_logging
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.conf import settings

from deployments.adapters import wakeups

from . import alive, stopping  # noqa: F401 (connect themselves)


def _broker_url(url: str) -> str:
    return url.replace("unix://", "redis+socket://", 1)


# A worker that loses Redis would put back what it has not done yet, find that Redis is lost, and
# end itself. What is not done stands in the database.
Channel.do_restore = False

app = Celery("edaha", broker=_broker_url(settings.EDAHA.redis_url))
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=False,
    task_default_queue="control",
    task_routes={
        task: {"queue": "build"} for task in (wakeups.BUILD, wakeups.TIDY, wakeups.SHOW_BUILD)
    },
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "global_keyprefix": f"{settings.EDAHA.installation}:",
        "visibility_timeout": 7200,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        # A wake-up that cannot be sent is given up at once: nobody waits for it.
        "max_retries": 0,
    },
    # The default keeps its schedule in a file, which a SIGTERM in the middle of a tick closes too
    # early; a tick a second needs no memory.
    beat_scheduler="celery.beat:Scheduler",
    # A second old tick has nothing to say that the next one does not.
    beat_schedule={
        "tick": {"task": wakeups.TICK, "schedule": 1.0, "options": {"expires": 2}},
    },
    timezone="UTC",
)
app.autodiscover_tasks(["deployments"])


@setup_logging.connect
def _use_djangos_logging(**_: object) -> None:
    from logging.config import dictConfig

    dictConfig(settings.LOGGING)
