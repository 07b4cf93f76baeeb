"""Whatever AWS answers: a final state, words that help, and nothing left behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import intake
from deployments.adapters import cloudmap, ecs
from deployments.errors import EdahaError, PlatformError, UserError
from deployments.models import Branch, Deployment, LogChunk
from deployments.models.repository import Repository
from deployments.states import ACTIVE, BranchState, DeploymentState

from .cloud import Cloud, Fault
from .world import World

#: Only asked to tell of mistakes early: without an answer, the deployment goes on.
LOOKING = ["ecs.DescribeClusters", "ec2.DescribeSubnets", "iam.GetRole"]
DEPLOYING = [
    "ecr.DescribeRepositories",
    "ecr.CreateRepository",
    "ecr.GetAuthorizationToken",
    "cloudwatch-logs.CreateLogGroup",
    "cloudwatch-logs.PutRetentionPolicy",
    "servicediscovery.ListNamespaces",
    "servicediscovery.CreateService",
    "ecs.RegisterTaskDefinition",
    "ecs.CreateService",
    "ecs.DescribeServices",
    "ecs.ListTasks",
]
DESTROYING = [
    "ecs.DescribeServices",
    "ecs.DeleteService",
    "servicediscovery.ListInstances",
    "servicediscovery.DeleteService",
    "ecs.DeregisterTaskDefinition",
    "ecs.DeleteTaskDefinitions",
    "ecs.ListTaskDefinitions",
    "ecr.BatchGetImage",
    "ecr.BatchDeleteImage",
]


def _deploy(world: World, fault: tuple[str, Fault] | None = None) -> tuple[Branch, Deployment]:
    """Deploy until it is live or has failed."""
    branch = world.new_branch()
    if fault is not None:
        world.cloud.faults |= dict([fault])
    return branch, _wait_for(world, world.push(branch))


def _wait_for(world: World, deployment: Deployment) -> Deployment:
    def is_over() -> bool:
        deployment.refresh_from_db()
        return deployment.state not in ACTIVE

    world.settle(is_over)
    return deployment


def _let_pass(world: World, time: timedelta) -> None:
    end = timezone.now() + time
    world.settle(lambda: timezone.now() > end)


def _destroy(world: World, branch: Branch) -> None:
    intake.destroy(branch, actor="ada", reason="No longer needed")
    world.settle()
    branch.refresh_from_db()
    assert branch.state == BranchState.DESTROYED
    assert not world.cloud.leftovers


def _ends_live(world: World, call: str, fault: Fault) -> None:
    branch, deployment = _deploy(world, (call, fault))
    assert fault.times == 0, "the call was never made"
    assert deployment.state == DeploymentState.LIVE, world.story()
    assert world.cloud.active == world.cloud.discovery == [deployment.service_name("edaha")]
    _destroy(world, branch)


def _ends_failed(world: World, call: str, fault: Fault) -> Deployment:
    branch, deployment = _deploy(world, (call, fault))
    assert deployment.state == DeploymentState.FAILED, world.story()
    world.cloud.faults.clear()
    world.settle()
    branch.refresh_from_db()
    assert branch.state == BranchState.FAILED
    assert not world.cloud.active
    assert not world.cloud.discovery
    _destroy(world, branch)
    return deployment


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 400), ("InternalFailure", 500)]
)
def test_a_hiccup_of_any_call_is_not_noticed(
    world: World, subtests: pytest.Subtests, code: str, status: int
) -> None:
    for call in LOOKING + DEPLOYING:
        with subtests.test(call=call):
            _ends_live(world, call, Fault(code, status=status))


def test_an_answer_that_gets_lost_makes_nothing_twice(
    world: World, subtests: pytest.Subtests
) -> None:
    for call in DEPLOYING:
        with subtests.test(call=call):
            _ends_live(world, call, Fault("InternalFailure", status=500, after_success=True))


def test_a_revision_whose_answer_got_lost_goes_with_the_next_deployments(world: World) -> None:
    fault = Fault("InternalFailure", status=500, after_success=True)
    branch, first = _deploy(world, ("ecs.RegisterTaskDefinition", fault))
    assert len(world.cloud.definitions) == 2
    Repository.objects.update(cpu=512, memory=1024)
    second = _wait_for(world, world.push(branch))
    world.settle()
    assert (first.state, second.state) == (DeploymentState.LIVE, DeploymentState.LIVE)
    assert world.cloud.definitions == [second.services.get().task_definition_arn]


def test_a_refusal_names_the_permission_that_lacks(world: World, subtests: pytest.Subtests) -> None:
    for call in DEPLOYING:
        with subtests.test(call=call):
            message = "worker is not authorized to perform this"
            fault = Fault("AccessDeniedException", message, times=9999)
            deployment = _ends_failed(world, call, fault)
            assert "AWS refused to" in deployment.error
            assert message in deployment.error
            assert "infra/worker-policy.json" in deployment.hint


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [("ThrottlingException", 400, "throttling"), ("InternalFailure", 500, "AWS failed to")],
)
def test_trouble_that_does_not_end_is_told_as_such(
    world: World, subtests: pytest.Subtests, code: str, status: int, words: str
) -> None:
    # An application that answers needs no list of stopped tasks, and its log may stay for ever.
    for call in set(DEPLOYING) - {"ecs.ListTasks", "cloudwatch-logs.PutRetentionPolicy"}:
        with subtests.test(call=call):
            fault = Fault(code, status=status, times=9999)
            assert words in _ends_failed(world, call, fault).error


def test_what_may_not_be_looked_at_is_told_and_the_deployment_goes_on(
    world: World, subtests: pytest.Subtests
) -> None:
    for call in LOOKING:
        with subtests.test(call=call):
            fault = Fault("AccessDeniedException", "not you", times=9999)
            branch, deployment = _deploy(world, (call, fault))
            assert deployment.state == DeploymentState.LIVE, world.story()
            lines = [line for chunk in deployment.chunks.all() for _, _, line in chunk.lines]
            assert any(line.startswith("app: Not checked: ") for line in lines), lines
            world.cloud.faults.clear()
            _destroy(world, branch)


def test_trouble_of_a_minute_delays_a_rollout_and_does_not_end_it(world: World) -> None:
    branch = world.new_branch()
    deployment = world.push(branch)
    world.cloud.fails("ecs.DescribeServices", "ThrottlingException", times=9999)
    _let_pass(world, timedelta(minutes=2))
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.VERIFYING
    world.cloud.faults.clear()
    assert _wait_for(world, deployment).state == DeploymentState.LIVE


@pytest.mark.parametrize(
    ("settings", "error", "hint"),
    [
        ({"cluster": "nope"}, "The ECS cluster “nope” does not exist.", "EDAHA_CLUSTER"),
        ({"namespace": "nope"}, "no private DNS namespace “nope”", "EDAHA_NAMESPACE"),
        ({"subnets": ["subnet-nope"]}, "subnet-nope", "settings"),
        ({"security_groups": ["sg-nope"]}, "sg-nope", "settings"),
        ({"execution_role_arn": "arn:aws:iam::1:role/nope"}, "no role arn:aws:iam::1", "account"),
    ],
)
def test_surroundings_that_are_missing_are_named(
    world: World, settings: dict[str, object], error: str, hint: str
) -> None:
    branch = world.new_branch()
    Repository.objects.update(**settings)
    deployment = _wait_for(world, world.push(branch))
    assert deployment.state == DeploymentState.FAILED
    assert error in deployment.error
    assert hint in deployment.hint
    world.settle()
    _destroy(world, branch)


def test_a_cluster_that_vanishes_takes_its_previews_along(world: World) -> None:
    branch, _ = _deploy(world)
    for call in ("ecs.CreateService", "ecs.DescribeServices", "ecs.DeleteService"):
        world.cloud.fails(call, "ClusterNotFoundException", times=9999)
    world.cloud.services.clear()
    newer = _wait_for(world, world.push(branch))
    assert newer.state == DeploymentState.FAILED
    assert "cluster" in newer.hint
    _destroy(world, branch)


@pytest.mark.parametrize("looks", [0, 1, 25])
def test_a_service_that_drains_is_waited_for(world: World, looks: int) -> None:
    branch, _ = _deploy(world)
    world.cloud.draining_looks = looks
    _destroy(world, branch)


def test_instances_that_ecs_forgot_are_taken_out_of_cloud_map(world: World) -> None:
    branch, _ = _deploy(world)
    world.cloud.deregisters = False
    _destroy(world, branch)
    assert world.cloud.count("servicediscovery.DeregisterInstance") == 1


def test_a_discovery_service_in_use_is_tried_again(world: World) -> None:
    branch, _ = _deploy(world)
    world.cloud.fails("servicediscovery.DeleteService", "ResourceInUse", times=7)
    _destroy(world, branch)
    assert world.cloud.count("servicediscovery.DeleteService") == 8


def test_cleaning_up_goes_on_until_aws_lets_it(world: World, subtests: pytest.Subtests) -> None:
    for call in DESTROYING:
        with subtests.test(call=call):
            branch, _ = _deploy(world)
            world.cloud.fails(call, "AccessDeniedException", times=9999)
            intake.destroy(branch, actor="ada", reason="No longer needed")
            _let_pass(world, timedelta(minutes=1))
            branch.refresh_from_db()
            assert branch.state == BranchState.DESTROYING
            world.cloud.faults.clear()
            world.settle()
            _destroy_is_done(world, branch)


def _destroy_is_done(world: World, branch: Branch) -> None:
    branch.refresh_from_db()
    assert branch.state == BranchState.DESTROYED
    assert not world.cloud.leftovers


def test_why_something_is_not_removed_stands_in_its_log_once(world: World) -> None:
    branch, _ = _deploy(world)
    world.cloud.fails("ecs.DeleteService", "AccessDeniedException", message="not you", times=4)
    _destroy(world, branch)
    lines = [line for chunk in LogChunk.objects.all() for _, _, line in chunk.lines]
    told = [line for line in lines if "not you" in line]
    assert len(told) == 1
    assert told[0].startswith("Not removed from AWS yet: AWS refused to delete the ECS service")


@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("InternalFailure", 500)])
def test_a_hiccup_while_cleaning_up_is_not_noticed(
    world: World, subtests: pytest.Subtests, code: str, status: int
) -> None:
    for call in DESTROYING:
        with subtests.test(call=call):
            branch, _ = _deploy(world)
            world.cloud.fails(call, code, status=status, after_success=status == 500)
            _destroy(world, branch)
            assert world.cloud.faults[call].times == 0


class TestOnlyTheAdapters:
    """What AWS says about something that an earlier try has made already."""

    @pytest.fixture
    def request_(self, cloud: Cloud) -> dict[str, object]:
        family = {"name": "app", "image": "app", "memory": 64}
        arn = ecs.register_task_definition({"family": "x", "containerDefinitions": [family]})
        return {
            "cluster": "default",
            "serviceName": "edaha-x-1-1",
            "clientToken": "edaha-1-1",
            "taskDefinition": arn,
            "desiredCount": 1,
            "serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:::service/srv-1"}],
        }

    def test_the_same_token_finds_the_same_service(
        self, cloud: Cloud, request_: dict[str, object]
    ) -> None:
        first = ecs.create_service(request_)
        assert first.startswith("ecs-svc/")
        assert ecs.create_service(request_) == first

    def test_a_forgotten_token_finds_the_service_by_its_definition(
        self, cloud: Cloud, request_: dict[str, object]
    ) -> None:
        first = ecs.create_service(request_)
        assert ecs.create_service(request_ | {"clientToken": "edaha-9-9"}) == first

    def test_a_strangers_service_is_left_alone(
        self, cloud: Cloud, request_: dict[str, object]
    ) -> None:
        ecs.create_service(request_)
        with pytest.raises(UserError, match="not idempotent"):
            ecs.create_service(request_ | {"clientToken": "other", "taskDefinition": "other:1"})

    def test_a_discovery_name_that_exists_is_found(self, cloud: Cloud) -> None:
        first = cloudmap.create_service("edaha.internal", "edaha-x-1-1", {})
        assert cloudmap.create_service("edaha.internal", "edaha-x-1-1", {}) == first
        assert cloud.discovery == ["edaha-x-1-1"]

    def test_what_is_gone_already_is_no_error(self, cloud: Cloud) -> None:
        assert ecs.delete_service("default", "edaha-x-1-1")
        assert cloudmap.delete_service("arn:aws:servicediscovery:::service/srv-1")
        assert cloudmap.find_service("nope.internal", "edaha-x-1-1") == ""

    def test_other_branches_revisions_are_not_taken_for_this_ones(self, cloud: Cloud) -> None:
        container = {"name": "app", "image": "app", "memory": 64}
        for family in ("edaha-x-1", "edaha-x-12"):
            ecs.register_task_definition({"family": family, "containerDefinitions": [container]})
        (found,) = ecs.task_definitions({"edaha-x-1"})
        assert found.endswith("task-definition/edaha-x-1:1")

    @pytest.mark.parametrize(
        ("code", "status", "kind", "retry"),
        [
            ("AccessDeniedException", 400, PlatformError, False),
            ("ExpiredTokenException", 400, PlatformError, False),
            ("ThrottlingException", 400, PlatformError, True),
            ("ServerException", 500, PlatformError, True),
            ("ClusterNotFoundException", 400, UserError, None),
            ("InvalidParameterException", 400, UserError, None),
            ("SomethingNew", 400, PlatformError, False),
        ],
    )
    def test_whose_fault_it_is(
        self, cloud: Cloud, code: str, status: int, kind: type[EdahaError], retry: bool | None
    ) -> None:
        cloud.fails("ecs.DescribeClusters", code, status=status, message="because", times=99)
        with pytest.raises(kind) as caught:
            ecs.find_cluster("default")
        assert getattr(caught.value, "retry", None) is retry
        assert code == "ThrottlingException" or "because" in caught.value.message
