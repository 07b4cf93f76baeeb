"""What runs of a preview, and what its containers print."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard import looks, printed
from deployments import running
from deployments.adapters import logs
from deployments.errors import PlatformError
from deployments.models import Branch
from deployments.pipeline import secrets
from deployments.redaction import Redactor
from tests.dashboard.rows import a_branch, a_service
from tests.dashboard.test_runtime_log import TASK, CloudWatch, a_printing_branch

from .conftest import Caller

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
STOPPED = "fedcba9876543210fedcba9876543210"


@pytest.fixture(autouse=True)
def _anew() -> None:
    looks.forget()


@pytest.fixture
def branch(db: None) -> Branch:
    return a_printing_branch()


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> CloudWatch:
    fake = CloudWatch()
    monkeypatch.setattr(logs, "read", fake.read)
    known = [logs.Stream(f"x/app/{task}", AT) for task in (TASK, STOPPED)]

    def streams(group: str, prefix: str) -> list[logs.Stream]:
        return [each._replace(name=prefix + each.name.rpartition("/")[2]) for each in known]

    monkeypatch.setattr(logs, "streams", streams)
    return fake


def test_services_tasks_and_events_are_told_in_plain_words(
    viewer: Caller, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = branch.live.services.get()  # type: ignore[union-attr]
    task = running.Task(
        TASK, "STOPPED", "UNKNOWN", AT, AT, "Essential container exited", {"app": 1}
    )
    event = running.Event(AT, "(service x) has reached a steady state.")
    found = running.Running(service, True, 1, 0, 1, [task], [event])
    monkeypatch.setattr(running, "look", lambda deployment: [found])
    (told,) = viewer("GET", f"/branches/{branch.pk}/running").json()
    assert (told["service"], told["desired"], told["running"], told["pending"]) == ("app", 1, 0, 1)
    assert told["tasks"][0]["meaning"] == "has stopped"
    assert told["tasks"][0]["exit_codes"] == {"app": 1}
    assert told["events"][0]["message"] == event.message
    assert told["events"][0]["meaning"] == "Everything runs as wanted."


def test_a_branch_of_which_nothing_runs_asks_nobody(viewer: Caller) -> None:
    assert viewer("GET", f"/branches/{a_branch().pk}/running").json() == []


def test_an_aws_that_does_not_answer_is_a_problem(
    viewer: Caller, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(deployment: Any) -> Any:
        raise PlatformError("AWS does not answer.")

    monkeypatch.setattr(running, "look", look)
    answer = viewer("GET", f"/branches/{branch.pk}/running")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["detail"] == "AWS does not answer."


def test_whose_output_there_is(deployer: Caller, branch: Branch, cloudwatch: CloudWatch) -> None:
    told = deployer("GET", f"/branches/{branch.pk}/outputs?container=app").json()
    assert [each["task"] for each in told] == [TASK, STOPPED]
    whole = deployer("GET", f"/branches/{branch.pk}/outputs").json()
    assert {each["container"] for each in whole} == {"app", "sidecar"}


def test_output_is_followed_by_its_cursor(
    deployer: Caller, branch: Branch, cloudwatch: CloudWatch
) -> None:
    cloudwatch.lines = [(1000 * number, f"line {number}") for number in range(5)]
    path = f"/branches/{branch.pk}/output"
    first = deployer("GET", f"{path}?lines=2").json()
    assert (first["service"], first["container"], first["task"]) == ("app", "app", TASK)
    assert first["lines"] == [{"at": 3.0, "text": "line 3"}, {"at": 4.0, "text": "line 4"}]
    quiet = deployer("GET", f"{path}?cursor={first['cursor']}").json()
    assert quiet["lines"] == []
    cloudwatch.lines.append((5000, "line 5"))
    later = deployer("GET", f"{path}?cursor={quiet['cursor']}").json()
    assert [line["text"] for line in later["lines"]] == ["line 5"]


def test_a_stopped_tasks_output_as_text(
    deployer: Caller, branch: Branch, cloudwatch: CloudWatch
) -> None:
    cloudwatch.lines = [(0, "\x1b[31mit ends\x1b[0m")]
    path = f"/branches/{branch.pk}/output?task={STOPPED}"
    answer = deployer("GET", path, headers={"Accept": "text/plain"})
    assert answer.content == b"it ends\n"
    again = deployer("GET", f"{path}&cursor={answer['Edaha-Cursor']}")
    assert again.json()["lines"] == []


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_secret_that_a_cursor_cuts_is_not_told(
    deployer: Caller,
    branch: Branch,
    cloudwatch: CloudWatch,
    monkeypatch: pytest.MonkeyPatch,
    cut: int,
) -> None:
    secret = ["-----BEGIN KEY", "aGlkZGVuIHRoaW5n", "bW9yZSBvZiBpdA=="]
    monkeypatch.setattr(secrets, "redactor", lambda branch: Redactor(["\n".join(secret)]))
    whole = [(0, line) for line in ["before", *secret, "after"]]
    path = f"/branches/{branch.pk}/output"
    cloudwatch.lines = whole[: 1 + cut]
    first = deployer("GET", path).json()
    cloudwatch.lines = whole
    second = deployer("GET", f"{path}?cursor={first['cursor']}").json()
    shown = [line["text"] for line in first["lines"] + second["lines"]]
    assert shown[0] == "before" and shown[-1] == "after"
    assert not set(shown) & set(secret)
    assert not any(line in first["cursor"] for line in secret)


def test_what_is_held_too_long_for_an_address_is_starred(
    deployer: Caller, branch: Branch, cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "redactor", lambda branch: Redactor(["k" * 9000]))
    cloudwatch.lines = [(0, "k" * 8000)]
    told = deployer("GET", f"/branches/{branch.pk}/output").json()
    assert [line["text"] for line in told["lines"]] == ["***"]
    assert len(told["cursor"]) <= printed._LONGEST


def test_a_cursor_of_another_output_is_refused(
    deployer: Caller, branch: Branch, cloudwatch: CloudWatch
) -> None:
    path = f"/branches/{branch.pk}/output"
    other = deployer("GET", f"{path}?task={STOPPED}").json()["cursor"]
    for cursor in (other, "nonsense"):
        answer = deployer("GET", f"{path}?task={TASK}&cursor={cursor}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == "query.cursor"


def test_a_container_that_there_is_not_is_a_404_that_helps(
    deployer: Caller, branch: Branch, cloudwatch: CloudWatch
) -> None:
    a_service(branch.live, "web")  # type: ignore[arg-type]
    answer = deployer("GET", f"/branches/{branch.pk}/output?container=quiet")
    assert answer.status_code == 404
    assert "/outputs" in answer.json()["hint"]


def test_output_is_for_those_who_may_deploy(viewer: Caller, branch: Branch) -> None:
    for path in ("output", "outputs"):
        assert viewer("GET", f"/branches/{branch.pk}/{path}").status_code == 403
