"""From a service that starts to a preview that answers; or to words that say why not."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments import intake, reconcile
from deployments.adapters import ecs, wakeups
from deployments.causes import Cause
from deployments.models import Branch, Deployment, LogChunk, Repository, Service
from deployments.pipeline import verify
from deployments.states import ACTIVE, TIMEOUTS, BranchState, DeploymentState

from .cloud import Json
from .world import World

_D = DeploymentState


def log() -> list[str]:
    return [line for chunk in LogChunk.objects.all() for _, _, line in chunk.lines]


def run(world: World) -> Deployment:
    """Deploy a branch until it is live or has failed."""
    deployment = world.push(world.new_branch())
    return wait_for(world, deployment)


def wait_for(world: World, deployment: Deployment) -> Deployment:
    world.settle(lambda: not Deployment.objects.filter(pk=deployment.pk, state__in=ACTIVE).exists())
    deployment.refresh_from_db()
    return deployment


def never_completes(service: Json, deployment: Json) -> None:
    deployment |= {"rolloutState": "IN_PROGRESS", "runningCount": 0}


def test_it_is_live_once_it_answers_by_its_own_name(world: World, router: Any) -> None:
    deployment = run(world)
    assert deployment.state == _D.LIVE
    assert set(router.hosts) == {f"{deployment.branch.slug}.localhost"}
    assert any(line.startswith("✓ Live at https://feature-x-") for line in log())


@pytest.mark.parametrize("status", [200, 302, 404])
def test_without_a_health_path_any_answer_below_500_will_do(
    world: World, router: Any, status: int
) -> None:
    router.status = status
    assert run(world).state == _D.LIVE


@pytest.mark.parametrize(("path", "status"), [("", 500), ("/health", 404), ("/health", 503)])
def test_an_application_that_answers_badly_is_told_what_to_do(
    world: World, router: Any, path: str, status: int
) -> None:
    router.status = status
    branch = world.new_branch()
    Repository.objects.update(health_path=path, startup_seconds=60)
    deployment = wait_for(world, world.push(branch))
    assert deployment.state == _D.FAILED
    assert deployment.error == (
        f"The application did not answer on port 8000 within 60 s: it answered {status}."
    )
    assert "0.0.0.0:8000" in deployment.hint
    assert deployment.cause == Cause.HEALTH_CHECK
    world.settle()
    assert not world.cloud.active


def test_an_application_gets_the_time_that_its_repository_grants(world: World, router: Any) -> None:
    router.status = 503
    branch = world.new_branch()
    Repository.objects.update(startup_seconds=300)
    deployment = world.push(branch)
    began = timezone.now()
    world.settle(lambda: timezone.now() > began + timedelta(seconds=200))
    deployment.refresh_from_db()
    assert deployment.state == _D.VERIFYING
    router.status = 200
    assert wait_for(world, deployment).state == _D.LIVE


def test_a_container_that_exits_is_quoted(world: World) -> None:
    world.cloud.rollout = never_completes
    branch = world.new_branch()
    deployment = world.push(branch)
    stopped = {"stopCode": "EssentialContainerExited", "containers": [{"exitCode": 137}]}
    world.cloud.stopped += [stopped | {"taskArn": f"arn:aws:ecs:::task/{n}"} for n in range(2)]
    world.cloud.printed += ["Traceback", "MemoryError"]
    wait_for(world, deployment)
    assert deployment.error == "The container exited by itself with code 137."
    assert "memory" in deployment.hint
    assert deployment.cause == Cause.MEMORY
    assert log()[(deployment.error_line or 0) - 1] == "  MemoryError"
    assert [line for line in log() if line.startswith("  ")][:2] == ["  Traceback", "  MemoryError"]


def test_a_task_that_is_never_placed_ends_with_ecss_events(world: World) -> None:
    def no_room(service: Json, deployment: Json) -> None:
        never_completes(service, deployment)
        service["events"] = [
            {"id": "1", "message": "unable to place a task: no container instance"}
        ]

    world.cloud.rollout = no_room
    deployment = run(world)
    assert deployment.error == "ECS did not get the task to run within 10 minutes."
    assert deployment.cause == Cause.CAPACITY
    assert log()[(deployment.error_line or 0) - 1] == (
        "ECS: unable to place a task: no container instance"
    )


def test_the_version_before_serves_until_the_new_one_answers(world: World, router: Any) -> None:
    branch = world.new_branch()
    first = wait_for(world, world.push(branch))
    router.status = 503
    second = world.push(branch)
    wait_for(world, second)
    branch.refresh_from_db()
    assert (second.state, branch.state) == (_D.FAILED, BranchState.FAILED)
    assert branch.live == first
    world.settle()
    assert world.cloud.active == [first.service_name("edaha")]


def test_an_older_rollout_goes_on_while_a_newer_is_only_built(world: World) -> None:
    branch = world.new_branch()
    older = world.push(branch)
    world.cloud.rollout = never_completes
    world.work()
    older.refresh_from_db()
    assert older.state == _D.VERIFYING
    newer = world.push(branch)
    world.ears.take()
    world.cloud.rollout = lambda service, deployment: None
    world.clock.shift(1)
    verify.watch()
    branch.refresh_from_db()
    assert branch.live == older
    assert wait_for(world, newer).state == _D.LIVE


def test_an_overtaken_rollout_ends_though_it_has_nothing_new_to_say(world: World) -> None:
    """And does not keep the look from the others."""
    branch = world.new_branch()
    other = Branch.for_name(branch.repository, "other")
    world.cloud.rollout = never_completes
    overtaken, waiting = world.push(branch), world.push(other)
    world.work()
    for _ in range(3):
        world.clock.shift(1)
        verify.watch()
    intake.want_absent(Branch.objects.get(pk=branch.pk), actor="ada", reason="")
    world.clock.shift(1)
    verify.watch()
    for deployment in (overtaken, waiting):
        deployment.refresh_from_db()
    assert overtaken.state == _D.SUPERSEDED
    assert waiting.state == _D.VERIFYING
    assert not waiting.lease_owner


def test_a_service_that_somebody_deleted_is_told(world: World) -> None:
    world.cloud.starting_looks = 99
    branch = world.new_branch()
    deployment = world.push(branch)
    world.work()
    ecs.delete_service("default", deployment.service_name("edaha"))
    wait_for(world, deployment)
    assert deployment.error == "Somebody deleted the ECS service."


@pytest.mark.parametrize("state", sorted(TIMEOUTS))
def test_nobody_waits_for_ever(world: World, state: DeploymentState) -> None:
    branch = world.new_branch()
    deployment = world.push(branch)
    world.ears.take()
    Deployment.objects.update(state=state, state_changed_at=timezone.now())
    world.clock.shift(TIMEOUTS[state])
    reconcile.tick()
    deployment.refresh_from_db()
    assert deployment.state == state
    world.clock.shift(1)
    reconcile.tick()
    deployment.refresh_from_db()
    assert deployment.state == _D.FAILED
    began = "It waited for 2 hours: " if state == _D.QUEUED else f"It was {state} for more than "
    assert deployment.error.startswith(began)


def test_a_long_queue_is_not_flooded_with_wake_ups(world: World) -> None:
    branch = world.new_branch()
    world.push(branch)
    world.ears.take()
    for _ in range(200):
        world.clock.shift(1)
        reconcile.tick()
    assert 3 <= len(world.ears.heard(wakeups.BUILD)) <= 8


def _many_rollouts(world: World, count: int) -> None:
    repository = world.new_branch().repository
    family = {"name": "app", "image": "app", "memory": 64}
    arn = ecs.register_task_definition({"family": "x", "containerDefinitions": [family]})
    for number in range(count):
        branch = Branch.for_name(repository, f"b{number}")
        deployment = Deployment.objects.create(
            branch=branch,
            generation=1,
            commit="a" * 40,
            trigger="push",
            state=_D.VERIFYING,
            cluster="default",
            released_at=timezone.now(),
        )
        Branch.objects.filter(pk=branch.pk).update(generation=1, deployment=deployment)
        request = {
            "cluster": "default",
            "serviceName": deployment.service_name("edaha"),
            "clientToken": str(number),
            "taskDefinition": arn,
            "desiredCount": 1,
            "serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:::service/srv-1"}],
        }
        Service.objects.create(
            deployment=deployment,
            name="app",
            label=branch.slug,
            release_name=deployment.service_name("edaha"),
            port=8000,
            ecs_deployment_id=ecs.create_service(request),
        )
    world.cloud.calls.clear()


def test_three_hundred_rollouts_cost_thirty_calls_a_look(world: World) -> None:
    def starting(service: Json, deployment: Json) -> None:
        never_completes(service, deployment)
        service["events"] = [{"id": "1", "message": "has started 1 tasks: (task 1)."}]

    _many_rollouts(world, 300)
    world.cloud.rollout = starting
    began = time.monotonic()
    for _ in range(3):
        verify.watch()
    assert time.monotonic() - began < 30
    assert world.cloud.calls == ["ecs.DescribeServices"] * 30
    assert not Deployment.objects.filter(lease_until__isnull=False).exists()
    assert not Deployment.objects.exclude(progress="0 of 1 tasks run.").exists()
    world.cloud.calls.clear()
    verify.watch()
    assert world.cloud.calls == [], "looked again too soon"


def test_a_look_that_fails_costs_no_rollout(world: World) -> None:
    _many_rollouts(world, 12)
    world.cloud.fails("ecs.DescribeServices", "ThrottlingException", times=4)
    verify.watch()
    assert Deployment.objects.filter(state=_D.VERIFYING, lease_owner="").count() == 12
    world.settle()
    assert Deployment.objects.filter(state=_D.LIVE).count() == 12
