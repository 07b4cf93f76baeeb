"""AWS against the rows: what is live and is not there, what is there and stands for nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from deployments import intake, names
from deployments.adapters import aws as adapter
from deployments.adapters import cloudmap, ecr, inventory
from deployments.models import Branch, Deployment, Image, Orphan, Reconciliation, Repository
from deployments.models import Service as Row
from deployments.reconcile import aws, drift, orphans
from deployments.reconcile.notebook import Notebook
from deployments.states import BranchState, DeploymentState, Wanted
from tests.deployments.world import World

from .conftest import told

TAGS = {"edaha:installation": "edaha"}
OTHER = {"edaha:installation": "edahatest"}
HOUR = 3600
MANIFEST = '{"mediaType": "application/vnd.oci.image.manifest.v1+json", "for": "%s"}'


class Pass:
    """Looks at AWS as a pass does."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def __call__(self) -> list[str]:
        now = timezone.now()
        Reconciliation.objects.all().delete()
        row = Reconciliation.objects.create(started_at=now, beat_at=now)
        notebook = Notebook(row)
        aws.compare(notebook)
        findings, self.problems = told(notebook)
        self.counts = notebook._counts
        return [done for _, done in findings]


@pytest.fixture
def look() -> Pass:
    return Pass()


@pytest.fixture
def live(world: World) -> Branch:
    branch = world.new_branch()
    world.push(branch)
    world.settle()
    branch.refresh_from_db()
    assert branch.state == BranchState.LIVE, world.story()
    return branch


def service_of(branch: Branch) -> Row:
    return Row.objects.get(deployment__branch=branch, deployment__state=DeploymentState.LIVE)


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def register(family: str, tags: dict[str, str]) -> str:
    container = {"name": "app", "image": "app", "memory": 64}
    made = adapter.client("ecs").register_task_definition(
        family=family, containerDefinitions=[container], tags=listed(tags)
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def make_service(name: str, tags: dict[str, str]) -> None:
    """A service with its name in Cloud Map and its task definition."""
    registry = cloudmap.create_service("edaha.internal", name, tags)
    adapter.client("ecs").create_service(
        cluster="default",
        serviceName=name,
        taskDefinition=register(name, tags),
        desiredCount=1,
        clientToken=name[:36],
        serviceRegistries=[{"registryArn": registry}],
        tags=listed(tags),
    )


class TestDrift:
    def test_what_is_as_it_should_be_is_left_alone(
        self, world: World, live: Branch, look: Pass, pauses: list[float]
    ) -> None:
        assert look() == []
        assert look.problems == []
        assert pauses == []
        assert look.counts["live services"] == 1

    def test_a_service_that_was_deleted_is_deployed_again(
        self, world: World, live: Branch, look: Pass, pauses: list[float]
    ) -> None:
        commit, before = live.wanted_commit, live.live
        adapter.client("ecs").delete_service(
            cluster="default", service=service_of(live).release_name, force=True
        )
        assert look() == [f"deploying {commit[:7]} to {live.slug} again"]
        assert len(pauses) == 1
        live.refresh_from_db()
        newest = live.deployments.latest("generation")
        assert (newest.trigger, newest.commit) == (Deployment.Trigger.REPAIR, commit)
        move = newest.transitions.order_by("pk").first()
        assert move is not None
        assert "is gone" in move.reason
        # What is on its way is not wished for twice.
        assert look() == []
        world.settle()
        live.refresh_from_db()
        assert live.live == newest != before
        assert look() == []

    def test_one_look_that_does_not_show_it_is_not_enough(
        self, world: World, live: Branch, look: Pass, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, looks = inventory.services, iter([True])

        def services(cluster: str, names: list[str]) -> Iterator[Any]:
            return iter(()) if next(looks, False) else real(cluster, names)

        monkeypatch.setattr("deployments.adapters.inventory.services", services)
        assert look() == []
        assert live.deployments.count() == 1

    def test_another_task_definition_is_replaced(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        row = service_of(live)
        other = register(row.task_definition_arn.rpartition("/")[2].partition(":")[0], TAGS)
        adapter.client("ecs").update_service(
            cluster="default", service=row.release_name, taskDefinition=other
        )
        assert len(look()) == 1
        world.settle()
        live.refresh_from_db()
        assert live.deployments.latest("generation") == live.live
        assert look() == []

    def test_a_number_of_tasks_that_somebody_changed_is_set_again(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        ecs, row = adapter.client("ecs"), service_of(live)
        ecs.update_service(cluster="default", service=row.release_name, desiredCount=0)
        assert look() == ["it runs 1 again"]
        assert look() == []
        assert live.deployments.count() == 1

    def test_a_name_that_was_deleted_is_made_again(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        row = service_of(live)
        world.cloud.instances.clear()
        assert cloudmap.delete_service(row.discovery_service_arn)
        assert len(look()) == 1
        world.settle()
        assert look() == []

    def test_what_is_repaired_again_and_again_is_left_to_people(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        for _ in range(3):
            adapter.client("ecs").delete_service(
                cluster="default", service=service_of(live).release_name, force=True
            )
            assert len(look()) == 1
            world.settle()
        adapter.client("ecs").delete_service(
            cluster="default", service=service_of(live).release_name, force=True
        )
        assert look() == []
        assert "was repaired 3 times within an hour" in look.problems[0]
        world.clock.shift(HOUR)
        assert len(look()) == 1

    def test_a_version_before_one_that_failed_is_repaired_and_the_failed_one_is_not(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        good = live.wanted_commit
        bad = world.origin.commit({"Dockerfile": "FROM scratch\nEXPOSE 8000\n# bad\n"})
        failed = world.push(live)
        failed_at = timezone.now()
        Deployment.objects.filter(pk=failed.pk).update(
            state=DeploymentState.FAILED, finished_at=failed_at, cleaned_at=failed_at
        )
        world.settle()
        adapter.client("ecs").delete_service(
            cluster="default", service=service_of(live).release_name, force=True
        )
        assert look() == [f"deploying {good[:7]} to {live.slug} again"]
        live.refresh_from_db()
        assert live.wanted_commit == live.seen_commit == bad
        assert live.deployments.latest("generation").commit == good

    def test_a_wish_that_comes_in_between_is_not_overtaken(
        self, world: World, live: Branch, look: Pass, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter.client("ecs").delete_service(
            cluster="default", service=service_of(live).release_name, force=True
        )
        monkeypatch.setattr(drift, "pause", lambda _: intake.destroy(live, actor="ada", reason=""))
        assert look() == []
        live.refresh_from_db()
        assert live.wanted == Wanted.ABSENT

    def test_a_cluster_that_does_not_answer_repairs_nothing(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        world.cloud.fails("ecs.DescribeServices", "ServerException", status=500, times=99)
        assert look() == []
        assert "The cluster default is not compared" in look.problems[0]


class TestOrphans:
    NAME = "edaha-gone-1-999999"

    def test_what_stands_for_nothing_is_removed_after_a_while(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        make_service(self.NAME, TAGS)
        assert look() == ["it is removed in 60 min", "it is removed in 60 min"]
        assert look() == []
        assert self.NAME in world.cloud.active
        world.clock.shift(HOUR)
        look()
        assert self.NAME not in world.cloud.active
        for _ in range(8):
            world.clock.shift(HOUR)
            look()
        assert self.NAME not in world.cloud.discovery
        assert not [arn for arn in world.cloud.definitions if "gone" in arn]
        assert Orphan.objects.filter(removed_at=None).count() == 0
        assert set(Orphan.objects.values_list("kind", flat=True)) == {
            "ecs_service",
            "cloud_map_service",
            "task_definition",
        }
        calls = [call for call in world.cloud.calls if "Delete" in call]
        assert calls.index("ecs.DeleteService") < calls.index("servicediscovery.DeleteService")
        # What is live is untouched.
        assert world.cloud.active == [service_of(live).release_name]

    @pytest.mark.parametrize("tags", [{}, OTHER])
    @pytest.mark.parametrize("name", [NAME, "edahatest-gone-999-1", "web"])
    def test_what_is_not_ours_is_never_touched(
        self, world: World, live: Branch, look: Pass, name: str, tags: dict[str, str]
    ) -> None:
        make_service(name, tags)
        for _ in range(3):
            assert look() == []
            world.clock.shift(HOUR)
        assert name in world.cloud.active
        assert name in world.cloud.discovery
        assert [arn for arn in world.cloud.definitions if f"/{name}:" in arn]
        assert not Orphan.objects.exists()

    def test_what_goes_by_itself_is_forgotten(self, world: World, live: Branch, look: Pass) -> None:
        arn = register("edaha-gone-999", TAGS)
        look()
        assert Orphan.objects.get().arn == arn
        adapter.client("ecs").deregister_task_definition(taskDefinition=arn)
        assert look() == []
        assert not Orphan.objects.exists()

    def test_what_could_not_be_looked_at_is_not_forgotten(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        register("edaha-gone-999", TAGS)
        look()
        world.cloud.fails("ecs.ListTaskDefinitionFamilies", "AccessDeniedException")
        look()
        assert Orphan.objects.count() == 1

    def test_a_deployment_on_its_way_is_never_taken_for_one(self, world: World, look: Pass) -> None:
        """Everything is looked at before each call to AWS, and no time is given."""
        branch = world.new_branch()
        world.push(branch)
        with configured(orphan_grace_seconds=0):
            is_looking = False

            def witness(call: str) -> None:
                nonlocal is_looking
                if not is_looking and call.startswith(("ecs.Create", "servicediscovery.Create")):
                    is_looking = True
                    assert look() == []
                    is_looking = False

            world.cloud.witness = witness
            world.settle()
            assert look() == []
        branch.refresh_from_db()
        assert branch.state == BranchState.LIVE, world.story()
        assert not Orphan.objects.exists()

    def test_what_stands_for_something_again_stays(
        self, world: World, live: Branch, look: Pass, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the look and the removal, rows say that it is needed."""
        register(f"edaha-{live.slug}-{live.pk}", TAGS)
        Branch.objects.update(
            state=BranchState.DESTROYED, state_changed_at=timezone.now() - timedelta(hours=1)
        )
        look()
        world.clock.shift(HOUR)
        real = orphans._settle_one

        def wished_back(*arguments: Any, **more: Any) -> None:
            Branch.objects.update(state=BranchState.PENDING)
            real(*arguments, **more)

        monkeypatch.setattr(orphans, "_settle_one", wished_back)
        before = world.cloud.definitions
        look()
        assert world.cloud.definitions == before
        assert not Orphan.objects.exists()

    def test_a_refused_removal_is_told_and_tried_again(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        make_service(self.NAME, TAGS)
        look()
        world.clock.shift(HOUR)
        world.cloud.fails("ecs.DeleteService", "AccessDeniedException")
        look()
        assert "AWS refused to delete the ECS service" in look.problems[0]
        row = Orphan.objects.get(kind=Orphan.Kind.ECS_SERVICE)
        assert "AccessDenied" in row.error
        look()
        row.refresh_from_db()
        assert row.removed_at is not None
        assert row.error == ""

    def test_a_task_that_outlived_its_deployment_is_stopped(
        self, world: World, live: Branch, look: Pass, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def task(token: str, tags: dict[str, str]) -> tuple[str, dict[str, Any]]:
            arn = f"arn:aws:ecs:eu-west-1:123456789012:task/default/{token}"
            return "default", {"taskArn": arn, "startedBy": token, "tags": listed(tags)}

        running = [
            task("edaha-999-1-release", TAGS),
            task("edaha-999-1-destroy", OTHER),
            task("edaha-999-2-destroy", {}),
            task("edahatest-999-1-release", TAGS),
            task("ecs-svc/123", TAGS),
            task(f"edaha-{live.pk}-{live.generation}-release", TAGS),
        ]
        monkeypatch.setattr(
            "deployments.adapters.inventory.running_tasks",
            lambda _: iter([each for _, each in running]),
        )
        stopped: list[str] = []
        monkeypatch.setattr(
            "deployments.adapters.onetime.stop_task", lambda _, arn, __: stopped.append(arn)
        )
        look()
        world.clock.shift(HOUR)
        look()
        assert [arn.rpartition("/")[2] for arn in stopped] == ["edaha-999-1-release"]

    def test_removed_twice_in_a_row_it_is_looked_at_anew(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        arn = register("edaha-gone-999", TAGS)
        now = timezone.now()
        Orphan.objects.create(
            kind=Orphan.Kind.TASK_DEFINITION, arn=arn, first_seen_at=now, removed_at=now
        )
        assert look() == []  # it may show for a moment longer
        world.clock.shift(120)
        assert look() == ["it is removed in 60 min"]


class TestImages:
    @pytest.fixture
    def store(self, world: World, live: Branch) -> str:
        """The branch's images, without those of the tests before: moto gives no second page."""
        store = names.image_repository("edaha", "acme/shop")
        registry = adapter.client("ecr")
        while ids := registry.list_images(repositoryName=store)["imageIds"]:
            registry.batch_delete_image(repositoryName=store, imageIds=ids)
        return store

    def push(self, store: str, tag: str) -> str:
        made = adapter.client("ecr").put_image(
            repositoryName=store, imageManifest=MANIFEST % tag, imageTag=tag
        )
        return str(made["image"]["imageId"]["imageDigest"])

    def test_those_of_no_branch_are_removed(
        self, world: World, live: Branch, look: Pass, store: str
    ) -> None:
        gone = self.push(store, f"gone-{'a' * 12}.app")
        self.push(store, "cache-gone.app")
        kept = [f"{live.slug}-{'b' * 12}.app", f"cache-{live.slug}.app", "latest", "v1.2"]
        for tag in kept:
            self.push(store, tag)
        reference = f"registry/{store}@{gone}"
        Image.objects.create(
            repository=live.repository, build_key="x", digest=gone, reference=reference
        )
        assert len(look()) == 2
        world.clock.shift(HOUR)
        assert look() == ["removed", "removed"]
        left = [tag for tags in ecr.tagged_images(store).values() for tag in tags]
        assert set(kept) <= set(left)
        assert not [tag for tag in left if "gone" in tag]
        assert not Image.objects.filter(digest=gone).exists()

    def test_one_that_a_deployment_runs_stays(
        self, world: World, live: Branch, look: Pass, store: str
    ) -> None:
        digest = self.push(store, f"gone-{'a' * 12}.app")
        assert live.live is not None
        live.live.builds.create(name="other", reference=f"registry/{store}@{digest}")
        assert look() == []

    def test_a_repository_without_our_tag_is_never_touched(
        self, world: World, live: Branch, look: Pass, store: str
    ) -> None:
        client = adapter.client("ecr")
        arn = client.describe_repositories(repositoryNames=[store])["repositories"][0]
        client.untag_resource(resourceArn=arn["repositoryArn"], tagKeys=["edaha:installation"])
        self.push(store, f"gone-{'a' * 12}.app")
        assert look() == []
        assert not Orphan.objects.exists()


class TestLogs:
    def test_a_group_that_keeps_everything_gets_its_retention_again(
        self, world: World, live: Branch, look: Pass
    ) -> None:
        logs = adapter.client("logs")
        for name in ("/edaha/lost", "/edahatest/theirs", "/theirs"):
            logs.create_log_group(logGroupName=name)
        assert look() == ["it keeps 30 days"]
        assert look() == []
        found = {each["logGroupName"]: each for each in logs.describe_log_groups()["logGroups"]}
        assert found["/edaha/lost"]["retentionInDays"] == 30
        assert "retentionInDays" not in found["/edahatest/theirs"]


def configured(**more: Any) -> override_settings:
    return override_settings(EDAHA=settings.EDAHA.model_copy(update=more))


def test_calls_grow_as_a_tenth_of_the_previews(
    world: World, look: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = world.new_branch()
    world.push(branch)
    world.settle()
    example = service_of(branch)
    taken: dict[int, int] = {}
    for number in (10, 100, 300):
        _pretend(world, example, number)
        world.cloud.calls.clear()
        assert look() == []
        assert look.problems == []
        assert look.counts["live services"] == number
        taken[number] = len(world.cloud.calls)
    assert taken[100] <= 100 / 10 + 10
    assert taken[300] <= 300 / 10 + 18
    assert world.cloud.count("ecs.DescribeServices") == 30


def _pretend(world: World, example: Row, number: int) -> None:
    """As many live branches as that, and what they have in AWS."""
    ecs = adapter.client("ecs")
    for at in range(Branch.objects.count(), number):
        branch = Branch.for_name(example.deployment.branch.repository, f"branch-{at}")
        deployment = Deployment.objects.create(
            branch=branch,
            generation=1,
            commit="a" * 40,
            trigger=Deployment.Trigger.PUSH,
            state=DeploymentState.LIVE,
            cluster="default",
            namespace="edaha.internal",
        )
        name = deployment.service_name("edaha")
        registry = cloudmap.create_service("edaha.internal", name, TAGS)
        definition = register(names.family("edaha", branch.slug, branch.pk), TAGS)
        ecs.create_service(
            cluster="default",
            serviceName=name,
            taskDefinition=definition,
            desiredCount=1,
            clientToken=name[:36],
            serviceRegistries=[{"registryArn": registry}],
            tags=listed(TAGS),
        )
        Row.objects.create(
            deployment=deployment,
            name="app",
            label=branch.slug,
            release_name=name,
            container="app",
            port=80,
            task_definition_arn=definition,
            discovery_service_arn=registry,
            service_definition={"desiredCount": 1},
        )
        Branch.objects.filter(pk=branch.pk).update(
            live=deployment, deployment=deployment, state=BranchState.LIVE
        )


def test_a_new_image_repository_carries_our_tag(world: World) -> None:
    assert Repository.objects.count() == 0
    ecr.ensure_repository("edaha/new")
    assert ecr.uri_if_ours("edaha/new")
    boto3.client("ecr").create_repository(repositoryName="edaha/theirs")
    assert ecr.uri_if_ours("edaha/theirs") == ""
