"""Each example of docs/api.md is run, by curl, against a server with what it speaks of."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from dashboard.api.operations import api
from deployments import handing, running
from deployments.adapters import logs
from deployments.definitions.application import Image
from deployments.models import (
    ApiToken,
    Branch,
    Build,
    Delivery,
    Deployment,
    Notice,
    Repository,
    Screenshot,
    Secret,
    Share,
    Subscription,
)
from deployments.pipeline import secrets
from deployments.states import BranchState, DeploymentState
from tests.dashboard.conftest import _redis_socket as _redis_socket
from tests.dashboard.conftest import dashboard as dashboard
from tests.dashboard.conftest import redis_server as redis_server
from tests.dashboard.conftest import woken as woken
from tests.dashboard.rows import a_delivery, a_service, some_lines

TEXT = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
COMMIT = "dfdb8ca856160e4b6c6d0f6b3b7c2d8f5a1e9c47"
TASK = "0123456789abcdef0123456789abcdef"
AT = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
#: What is shown because it fails.
FAILING = {'edaha "$EDAHA/branches/999"': 404}


class Example(NamedTuple):
    command: str
    #: The answer as it is shown; None where none is.
    answer: Any


def _examples(section: str) -> Iterator[Example]:
    """The commands, each with the JSON that follows the last one of a block."""
    pattern = r"(?:^ {4}.*\n)+|^```json\n[\s\S]*?^```"
    blocks = re.findall(pattern, section, re.MULTILINE)
    for block, following in zip(blocks, [*blocks[1:], ""], strict=True):
        commands = _commands(block)
        shown = json.loads(following[8:-3]) if following.startswith("```") else None
        for command in commands:
            yield Example(command, shown if command == commands[-1] else None)


def _commands(block: str) -> list[str]:
    if block.startswith("    until "):
        return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE)]
    joined = re.sub(r"\\\n\s+", "", re.sub(r"^ {4}", "", block, flags=re.MULTILINE))
    return [line for line in _whole(joined.splitlines()) if line.startswith("edaha ")]


def _whole(lines: list[str]) -> Iterator[str]:
    """The commands: what is quoted may have several lines."""
    command = ""
    for line in lines:
        command += line
        if command.count("'") % 2 == 0:
            yield command
            command = ""
        else:
            command += "\n"
    assert not command, command


SECTIONS = {
    section.partition("\n")[0]: found
    for section in TEXT.split("\n## ")
    if (found := list(_examples(section)))
}


@pytest.fixture
def served(dashboard: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server, for which one copy runs that has printed a line."""

    def look(deployment: Deployment) -> list[running.Running]:
        service = deployment.services.get()
        task = running.Task(TASK, "RUNNING", "HEALTHY", AT, None, "", {})
        event = running.Event(AT, "(service edaha-7) has reached a steady state.")
        return [running.Running(service, True, 1, 1, 0, [task], [event])]

    def read(*_: Any, **__: Any) -> logs.Part:
        return logs.Part([(0, "Listening on port 3000")], "t")

    monkeypatch.setattr(running, "look", look)
    monkeypatch.setattr(logs, "read", read)
    monkeypatch.setattr(logs, "streams", lambda group, prefix: [logs.Stream(prefix + TASK, AT)])
    monkeypatch.setattr(secrets, "peek", lambda value_from: b"postgres://db")
    return dashboard


@pytest.fixture(autouse=True)
def _handing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What git and ECR have of it, tests/deployments looks at."""

    def build_plan(repository: Repository, branch: str, commit: str) -> handing.BuildPlan:
        store = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/edaha/{repository.pk}"
        images = ((Image("app"), "main-dfdb8ca85616.app"),)
        return handing.BuildPlan(commit, "eu-west-1", store, images)

    def hand_over(repository: Repository, given: handing.Given, *, actor: str) -> Deployment:
        return Deployment.objects.get(pk=13)

    monkeypatch.setattr(handing, "build_plan", build_plan)
    monkeypatch.setattr(handing, "hand_over", hand_over)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_example_is_answered_as_it_says(section: str, served: str, tmp_path: Path) -> None:
    for example in SECTIONS[section]:
        token = _world()
        status, body = _run(example.command, f"{served}/api/v1", token, tmp_path)
        assert status in _statuses(example.command), f"{example.command}\n{body}"
        if example.answer is not None:
            _check_keys(example.answer, json.loads(body), example.command)


def test_examples_with_answers_are_found() -> None:
    found = [example for examples in SECTIONS.values() for example in examples]
    assert len(found) > 70
    assert sum(example.answer is not None for example in found) >= 10


def _run(command: str, address: str, token: str, folder: Path) -> tuple[int, str]:
    """As a reader would, who has pasted the document's first lines."""
    options = re.search(r"alias edaha='curl (.*)'", TEXT)
    assert options
    status = "--write-out '%{stderr}%{http_code}'"
    script = f'edaha() {{ curl {options[1]} {status} "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={"EDAHA": address, "TOKEN": token, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr[-3:]), done.stdout


def _statuses(command: str) -> set[int]:
    """What the description says of an operation that goes well."""
    if command in FAILING:
        return {FAILING[command]}
    method = re.search(r"--request (\w+)", command)
    path = re.search(r'"\$EDAHA(/[^"?]*)', command)
    assert path, command
    asked = re.sub(r"/(\d+|[0-9a-f-]{36}|git)(?=/|$)", "/{}", path[1])
    for known, methods in api.get_openapi_schema()["paths"].items():
        if re.sub(r"{\w+}", "{}", known.removeprefix("/api/v1")) == asked:
            answers = methods[method[1].lower() if method else "get"]["responses"]
            return {int(status) for status in answers if int(status) < 300}
    raise AssertionError(command)


def _check_keys(shown: Any, told: Any, where: str) -> None:
    if isinstance(shown, dict):
        assert isinstance(told, dict), where
        assert shown.keys() <= told.keys(), where
        for key, value in shown.items():
            _check_keys(value, told[key], f"{where} {key}")
    elif isinstance(shown, list) and shown:
        assert isinstance(told, list), where
        assert told, where
        _check_keys(shown[0], told[0], where)


def _world() -> str:
    """Everything that the document speaks of, by its number there; an administrator's token."""
    kinds: list[type[models.Model]] = [Repository, Subscription, ApiToken, User, Delivery]
    for kind in kinds:
        kind._default_manager.all().delete()
    shop, _ = (
        Repository.objects.create(pk=pk, full_name=name, clone_url="file:///nowhere")
        for pk, name in ((1, "acme/shop"), (2, "acme/old"))
    )
    _previews(shop)
    Secret.objects.create(pk=3, repository=shop, name="DATABASE", reference="ssm:/shop/db")
    User.objects.create(pk=5, username="mika")
    a_delivery("72d3162e-cc78-11e3-81ab-4c9367dc0958", repository=shop)
    hook = Subscription(pk=6, name="hook", address="https://ci.example.com/x")
    hook.events = ["preview.ready"]
    hook.new_secret()
    hook.save()
    Notice.objects.create(pk=9, subscription=hook, event="preview.ready")
    ApiToken.objects.create(pk=2, name="old", role="viewer", digest="0" * 64)
    return ApiToken.issue("reader", "admin", created_by="mika")


def _previews(shop: Repository) -> None:
    now = timezone.now()
    branch, fork, waiting = (
        Branch.objects.create(
            pk=pk,
            repository=shop,
            name=name,
            slug=name,
            wanted_commit=COMMIT,
            title=f"SHOP-123 {name}",
            state=state,
            expires_at=now + timedelta(days=1),
            is_fork=pk == 8,
            waiting_commit=COMMIT if pk == 8 else "",
        )
        for pk, name, state in (
            (7, "cart", BranchState.LIVE),
            (8, "gift", BranchState.PENDING),
            (9, "pay", BranchState.PENDING),
        )
    )
    Branch.objects.filter(pk=fork.pk).update(seen_commit=COMMIT)
    earlier = _deployment(11, branch, DeploymentState.RETIRED, "256")
    live = _deployment(12, branch, DeploymentState.LIVE, "512")
    _deployment(13, waiting, DeploymentState.QUEUED, "512")
    # Long enough ago for their logs to have ended.
    Deployment.objects.update(state_changed_at=now - timedelta(minutes=1))
    Branch.objects.filter(pk=7).update(live=live, deployment=live, generation=12, pinned_at=now)
    Branch.objects.filter(pk=9).update(deployment=13, generation=13)
    for deployment, name in product((earlier, live), ("web", "api")):
        reference = f"registry/shop@sha256:{'9' * 64}"
        Build.objects.create(deployment=deployment, name=name, reference=reference)
    some_lines(live, 1, 3, "error {}")
    Screenshot.objects.create(deployment=live, image=b"\x89PNG\r\n\x1a\n", width=1, height=1)
    share, _ = Share.issue(branch, timedelta(days=1), note="", by="mika")
    Share.objects.filter(pk=share.pk).update(id=4)


def _deployment(pk: int, branch: Branch, state: str, cpu: str) -> Deployment:
    made = Deployment.objects.create(
        pk=pk,
        branch=branch,
        generation=pk,
        commit=COMMIT,
        previous_commit="a" * 40,
        commits=[{"commit": COMMIT, "author": "Mika", "subject": "Add", "at": 1_795_859_000}],
        commits_count=1,
        trigger=Deployment.Trigger.PUSH,
        state=state,
        started_at=timezone.now(),
    )
    options = {"awslogs-group": "/edaha/shop", "awslogs-stream-prefix": branch.slug}
    container = {
        "name": "app",
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        "environment": [{"name": "LANG", "value": "en"}],
    }
    definition = {"family": "x", "cpu": cpu, "containerDefinitions": [container]}
    change = {"where": "service.desiredCount", "before": 3, "after": 1, "why": "One is enough."}
    a_service(
        made,
        label=f"{branch.slug}",
        task_definition=definition,
        service_definition={"cluster": "edaha", "desiredCount": 1},
        changes=[change],
    )
    return made
