"""Where an application listens by its own word, and what a failure that names it is called."""

import pytest

from deployments.adapters.preview import Answer
from deployments.causes import Cause
from deployments.diagnosis import Listening, listening, place_in_dockerfile
from deployments.models import Service
from deployments.pipeline.lateness import late_error

NOTHING_THERE = Answer(False, "nothing accepts connections there yet")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" * Running on http://127.0.0.1:5000", Listening(5000, True)),
        ("Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)", Listening(8000, False)),
        ("Server listening on port 3000", Listening(3000, False)),
        ("listening on :8080", Listening(8080, False)),
        ("  ➜  Local:   http://localhost:5173/", Listening(5173, True)),
        ("   - Local:        http://localhost:3000", Listening(3000, True)),
        ("Tomcat started on port 8080 (http) with context path ", Listening(8080, False)),
        ("* Listening on http://[::]:3000", Listening(3000, False)),
        ("[1] [INFO] Listening at: http://0.0.0.0:8000 (1)", Listening(8000, False)),
        ("Now listening on: http://[::]:8080", Listening(8080, False)),
        ("connected to postgres at db.internal:5432", None),
        ("running 12 migrations in 4000 ms", None),
    ],
)
def test_lines_that_say_it(line: str, expected: Listening | None) -> None:
    assert listening([line]) == expected


@pytest.mark.parametrize(
    ("printed", "cause", "said"),
    [
        (["listening on port 3000"], Cause.PORT, "Its log says that it listens on port 3000."),
        (["Running on http://127.0.0.1:8000"], Cause.PORT, "listens on 127.0.0.1 port 8000."),
        (["Running on http://0.0.0.0:8000"], Cause.NO_ANSWER, "Make it listen"),
        (["connecting to the database"], Cause.NO_ANSWER, "Make it listen"),
        ([], Cause.NO_ANSWER, "Make it listen"),
    ],
)
def test_a_port_that_is_another_one_is_told(printed: list[str], cause: Cause, said: str) -> None:
    error = late_error(Service(port=8000, startup_seconds=60), NOTHING_THERE, printed, [])
    assert error.cause == cause
    assert said in error.hint


def test_a_bad_answer_is_not_about_the_port() -> None:
    answer = Answer(False, "it answered 503")
    error = late_error(Service(port=8000), answer, ["listening on port 3000"], [])
    assert error.cause == Cause.HEALTH_CHECK


@pytest.mark.parametrize(
    ("events", "cause"),
    [
        (["(service x) was unable to place a task because no instance met"], Cause.CAPACITY),
        (["(service x) has started 1 tasks"], Cause.TIME),
        ([], Cause.TIME),
    ],
)
def test_why_a_task_did_not_run_is_told_by_ecss_events(events: list[str], cause: Cause) -> None:
    assert late_error(Service(port=8000), None, [], events).cause == cause


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (["Dockerfile:4", "--------------------", "ERROR: failed to solve"], "Dockerfile:4"),
        (["deploy/web.Dockerfile:12"], "deploy/web.Dockerfile:12"),
        (["ERROR: dockerfile parse error on line 3: unknown instruction"], "Dockerfile:3"),
        (["ERROR: failed to solve: node:99: not found"], ""),
        ([], ""),
    ],
)
def test_the_place_in_the_dockerfile(said: list[str], place: str) -> None:
    assert place_in_dockerfile(said, "Dockerfile") == place


def test_the_place_is_told_by_its_path_in_the_repository() -> None:
    assert place_in_dockerfile(["Dockerfile:4"], "apps/web/Dockerfile") == "apps/web/Dockerfile:4"
    assert place_in_dockerfile(["other:4"], "apps/web/Dockerfile") == "other:4"
