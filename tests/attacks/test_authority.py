"""Whose things somebody may reach by their number; what Redis, a worker and a task may do."""

import asyncio
import base64
import fnmatch
import inspect
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.exceptions import ContentDisallowed

from dashboard.celery import app
from dashboard.streams import hub
from deployments import tasks
from deployments.adapters import wakeups
from deployments.models import Deployment
from tests.api.conftest import Caller
from tests.dashboard.rows import a_deployment, a_live_branch, a_repository

from .watching import Watch

ROOT = Path(__file__).resolve().parents[2]
POLICY = json.loads((ROOT / "infra/worker-policy.json").read_text())


def test_dokploy_idor_a_preview_is_not_rolled_back_to_another_ones_deployment(
    deployer: Client, woken: list[Any]
) -> None:
    """Dokploy took the number of anybody's deployment for one's own."""
    own, other = a_live_branch("own"), a_live_branch("other", repository=a_repository("acme/wiki"))
    before = a_deployment(other, "retired")
    response = deployer.post(f"/branches/{own.pk}/rollback/confirmed", {"deployment": before.pk})
    assert response.status_code == 404
    assert not Deployment.objects.filter(trigger="rollback").exists()
    assert woken == []


@pytest.mark.parametrize("number", ["-1", "0", "1e3", "٣", "9" * 40, "1;2", "' OR 1=1 --", "\x00"])
def test_dokploy_idor_no_number_but_its_own_is_taken(
    deployer: Client, woken: list[Any], number: str
) -> None:
    own = a_live_branch("own")
    response = deployer.post(f"/branches/{own.pk}/rollback/confirmed", {"deployment": number})
    assert response.status_code == 404
    assert woken == []


def test_coolify_cve_2026_48742_every_change_needs_a_role_and_a_token_of_this_site(
    woken: list[Any], viewer: Client
) -> None:
    """ "Authorization temporarily disabled": each address of a change, tried with too little."""
    branch = a_live_branch("own")
    changes = ("redeploy", "destroy/confirmed", "rollback/confirmed", "pin", "unpin", "extend")
    outside, forged = Client(), Client(enforce_csrf_checks=True)
    forged.cookies = viewer.cookies
    for change in changes:
        path = f"/branches/{branch.pk}/{change}"
        assert viewer.post(path).status_code == 403
        assert forged.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
        assert outside.post(path)["Location"].startswith("/sign-in")
    assert woken == []
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize("override", ["_method", "X-HTTP-Method-Override", "X-Method-Override"])
def test_no_get_becomes_a_change(deployer: Client, woken: list[Any], override: str) -> None:
    branch = a_live_branch("own")
    path = f"/branches/{branch.pk}/destroy/confirmed"
    response = deployer.get(f"{path}?_method=POST", headers={override: "POST"})
    assert response.status_code == 405
    assert woken == []


def test_what_the_api_is_told_beside_what_it_asks_for_is_refused(caller: Caller) -> None:
    """Mass assignment: no field of a row is set by naming it (GitHub, 2012)."""
    branch = a_live_branch("own")
    for more in ({"state": "live"}, {"role": "admin"}, {"repository_id": 1}, {"pk": 1}):
        answer = caller("POST", f"/branches/{branch.pk}/deployments", json=more)
        assert answer.status_code == 422


@pytest.fixture
def line(redis_server: None) -> Connection:
    """To the Redis that the workers listen to."""
    url = settings.EDAHA.redis_url.replace("unix://", "redis+socket://", 1)
    return Connection(url, transport_options=app.conf.broker_transport_options)


class Bomb:
    def __reduce__(self) -> Any:
        return (Path("/tmp/edaha-was-here").touch, ())


@pytest.mark.parametrize("kind", ["pickle", "yaml", "application/x-python-serialize"])
def test_cve_2021_23727_a_message_is_json_or_nothing(
    line: Connection, watch: Watch, kind: str
) -> None:
    """Whoever wrote to the broker ran code in Celery's workers."""
    queue = Queue("control", Exchange("control"), routing_key="control")
    with line, line.channel() as channel:
        Producer(channel).publish(
            base64.b64encode(pickle.dumps(Bomb())).decode(),
            exchange=queue.exchange,
            routing_key="control",
            declare=[queue],
            content_type=kind,
            content_encoding="utf-8",
            serializer=None,
        )
        taken: list[Any] = []

        def take(message: Any) -> None:
            message.ack()
            with pytest.raises(ContentDisallowed):
                message.decode()
            taken.append(message)

        consumer = Consumer(
            channel, [queue], accept=app.conf.accept_content, on_message=take, auto_declare=True
        )
        with consumer:
            line.drain_events(timeout=10)
    assert len(taken) == 1
    assert app.conf.accept_content == ["json"]
    assert app.conf.result_backend is None
    watch.assert_nothing_unexpected()
    assert not Path("/tmp/edaha-was-here").exists()


def test_cve_2021_23727_a_task_is_told_numbers_of_rows_and_nothing_else() -> None:
    names = [name for name in app.tasks if name.startswith("deployments.")]
    assert len(names) >= 11
    for name in names:
        for parameter in inspect.signature(app.tasks[name].run).parameters.values():
            assert parameter.annotation in (int, int | None), name


@pytest.mark.parametrize(
    "argument",
    [-1, 0, 2**63 - 1, "1; DROP TABLE x", "../../x", [1], {"id": 1}, None, "<script>", 1.5],
    ids=str,
)
@pytest.mark.parametrize("task", ["build", "release", "clean", "destroy", "picture"])
def test_cve_2021_23727_a_number_that_means_nothing_does_nothing(
    transactional_db: None, watch: Watch, task: str, argument: Any
) -> None:
    try:
        getattr(tasks, task).run(argument)
    except (TypeError, ValueError, Deployment.DoesNotExist):
        pass  # the worker writes it down and goes on
    except Exception as problem:
        assert type(problem).__name__ == "DoesNotExist"
    assert watch.started == []
    watch.assert_nothing_unexpected()


async def test_what_is_said_on_the_channel_of_changes_is_a_hint_or_nothing(
    redis_server: None,
) -> None:
    """Whoever writes to Redis makes a page look again, and no more."""
    hints: Any = hub._hints()
    first = asyncio.ensure_future(anext(hints))
    said = ["", "{", "[]", "null", '"x"', "\\xff", "[" * 1000, "1e999", '{"branch": 7}']
    while not first.done():
        for text in said:
            wakeups._client().publish(wakeups.channel(), text)
        wakeups._client().publish(wakeups.channel(), b"\xff\xfe")
        await asyncio.sleep(0.05)
    assert first.result() == {"branch": 7}
    await hints.aclose()


def allowed(action: str, resource: str, **context: str) -> bool:
    """Whether the workers' policy allows it: the part of IAM's rules that it uses."""
    return any(_matches(each, action, resource, context) for each in POLICY["Statement"])


def _matches(statement: dict[str, Any], action: str, resource: str, context: Any) -> bool:
    def listed(key: str) -> list[str]:
        value = statement[key]
        return [value] if isinstance(value, str) else value

    if action not in listed("Action"):
        return False
    if not any(fnmatch.fnmatchcase(resource, _filled(each)) for each in listed("Resource")):
        return False
    for conditions in statement.get("Condition", {}).values():
        for key, wanted in conditions.items():
            values = [_filled(each) for each in ([wanted] if isinstance(wanted, str) else wanted)]
            if context.get(key) not in values:
                return False
    return True


_ACCOUNT = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "Installation": "edaha",
    "Cluster": "previews",
    "Namespace": "ns-1",
    "Namespace.HostedZoneId": "Z1",
    "ExecutionRole.Arn": "arn:aws:iam::123456789012:role/edaha-execution",
    "TaskRole.Arn": "arn:aws:iam::123456789012:role/edaha-task",
}


def _filled(text: str) -> str:
    for name, value in _ACCOUNT.items():
        text = text.replace(f"${{{name}}}", value)
    return text


_ROLE = "arn:aws:iam::123456789012:role/"
_ECS = "arn:aws:ecs:eu-west-1:123456789012:"
_TASKS = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


def test_the_policys_reader_allows_what_is_allowed() -> None:
    assert allowed("iam:PassRole", f"{_ROLE}edaha-task", **_TASKS)
    cluster = {"ecs:cluster": f"{_ECS}cluster/previews"}
    assert allowed("ecs:RunTask", f"{_ECS}task-definition/edaha-x:1", **cluster)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:PassRole", f"{_ROLE}Admin", _TASKS),
        ("iam:PassRole", f"{_ROLE}edaha-worker", _TASKS),
        ("iam:PassRole", f"{_ROLE}edaha-task", {"iam:PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", f"{_ROLE}edaha-task", {}),
        ("iam:CreateRole", f"{_ROLE}edaha-x", {}),
        ("iam:AttachRolePolicy", f"{_ROLE}edaha-task", {}),
        ("iam:PutRolePolicy", f"{_ROLE}edaha-task", {}),
        ("sts:AssumeRole", f"{_ROLE}Admin", {}),
        ("ecs:RunTask", f"{_ECS}task-definition/payments:1", {}),
        ("ecs:DeleteService", f"{_ECS}service/production/payments", {}),
        ("ecs:DeleteService", f"{_ECS}service/previews/payments", {}),
        ("ecs:ExecuteCommand", f"{_ECS}task/previews/abc", {}),
        ("ecs:StopTask", f"{_ECS}task/previews/abc", {}),
        ("ecs:RegisterContainerInstance", f"{_ECS}cluster/previews", {}),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/production/key", {}),
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:production",
            {"aws:ResourceTag/edaha:readable-by": "another"},
        ),
        ("s3:GetObject", "arn:aws:s3:::bucket/key", {}),
        ("ecr:PutImage", "arn:aws:ecr:eu-west-1:123456789012:repository/production/app", {}),
        ("ecr:DeleteRepository", "arn:aws:ecr:eu-west-1:123456789012:repository/edaha/x", {}),
        ("ec2:RunInstances", "*", {}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_ecscape_what_a_worker_is_tricked_into_is_not_allowed_either(
    action: str, resource: str, context: dict[str, str]
) -> None:
    """ECScape, 2025: a container took the roles of its neighbours. Each role is worth little."""
    assert not allowed(action, resource, **context)


def test_ecscape_a_previews_own_role_may_do_nothing() -> None:
    text = (ROOT / "infra/cloudformation.yaml").read_text()
    _, _, role = text.partition("\n  TaskRole:\n")
    block = role.partition("\n\n")[0].split("\n  ExecutionRole")[0]
    assert "AWS::IAM::Role" in block
    assert "Policies" not in block
    assert "ManagedPolicyArns" not in block
