"""ECS's rules, each shown through the proxy, and that the emulator alone knows nothing of it."""

from typing import Any

from .conftest import Request, register
from .expecting import eventually, refused
from .running import Running


def _status(ecs: Any, name: str) -> str:
    found = ecs.describe_services(services=[name])["services"]
    return str(found[0]["status"]) if found else "MISSING"


def test_a_name_is_not_given_twice_while_its_service_is_active(
    aws: Running, ecs: Any, request_of: Request
) -> None:
    ecs.create_service(**request_of())
    with refused("InvalidParameterException", "not idempotent"):
        ecs.create_service(**request_of(clientToken="another"))
    alone = aws.emulator_alone("ecs")
    assert alone.create_service(**request_of(clientToken="another"))["service"]


def test_the_same_request_again_finds_the_service(ecs: Any, request_of: Request) -> None:
    first = ecs.create_service(**request_of())["service"]
    again = ecs.create_service(**request_of())["service"]
    assert again["deployments"][0]["id"] == first["deployments"][0]["id"]


def test_the_same_token_with_other_arguments_is_an_error(
    ecs: Any, request_of: Request, name: str
) -> None:
    ecs.create_service(**request_of())
    with refused("InvalidParameterException", "not idempotent"):
        ecs.create_service(**request_of(desiredCount=2))
    with refused("InvalidParameterException", "not idempotent"):
        ecs.create_service(**request_of(serviceName=f"{name}-b"))


def test_a_name_is_not_given_while_its_service_drains(
    aws: Running, ecs: Any, request_of: Request, name: str
) -> None:
    ecs.create_service(**request_of())
    assert ecs.delete_service(service=name, force=True)["service"]["status"] == "DRAINING"
    with refused("InvalidParameterException", "still Draining"):
        ecs.create_service(**request_of())
    assert aws.emulator_alone("ecs").create_service(**request_of())["service"]
    eventually(lambda: _status(ecs, name) == "INACTIVE")
    assert ecs.create_service(**request_of(clientToken="anew"))["service"]["status"] == "ACTIVE"


def test_a_deleted_service_drains_then_is_inactive_then_missing(
    ecs: Any, request_of: Request, name: str
) -> None:
    ecs.create_service(**request_of())
    ecs.delete_service(service=name, force=True)
    seen: list[str] = []

    def watch() -> bool:
        seen.append(_status(ecs, name))
        return seen[-1] == "MISSING" and "INACTIVE" in seen

    eventually(watch, seconds=15)
    late = [status for status in seen if status not in {"ACTIVE", "MISSING"}]
    assert late == sorted(late)  # DRAINING, then INACTIVE
    assert "DRAINING" in seen


def test_a_draining_service_is_described_but_not_listed(
    aws: Running, ecs: Any, request_of: Request, name: str
) -> None:
    arn = ecs.create_service(**request_of())["service"]["serviceArn"]
    eventually(lambda: arn in _listed(ecs))
    ecs.delete_service(service=name, force=True)
    eventually(lambda: _status(ecs, name) == "DRAINING")
    eventually(lambda: arn not in _listed(ecs))
    assert arn in _listed(aws.emulator_alone("ecs"))


def _listed(ecs: Any) -> list[str]:
    pages = ecs.get_paginator("list_services").paginate()
    return [arn for page in pages for arn in page["serviceArns"]]


def test_only_what_is_scaled_to_zero_is_deleted_without_force(
    ecs: Any, request_of: Request, name: str
) -> None:
    ecs.create_service(**request_of())
    with refused("InvalidParameterException", "scaled above 0"):
        ecs.delete_service(service=name)
    ecs.update_service(service=name, desiredCount=0)
    assert ecs.delete_service(service=name)["service"]["status"] == "DRAINING"


def test_a_service_is_deleted_once(ecs: Any, request_of: Request, name: str) -> None:
    ecs.create_service(**request_of())
    ecs.delete_service(service=name, force=True)
    with refused("ServiceNotActiveException"):
        ecs.delete_service(service=name, force=True)
    with refused("ServiceNotFoundException"):
        ecs.delete_service(service="never-there", force=True)


def test_names_and_tokens_are_checked(aws: Running, ecs: Any, request_of: Request) -> None:
    for wrong in ("a.b", "a b", "a" * 256, "機能"):
        with refused("InvalidParameterException", "serviceName"):
            ecs.create_service(**request_of(serviceName=wrong))
    for wrong in ("t" * 37, "with space"):
        with refused("InvalidParameterException", "clientToken"):
            ecs.create_service(**request_of(clientToken=wrong))
    with refused("InvalidParameterException", "family"):
        register(ecs, "a/b")
    alone = aws.emulator_alone("ecs")
    assert alone.create_service(**request_of(serviceName="a.b", clientToken="t" * 37))["service"]


def test_an_inactive_task_definition_starts_nothing(
    aws: Running, ecs: Any, request_of: Request, name: str
) -> None:
    arn = register(ecs, name)
    ecs.deregister_task_definition(taskDefinition=arn)
    with refused("ClientException", "inactive"):
        ecs.create_service(**request_of(taskDefinition=arn))
    with refused("ClientException", "inactive"):
        ecs.run_task(taskDefinition=arn)
    alone = aws.emulator_alone("ecs")
    assert alone.create_service(**request_of(taskDefinition=arn))["service"]


def test_only_inactive_task_definitions_are_deleted(ecs: Any, name: str) -> None:
    arn = register(ecs, name)
    early = ecs.delete_task_definitions(taskDefinitions=[arn])
    assert "ACTIVE" in early["failures"][0]["reason"]
    ecs.deregister_task_definition(taskDefinition=arn)
    assert not ecs.delete_task_definitions(taskDefinitions=[arn])["failures"]


def test_a_rollout_takes_its_time(ecs: Any, request_of: Request, name: str) -> None:
    made = ecs.create_service(**request_of(desiredCount=2))["service"]
    assert made["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert (made["runningCount"], made["pendingCount"]) == (0, 2)

    def primary() -> dict[str, Any]:
        found = ecs.describe_services(services=[name])["services"]
        return dict(found[0]["deployments"][0]) if found else {}

    eventually(lambda: primary().get("runningCount") == 2)
    eventually(lambda: primary().get("rolloutState") == "COMPLETED")
    assert (primary()["status"], primary()["id"]) == ("PRIMARY", made["deployments"][0]["id"])


def test_run_task_starts_one_task_for_one_token(
    aws: Running, ecs: Any, definition: str, name: str
) -> None:
    wanted = {"taskDefinition": definition, "clientToken": name, "startedBy": name}
    first = ecs.run_task(**wanted)["tasks"][0]["taskArn"]
    assert ecs.run_task(**wanted)["tasks"][0]["taskArn"] == first
    with refused("ConflictException"):
        ecs.run_task(**wanted | {"startedBy": "another"})
    assert aws.left(name)["one_off"] == [name]
    eventually(lambda: not aws.left(name)["one_off"])


def test_one_call_takes_so_many_names(ecs: Any) -> None:
    with refused("InvalidParameterException", "at most 10"):
        ecs.describe_services(services=[f"s{number}" for number in range(11)])
    with refused("InvalidParameterException", "at most 100"):
        ecs.describe_tasks(tasks=[f"t{number}" for number in range(101)])
    with refused("InvalidParameterException", "at most 10"):
        ecs.delete_task_definitions(taskDefinitions=[f"f:{number}" for number in range(1, 12)])


def test_a_read_may_show_how_it_was_a_moment_ago(ecs: Any, request_of: Request, name: str) -> None:
    seen = []
    for number in range(10):
        one = f"{name}-{number}"
        ecs.create_service(**request_of(serviceName=one, clientToken=one))
        seen.append(_status(ecs, one))
    assert {"ACTIVE", "MISSING"} == set(seen)
    eventually(lambda: _status(ecs, f"{name}-9") == "ACTIVE")
