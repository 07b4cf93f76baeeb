"""`logs -f` by the dashboard's own stream."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from deployments.models import ApiToken, Deployment
from deployments.states import DeploymentState
from tests.dashboard.conftest import _redis_socket as _redis_socket
from tests.dashboard.conftest import dashboard as dashboard
from tests.dashboard.conftest import redis_server as redis_server
from tests.dashboard.conftest import woken as woken
from tests.dashboard.rows import a_branch, a_deployment, an_end, some_lines

from .conftest import started


@pytest.mark.timeout(300)
def test_a_log_is_followed_by_the_stream(dashboard: str, tmp_path: Path) -> None:
    deployment = a_deployment(a_branch(), DeploymentState.BUILDING)
    some_lines(deployment, 1, 2)

    def go_on() -> None:
        some_lines(deployment, 3, 2)
        an_end(deployment, DeploymentState.LIVE)
        Deployment.objects.update(state_changed_at=timezone.now() - timedelta(seconds=10))
        connection.close()

    timer = threading.Timer(3.0, go_on)
    timer.start()
    where = ["--repository", "acme/shop", "--branch", "feature-x"]
    given = {"EDAHA_SERVER": dashboard, "EDAHA_TOKEN": ApiToken.issue("reader", "viewer")}
    done = started(["logs", "-f", *where], tmp_path, given | {"HOME": str(tmp_path)})
    timer.join()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"line {number}" for number in range(1, 5)]
    assert done.stderr == ""
