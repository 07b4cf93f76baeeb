"""One-off tasks: started once, found again, told about."""

from typing import Any

import pytest

from deployments.adapters import onetime
from deployments.errors import PlatformError, UserError

from .conftest import Aws, input_complaints

_CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/default"
_TASK = "arn:aws:ecs:eu-west-1:123456789012:task/default/aaaa"
_OTHER = "arn:aws:ecs:eu-west-1:123456789012:task/default/bbbb"
_DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/edaha-x-1:7"
_NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
TOKEN = "edaha-1-2-release"


def run(**more: Any) -> str:
    asked: dict[str, Any] = {
        "cluster": "default",
        "task_definition": _DEFINITION,
        "container": "php",
        "command": ["bin/migrate", "--force"],
        "token": TOKEN,
        "network": _NETWORK,
        "launch_type": "FARGATE",
        "tags": {"edaha:installation": "edaha"},
    }
    return onetime.run_task(onetime.Command(**asked | more))


@pytest.fixture(autouse=True)
def _empty_cluster(cloud: Aws) -> None:
    cloud.answers("ListTasks", {"taskArns": []})
    cloud.answers("RunTask", {"tasks": [{"taskArn": _TASK}], "failures": []})


class TestStarting:
    def test_a_command_runs_in_its_container_and_nothing_else_is_changed(self, cloud: Aws) -> None:
        assert run() == _TASK
        asked = cloud.asked("RunTask")
        override = {"name": "php", "command": ["bin/migrate", "--force"]}
        assert asked["overrides"] == {"containerOverrides": [override]}
        assert asked["taskDefinition"] == _DEFINITION
        assert asked["networkConfiguration"] == _NETWORK
        assert asked["launchType"] == "FARGATE"
        assert asked["tags"] == [{"key": "edaha:installation", "value": "edaha"}]
        assert asked["enableECSManagedTags"] is True
        # SERVICE would be an error: see RunTask in botocore's model.
        assert asked["propagateTags"] == "TASK_DEFINITION"
        assert input_complaints("ecs", "RunTask", asked) == ""

    def test_a_strategy_comes_instead_of_the_launch_type(self, cloud: Aws) -> None:
        run(strategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])
        asked = cloud.asked("RunTask")
        assert "launchType" not in asked
        assert input_complaints("ecs", "RunTask", asked) == ""

    def test_what_is_not_given_is_left_out(self, cloud: Aws) -> None:
        run(network=None, launch_type="", tags={})
        left_out = {"networkConfiguration", "launchType", "tags", "capacityProviderStrategy"}
        assert not left_out & set(cloud.asked("RunTask"))

    @pytest.mark.parametrize("token", ["", "with space", "a:b", "x" * 65, "ü"])
    def test_a_token_that_ecs_would_not_take_is_a_mistake_of_ours(self, token: str) -> None:
        with pytest.raises(ValueError, match="no token for a task"):
            run(token=token)

    def test_a_command_that_is_too_long_is_refused(self, cloud: Aws) -> None:
        # 8,192 characters with all of the JSON around it.
        with pytest.raises(UserError, match="command for container php is too long"):
            run(command=["x" * 8192])
        assert cloud.count("RunTask") == 0

    def test_no_room_is_worth_another_try_and_told_in_ecs_words(self, cloud: Aws) -> None:
        failures = [
            {"arn": "i-1", "reason": "RESOURCE:MEMORY"},
            {"reason": "ATTRIBUTE", "detail": "ecs.capability.task-eni"},
        ]
        cloud.answers("RunTask", {"tasks": [], "failures": failures})
        with pytest.raises(PlatformError, match="RESOURCE:MEMORY; ATTRIBUTE: ecs") as caught:
            run()
        assert caught.value.retry


class TestStartingAgain:
    def test_a_task_that_runs_already_is_found(self, cloud: Aws) -> None:
        cloud.answers("ListTasks", {"taskArns": [_TASK]})
        assert run() == _TASK
        assert cloud.count("RunTask") == 0

    def test_a_task_that_is_over_already_is_found(self, cloud: Aws) -> None:
        cloud.answers("ListTasks", {"taskArns": []}, {"taskArns": [_OTHER, _TASK]})
        tasks = [
            {"taskArn": _OTHER, "startedBy": "ecs-svc/1"},
            {"taskArn": _TASK, "startedBy": TOKEN},
        ]
        cloud.answers("DescribeTasks", {"tasks": tasks})
        assert run() == _TASK
        assert cloud.count("RunTask") == 0

    def test_started_by_is_the_only_filter_where_it_is_one(self, cloud: Aws) -> None:
        # "When you specify startedBy as the filter, it must be the only filter that you use":
        # ListTasks in botocore's model. moto takes any two.
        run()
        filters = [asked.keys() - {"cluster"} for name, asked in cloud.calls if name == "ListTasks"]
        assert filters == [{"startedBy"}, {"family", "desiredStatus"}]
        assert cloud.asked("ListTasks")["family"] == "edaha-x-1"

    def test_the_same_token_is_sent_again(self, cloud: Aws) -> None:
        run()
        first = cloud.asked("RunTask")
        run()
        assert cloud.asked("RunTask") == first
        assert first["clientToken"] == first["startedBy"] == TOKEN

    def test_a_task_that_an_earlier_try_started_differently_is_taken(self, cloud: Aws) -> None:
        # ConflictException carries the tasks of that token: botocore's model of ECS.
        cloud.refuses("RunTask", "ConflictException", resourceIds=[_TASK])
        assert run() == _TASK

    def test_any_other_refusal_is_told(self, cloud: Aws) -> None:
        cloud.refuses("RunTask", "ClientException", "TaskDefinition is inactive")
        with pytest.raises(UserError, match="run a one-off task: TaskDefinition is inactive"):
            run()


class TestLooking:
    def described(self, **more: Any) -> Any:
        task = {
            "taskArn": _TASK,
            "lastStatus": "RUNNING",
            "overrides": {
                "containerOverrides": [{"name": "nginx"}, {"name": "php", "command": ["x"]}]
            },
            "containers": [
                {"name": "nginx", "lastStatus": "RUNNING"},
                {"name": "php", "lastStatus": "RUNNING"},
            ],
        }
        return task | more

    def state(self, cloud: Aws, **more: Any) -> onetime.TaskState:
        cloud.answers("DescribeTasks", {"tasks": [self.described(**more)]})
        return onetime.describe_task("default", _TASK)

    def test_a_task_that_runs_is_not_over(self, cloud: Aws) -> None:
        assert self.state(cloud) == onetime.TaskState("RUNNING", None, "", False)

    def test_the_exit_code_is_that_of_the_container_with_the_command(self, cloud: Aws) -> None:
        containers = [
            {"name": "nginx", "lastStatus": "STOPPED", "exitCode": 137},
            {"name": "php", "lastStatus": "STOPPED", "exitCode": 0},
        ]
        reason = "Essential container in task exited"
        state = self.state(cloud, lastStatus="STOPPED", containers=containers, stoppedReason=reason)
        assert state == onetime.TaskState("STOPPED", 0, reason, True)
        assert onetime.describe_task("default", _TASK, "nginx").exit_code == 137

    def test_a_command_may_be_over_before_its_task_is(self, cloud: Aws) -> None:
        containers = [
            {"name": "nginx", "lastStatus": "RUNNING"},
            {"name": "php", "lastStatus": "STOPPED", "exitCode": 3},
        ]
        state = self.state(cloud, containers=containers)
        assert (state.is_over, state.exit_code, state.status) == (True, 3, "RUNNING")

    def test_why_a_container_never_ran_is_told(self, cloud: Aws) -> None:
        containers = [
            {"name": "php", "lastStatus": "STOPPED", "reason": "CannotPullContainerError: x"}
        ]
        state = self.state(
            cloud,
            lastStatus="STOPPED",
            containers=containers,
            stoppedReason="Task failed to start",
        )
        assert state.is_over
        assert state.exit_code is None
        assert state.reason == "CannotPullContainerError: x. Task failed to start"

    def test_a_task_that_ecs_does_not_know_yet_is_not_taken_for_one_that_is_over(
        self, cloud: Aws
    ) -> None:
        # Reads are eventually consistent: API_RunTask.html says so.
        failure = {"arn": _TASK, "reason": "MISSING"}
        cloud.answers("DescribeTasks", {"tasks": [], "failures": [failure]})
        state = onetime.describe_task("default", _TASK)
        assert state == onetime.TaskState("MISSING", None, "", False)


class TestStopping:
    def test_a_task_is_stopped_with_the_reason(self, cloud: Aws) -> None:
        cloud.answers("StopTask", {"task": {"taskArn": _TASK}})
        onetime.stop_task("default", _TASK, "It took too long.")
        asked = {"cluster": "default", "task": _TASK, "reason": "It took too long."}
        assert cloud.asked("StopTask") == asked

    def test_a_task_that_is_gone_is_stopped_enough(self, cloud: Aws) -> None:
        message = "The referenced task was not found."
        cloud.refuses("StopTask", "InvalidParameterException", message)
        onetime.stop_task("default", _TASK, "x")

    def test_any_other_refusal_is_told(self, cloud: Aws) -> None:
        cloud.refuses("StopTask", "AccessDeniedException")
        with pytest.raises(PlatformError, match="refused to stop the one-off task"):
            onetime.stop_task("default", _TASK, "x")
