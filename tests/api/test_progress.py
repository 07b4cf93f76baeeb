"""What whoever waits in a terminal is told: the steps, and the log as a stream."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from dashboard.estimates import estimate
from deployments.adapters import wakeups
from deployments.models import ApiToken, BuildStep, Deployment, Repository
from deployments.states import DeploymentState
from tests.dashboard.conftest import _redis_socket as _redis_socket
from tests.dashboard.conftest import dashboard as dashboard
from tests.dashboard.conftest import redis_server as redis_server
from tests.dashboard.conftest import woken as woken
from tests.dashboard.rows import a_branch, a_deployment, an_end, some_lines

from .conftest import Caller

Told = list[tuple[str, str, Any]]


def building(**fields: Any) -> Deployment:
    now = timezone.now()
    deployment = a_deployment(a_branch(), DeploymentState.BUILDING, started_at=now, **fields)
    times = {"started_at": now - timedelta(seconds=9), "completed_at": now}
    BuildStep.objects.create(deployment=deployment, number=1, name="FROM a", cached=True, **times)
    BuildStep.objects.create(deployment=deployment, number=2, name="RUN b", started_at=now)
    return deployment


def test_how_far_a_build_has_come(viewer: Caller) -> None:
    deployment = building()
    told = viewer("GET", f"/deployments/{deployment.pk}/progress").json()
    assert (told["state"], told["step"], told["of"]) == ("building", 2, 2)
    assert [(step["name"], step["cached"]) for step in told["steps"]] == [
        ("FROM a", True),
        ("RUN b", False),
    ]
    assert told["steps"][1]["completed_at"] is None
    assert told["ends_at"] is None


def test_when_it_should_be_live_is_what_the_page_says(viewer: Caller) -> None:
    start = timezone.now() - timedelta(hours=1)
    steps = [start + timedelta(seconds=seconds) for seconds in (0, 30, 40, 60)]
    names = ("started_at", "built_at", "released_at", "finished_at")
    before = a_deployment(a_branch(), DeploymentState.RETIRED)
    Deployment.objects.filter(pk=before.pk).update(**dict(zip(names, steps, strict=True)))
    deployment = building()
    deployment.started_at = timezone.now() - timedelta(seconds=15)
    deployment.save()
    earlier = estimate(deployment)
    told = viewer("GET", f"/deployments/{deployment.pk}/progress").json()
    later = estimate(deployment)
    assert earlier and earlier.ends_at and earlier.percent
    assert later and later.ends_at and later.percent
    # Time goes on between the two, and the end does not move by that.
    assert earlier.percent <= told["percent"] <= later.percent
    ends_at = datetime.fromisoformat(told["ends_at"])
    assert abs(ends_at - earlier.ends_at) < timedelta(seconds=1)


def read(response: httpx.Response) -> Iterator[tuple[str, str, Any]]:
    """Events as (name, id, data)."""
    event: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif "event" in event:
            data = json.loads(event["data"]) if event.get("data") else None
            yield event["event"], event.get("id", ""), data
            event = {}


def asked(dashboard: str, deployment: Deployment, after: str = "", *, token: str = "") -> Any:
    token = token or ApiToken.issue(f"reader {after}", "viewer")
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": after} if after else {})
    address = f"{dashboard}/api/v1/deployments/{deployment.pk}/log/stream"
    return httpx.stream("GET", address, headers=headers, timeout=20)


@pytest.mark.timeout(300)
def test_the_stream_has_every_line_once_and_an_end(dashboard: str) -> None:
    deployment = building()
    some_lines(deployment, 1, 3, "line {}")

    def go_on() -> None:
        some_lines(deployment, 4, 2, "line {}")
        an_end(deployment)
        Deployment.objects.update(state_changed_at=timezone.now() - timedelta(seconds=10))
        wakeups.notify(deployment=deployment.pk)
        connection.close()

    told: Told = []
    with asked(dashboard, deployment) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        for event in read(response):
            told.append(event)
            if len(told) == 2:
                threading.Thread(target=go_on).start()
    lines = [line for name, _, data in told if name == "lines" for line in data]
    assert [line["text"] for line in lines] == [f"line {number}" for number in range(1, 6)]
    states = [data["state"] for name, _, data in told if name == "progress"]
    assert (states[0], states[-1]) == ("building", "failed")
    assert told[-1][0] == "end"
    # Whoever lost the connection goes on where it broke.
    with asked(dashboard, deployment, "3") as response:
        again = [
            line["number"] for name, _, data in read(response) if name == "lines" for line in data
        ]
    assert again == [4, 5]


@pytest.mark.timeout(300)
def test_the_stream_is_for_those_who_may_see_it(dashboard: str) -> None:
    deployment = building()
    Repository.objects.update(is_private=True)
    with asked(dashboard, deployment) as response:
        assert response.status_code == 404
    with asked(dashboard, deployment, token="edaha_wrong") as response:
        assert response.status_code == 401
