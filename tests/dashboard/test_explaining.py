"""A failed deployment says what happened, whose it is, what to do, and where the log says so."""

from typing import Any

import pytest
from django.test import Client

from dashboard.explaining import explain
from deployments.causes import Cause
from deployments.models import Deployment
from deployments.states import BranchState, DeploymentState

from .rows import a_branch, a_deployment, some_lines

pytestmark = pytest.mark.django_db


def a_failure(cause: str, error: str = "It failed.", **fields: Any) -> Deployment:
    branch = a_branch(state=BranchState.FAILED)
    return a_deployment(branch, DeploymentState.FAILED, cause=cause, error=error, **fields)


@pytest.mark.parametrize("cause", [*Cause.values, "", "of another version"])
def test_every_cause_has_words_and_next_steps(cause: str) -> None:
    told = explain(a_failure(cause))
    assert told is not None
    assert told.what.endswith(".")
    assert told.whose
    assert all(map(str, told.steps))


@pytest.mark.parametrize(
    ("cause", "error", "hint", "what"),
    [
        (
            Cause.DOCKERFILE,
            "The image could not be built: step “[2/5] RUN npm ci” failed at Dockerfile:12: x",
            "",
            "A step of the Dockerfile failed: Dockerfile, line 12.",
        ),
        (
            Cause.DOCKERFILE,
            "The image could not be built (Dockerfile:3): failed to solve: parse error",
            "",
            "A step of the Dockerfile failed: Dockerfile, line 3.",
        ),
        (
            Cause.MISSING_FILE,
            'step “COPY menu.json .” failed: failed to compute cache key: "/menu.json": not found',
            "",
            "There is no file or folder “menu.json”.",
        ),
        (
            Cause.MISSING_FILE,
            "There is no folder web in commit 3f2a1bc.",
            "",
            "There is no file or folder “web”.",
        ),
        (
            Cause.MISSING_SECRET,
            "edaha.yml: app/web: There is no SSM parameter /shop/db.",
            "",
            "The secret “/shop/db” is missing.",
        ),
        (
            Cause.PORT,
            "The application did not answer on port 8000 within 60 s: nothing accepts there.",
            "Its log says that it listens on port 3000. Make it listen on 0.0.0.0:8000.",
            "It listens on port 3000, and visitors come to port 8000.",
        ),
        (
            Cause.PORT,
            "The application did not answer on port 8000 within 60 s: nothing accepts there.",
            "Its log says that it listens on 127.0.0.1 port 8000. Make it listen on 0.0.0.0:8000.",
            "It listens on 127.0.0.1, where nobody outside of its container reaches it.",
        ),
        (Cause.MEMORY, "step “RUN make” failed: exit code 137", "", "The build ran out of memory."),
        (Cause.CRASH, "The container exited by itself.", "", "The application ends by itself."),
    ],
)
def test_it_says_what_the_error_names(cause: Cause, error: str, hint: str, what: str) -> None:
    told = explain(a_failure(cause, error, hint=hint))
    assert told is not None
    assert told.what == what


def test_the_line_is_quoted_with_what_follows_it_and_links_to_the_log(viewer: Client) -> None:
    deployment = a_failure(Cause.DOCKERFILE, error_line=7)
    some_lines(deployment, 1, 8, "says {}")
    page = viewer.get(f"/deployments/{deployment.pk}").content.decode()
    assert f'href="/deployments/{deployment.pk}#L7"' in page
    assert "says 8" in page
    assert "known to tell the error" not in page


def test_where_no_line_tells_it_the_last_ones_are_shown(viewer: Client) -> None:
    deployment = a_failure(Cause.OTHER)
    some_lines(deployment, 1, 60, "says {}")
    some_lines(deployment, 61, 1, "✗ It failed.")
    told = explain(deployment)
    assert told is not None
    assert [line.text for line in told.last] == [f"says {number}" for number in range(55, 61)]
    page = viewer.get(f"/deployments/{deployment.pk}").content.decode()
    assert "No line of the log is known to tell the error." in page


def test_what_the_definitions_lack_is_said_in_full(viewer: Client) -> None:
    deployment = a_failure(Cause.DEFINITIONS, "edaha.yml:3: There is no service “web”.")
    page = viewer.get(f"/deployments/{deployment.pk}").content.decode()
    assert "edaha.yml:3: There is no service “web”." in page
    assert "In its own words" not in page


def test_hostile_words_stay_text(viewer: Client) -> None:
    hostile = "<script>alert(1)</script>\u202e\x1b[31m" + "x" * 100_000
    deployment = a_failure(Cause.MISSING_SECRET, f"There is no secret {hostile}.", error_line=1)
    some_lines(deployment, 1, 3, hostile.replace("{", ""))
    page = viewer.get(f"/deployments/{deployment.pk}").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("state", [DeploymentState.LIVE, DeploymentState.CANCELLED])
def test_what_did_not_fail_is_not_explained(state: DeploymentState) -> None:
    assert explain(a_deployment(a_branch(), state, error="Cancelled by mika.")) is None
    assert explain(None) is None


def test_a_missing_line_is_not_quoted() -> None:
    told = explain(a_failure(Cause.DOCKERFILE, error_line=4711))
    assert told is not None
    assert not told.quote
