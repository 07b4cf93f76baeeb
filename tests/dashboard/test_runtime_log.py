"""What containers print: read once for everybody, and from the preview's own streams alone."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from django.test import Client

from dashboard import outputs
from dashboard.streams import tail
from dashboard.streams.hub import hub
from deployments.adapters import aws, logs
from deployments.errors import PlatformError
from deployments.models import Branch
from deployments.redaction import Redactor

from .rows import a_live_branch

#: What containers are given.
CONCEALED = ["pa55word-of-the-shop"]
TASK = "0123456789abcdef0123456789abcdef"


def a_printing_branch() -> Branch:
    branch = a_live_branch()
    service = branch.deployment.services.get()  # type: ignore[union-attr]
    options = {"awslogs-group": "/edaha/acme/shop", "awslogs-stream-prefix": branch.slug}
    service.task_definition = {
        "containerDefinitions": [
            {"name": name, "logConfiguration": {"logDriver": driver, "options": options}}
            for name, driver in (("sidecar", "awslogs"), ("app", "awslogs"), ("quiet", "splunk"))
        ]
    }
    service.save()
    return branch


class CloudWatch:
    """GetLogEvents as it is documented: a token leads on, and comes back unchanged at the end."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.calls = 0
        self.problem: PlatformError | None = None

    def read(self, group: str, stream: str, token: str = "", *, limit: int = 1000) -> logs.Part:
        self.calls += 1
        if self.problem:
            raise self.problem
        first = int(token) if token else max(0, len(self.lines) - limit)
        part = self.lines[first : first + limit]
        return logs.Part(part, str(first + len(part)))


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> CloudWatch:
    fake = CloudWatch()
    monkeypatch.setattr(logs, "read", fake.read)
    monkeypatch.setattr(tail, "SOON", 0.02)
    return fake


async def heard(count: int, viewers: int, cloudwatch: CloudWatch) -> list[list[str]]:
    """What each of some viewers has heard when it has heard `count` lines."""

    async def one() -> list[str]:
        texts: list[str] = []
        async with aclosing(tail.follow("group", "stream", Redactor(CONCEALED), "en")) as events:
            async for event in events:
                data = b"".join(
                    line[6:] for line in event.split(b"\n") if line.startswith(b"data: ")
                )
                if event.startswith(b"event: line"):
                    texts += json.loads(data)["html"]
                if len(texts) >= count:
                    return texts
        return texts

    return await asyncio.gather(*(one() for _ in range(viewers)))


async def test_many_who_watch_cost_one_tail(cloudwatch: CloudWatch) -> None:
    cloudwatch.lines = [(n, f"line {n}") for n in range(30)]
    try:
        watching = asyncio.create_task(heard(40, 20, cloudwatch))
        await asyncio.sleep(0.2)
        cloudwatch.lines += [(n, f"line {n}") for n in range(30, 40)]
        results = await watching
        calls = cloudwatch.calls
    finally:
        await hub().shut_down()
    assert all(texts == [f"line {n}" for n in range(40)] for texts in results)
    assert calls < 60  # each viewer for itself would be twenty times as many


async def test_no_secret_is_shown_also_where_a_line_is_cut(cloudwatch: CloudWatch) -> None:
    value = CONCEALED[0]
    lines = [f"url={value}", f"cut {value[:9]}", value[9:], "end of it", f"last {value[:5]}"]
    cloudwatch.lines = list(enumerate(lines))
    try:
        [texts] = await heard(5, 1, cloudwatch)
    finally:
        await hub().shut_down()
    assert texts == ["url=***", "cut ***", "***", "end of it", f"last {value[:5]}"]


async def test_only_the_newest_lines_are_kept_for_late_comers(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "KEPT", 50)
    cloudwatch.lines = [(n, f"<b>{n}</b>") for n in range(200)]
    try:
        [texts] = await heard(50, 1, cloudwatch)
    finally:
        await hub().shut_down()
    assert texts == [f"&lt;b&gt;{n}&lt;/b&gt;" for n in range(150, 200)]


async def test_a_refusal_is_said_and_tried_again(cloudwatch: CloudWatch) -> None:
    cloudwatch.problem = PlatformError("AWS refused to read it.", hint="Grant it.")
    try:
        said = []
        async with aclosing(tail.follow("group", "stream", Redactor(CONCEALED), "en")) as events:
            async for event in events:
                said.append(event.decode())
                if "tail-problem" in said[-1]:
                    break
    finally:
        await hub().shut_down()
    assert "AWS refused to read it. Grant it." in said[-1]


@pytest.mark.django_db
def test_only_the_previews_own_containers_can_be_read() -> None:
    branch = a_printing_branch()
    other = a_live_branch("other")
    assert [each.name for each in outputs.containers(branch)] == ["sidecar", "app"]
    assert outputs.containers(other) == []
    chosen = outputs.chosen(branch, {"task": TASK})
    assert chosen is not None
    # The container that visitors reach comes first.
    assert chosen.stream == f"{branch.slug}/app/{TASK}"
    for query in (
        {"task": "../../other"},
        {"task": TASK, "container": "quiet"},
        {"task": TASK, "service": "999999"},
        {"task": ""},
    ):
        assert outputs.chosen(branch, query) is None


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["logs/stream", "logs.txt"])
def test_what_is_not_there_cannot_be_followed(deployer: Client, path: str) -> None:
    branch = a_printing_branch()
    assert deployer.get(f"/branches/{branch.pk}/{path}?task=/etc/passwd").status_code == 404


@pytest.mark.django_db
def test_a_stopped_tasks_last_lines_stay(account: None, deployer: Client) -> None:
    branch = a_printing_branch()
    client: Any = aws.client("logs")
    client.create_log_group(logGroupName="/edaha/acme/shop")
    for number, task in enumerate(("a" * 32, "b" * 32), start=1):
        stream = f"{branch.slug}/app/{task}"
        client.create_log_stream(logGroupName="/edaha/acme/shop", logStreamName=stream)
        events = [{"timestamp": 1_795_000_000_000 * number, "message": f"\x1b[31mlast {number}"}]
        client.put_log_events(
            logGroupName="/edaha/acme/shop", logStreamName=stream, logEvents=events
        )
    page = deployer.get(f"/branches/{branch.pk}/logs").content.decode()
    assert "aaaaaaaa" in page and "bbbbbbbb" in page
    text = deployer.get(f"/branches/{branch.pk}/logs.txt?task={'a' * 32}")
    assert text.content == b"last 1\n"
    assert f"{'a' * 32}.txt" in text["Content-Disposition"]


@pytest.mark.django_db
def test_a_preview_that_prints_elsewhere_says_so(deployer: Client) -> None:
    branch = a_live_branch()
    page = deployer.get(f"/branches/{branch.pk}/logs").content.decode()
    assert "None of its containers writes to CloudWatch Logs." in page


async def test_nothing_is_read_once_nobody_watches(cloudwatch: CloudWatch) -> None:
    cloudwatch.lines = [(1, "line")]
    try:
        await heard(1, 1, cloudwatch)
        await asyncio.sleep(0.1)
        calls = cloudwatch.calls
        await asyncio.sleep(0.2)
        assert cloudwatch.calls == calls
    finally:
        await hub().shut_down()
