"""Secrets on their way to containers and builds, and nowhere else."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models.signals import pre_save

from deployments import adapters, intake
from deployments.adapters.aws import client
from deployments.adapters.buildkit import Line, Step
from deployments.errors import UserError
from deployments.models import Approval, Branch, Deployment, Image, Secret, Service
from deployments.models.secret import chosen
from deployments.reconcile import reconcile
from deployments.states import BranchState, DeploymentState

from .world import World

VALUE = "pa55word/with+signs&more"
BUILD_VALUE = "npm_0123456789abcdef"
REFERRED = "from-parameter-store"


@pytest.fixture
def branch(world: World) -> Branch:
    world.origin.commit({"edaha.yml": FILES})
    return world.new_branch()


FILES = """
images:
  app: {}
services:
  web:
    port: 8000
    environment: {DATABASE_URL: sqlite, MODE: preview}
    containers:
      cache:
        image: redis:7
        environment: {CACHE_PASSWORD: weak}
"""


def keep(branch: Branch, name: str, value: str = VALUE, **fields: Any) -> Secret:
    row = Secret(repository=branch.repository, name=name, **fields)
    row.keep(value)
    row.full_clean()
    row.save()
    return row


def refer(branch: Branch, name: str, reference: str, **fields: Any) -> Secret:
    row = Secret(repository=branch.repository, name=name, reference=reference, **fields)
    row.full_clean()
    row.save()
    return row


def log_of(deployment: Deployment) -> str:
    return "\n".join(line for chunk in deployment.chunks.all() for _, _, line in chunk.lines)


def container(branch: Branch, name: str = "app") -> dict[str, Any]:
    """What ECS was really told of a container of what is live."""
    branch.refresh_from_db()
    arn = Service.objects.get(deployment=branch.live).task_definition_arn
    told = client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return next(each for each in told["containerDefinitions"] if each["name"] == name)


def secrets_of(told: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["valueFrom"] for each in told.get("secrets", ())}


def image_keys() -> set[str]:
    return set(Image.objects.values_list("build_key", flat=True))


def everything_stored() -> str:
    """Every column of every row, as text."""
    models = apps.get_app_config("deployments").get_models()
    rows = [list(model._default_manager.values()) for model in models]
    return json.dumps(rows, default=str)


class TestForContainers:
    def test_ecs_is_told_where_a_value_is_and_never_what_it_is(
        self, world: World, branch: Branch
    ) -> None:
        keep(branch, "DATABASE_URL")
        deployment = world.push(branch)
        world.settle()

        told = container(branch)
        (name,) = world.cloud.parameters
        assert secrets_of(told) == {"DATABASE_URL": name}
        assert "DATABASE_URL" not in {each["name"] for each in told["environment"]}
        stored = client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
        assert (stored["Value"], stored["Type"]) == (VALUE, "SecureString")
        assert VALUE not in everything_stored()
        assert "app has secrets: DATABASE_URL (in place of its own) from Edaha" in log_of(
            deployment
        )

    def test_it_carries_the_tags_of_the_installation(self, world: World, branch: Branch) -> None:
        keep(branch, "DATABASE_URL")
        world.push(branch)
        world.settle()
        (name,) = world.cloud.parameters
        assert adapters.ssm.tags_of(name) == {
            "edaha:installation": "edaha",
            "edaha:repository": "acme/shop",
            "edaha:branch": branch.slug,
            "edaha:readable-by": "edaha",
        }

    def test_a_container_of_somebody_else_gets_what_it_names(
        self, world: World, branch: Branch
    ) -> None:
        keep(branch, "DATABASE_URL")
        keep(branch, "CACHE_PASSWORD")
        world.push(branch)
        world.settle()
        assert set(secrets_of(container(branch))) == {"CACHE_PASSWORD", "DATABASE_URL"}
        assert set(secrets_of(container(branch, "cache"))) == {"CACHE_PASSWORD"}

    def test_a_reference_goes_to_ecs_as_it_is_and_needs_no_permission_of_the_files(
        self, world: World, branch: Branch
    ) -> None:
        client("ssm").put_parameter(Name="/shop/db", Value=REFERRED, Type="SecureString")
        refer(branch, "DATABASE_URL", "ssm:/shop/db")
        world.push(branch)
        world.settle()
        assert secrets_of(container(branch)) == {"DATABASE_URL": "/shop/db"}
        assert world.cloud.parameters == []

    def test_a_new_value_is_a_new_parameter_and_a_new_task_definition(
        self, world: World, branch: Branch
    ) -> None:
        row = keep(branch, "DATABASE_URL")
        world.push(branch)
        world.settle()
        before = secrets_of(container(branch))
        row.keep("another value")
        row.save()
        world.push(branch)
        world.settle()
        after = secrets_of(container(branch))
        assert before != after
        # What ran before could be started again until it was gone; then nobody needs it.
        assert len(world.cloud.parameters) == 2
        world.clock.shift(600)
        reconciling_pass()
        world.clock.shift(3700)
        reconciling_pass()
        assert world.cloud.parameters == list(after.values())

    def test_an_unchanged_value_is_put_once(self, world: World, branch: Branch) -> None:
        keep(branch, "DATABASE_URL")
        for _ in range(2):
            world.push(branch)
            world.settle()
        assert world.cloud.count("ssm.PutParameter") == 1

    def test_a_put_that_lost_its_answer_is_repeated(self, world: World, branch: Branch) -> None:
        keep(branch, "DATABASE_URL")
        world.cloud.fails("ssm.PutParameter", "InternalServerError", status=500, times=1)
        world.cloud.faults["ssm.PutParameter"].after_success = True
        world.push(branch)
        world.settle()
        branch.refresh_from_db()
        assert branch.state == BranchState.LIVE, world.story()
        assert len(world.cloud.parameters) == 1

    def test_the_end_of_the_branch_takes_everything_along(
        self, world: World, branch: Branch
    ) -> None:
        row = keep(branch, "DATABASE_URL")
        world.push(branch)
        world.settle()
        row.keep("another value")
        row.save()
        world.push(branch)
        world.settle()
        intake.destroy(branch, actor="ada", reason="Over")
        world.settle()
        branch.refresh_from_db()
        assert branch.state == BranchState.DESTROYED, world.story()
        assert not world.cloud.leftovers

    def test_what_other_files_name_is_not_given_to_them(self, world: World, branch: Branch) -> None:
        """A repository cannot read what Edaha keeps for another one, whatever it may read."""
        branch.repository.allowed = ["ssm:*", "ssm:arn:*"]
        branch.repository.save()
        stolen = "/edaha/kept-by-edaha/1/DATABASE_URL/0011223344556677"
        world.origin.commit({"edaha.yml": FILES + f"        secrets: {{X: 'ssm:{stolen}'}}\n"})
        deployment = world.push(branch)
        world.settle()
        deployment.refresh_from_db()
        assert deployment.state == DeploymentState.FAILED
        assert "which this repository may not" in deployment.error
        with pytest.raises(UserError, match="may not use"):
            adapters.secrets.read_secret(f"ssm:{stolen}", branch.repository.allowed)


def reconciling_pass() -> None:
    assert reconcile() is not None


class Build:
    """Prints what it is told to, as a build does that prints its secrets."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.requests: list[Any] = []
        self.error = ""

    def __call__(
        self, request: Any, credentials: Any, *, report: Callable[[Step | Line], None], beat: Any
    ) -> str:
        self.requests.append(request)
        report(Step(1, "RUN install", error=self.error))
        for line in self.lines:
            report(Line(1, None, line))
        if self.error:
            raise UserError(f"The image could not be built: {self.error}", hint=self.error)
        return "sha256:" + f"{len(self.requests):064x}"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, world: World) -> Build:
    made = Build()
    monkeypatch.setattr(adapters.buildx, "build", made)
    return made


class TestForBuilds:
    def test_a_build_gets_a_file_and_no_argument(
        self, world: World, branch: Branch, build: Build
    ) -> None:
        keep(branch, "NPM_TOKEN", BUILD_VALUE, for_containers=False, for_builds=True)
        deployment = world.push(branch)
        world.settle()
        (request,) = build.requests
        assert request.secrets == {"NPM_TOKEN": BUILD_VALUE.encode()}
        assert BUILD_VALUE not in str(request)
        command = adapters.buildx.build_command(request, Path("/private"))
        assert "--secret=id=NPM_TOKEN,src=/private/secrets/NPM_TOKEN" in command
        assert BUILD_VALUE not in " ".join(command)
        assert "secrets" not in container(branch)
        assert "The build of app has secrets: NPM_TOKEN from Edaha" in log_of(deployment)

    def test_what_an_image_is_known_by_tells_nothing_of_the_value(
        self, world: World, branch: Branch, build: Build
    ) -> None:
        row = keep(branch, "NPM_TOKEN", BUILD_VALUE, for_builds=True)
        world.push(branch)
        world.settle()
        world.push(branch)
        world.settle()
        assert len(image_keys()) == 1, "nothing has changed"
        # The same value, set again: whoever knows keys cannot tell that it is the same one.
        row.keep(BUILD_VALUE)
        row.save()
        world.push(branch)
        world.settle()
        assert len(image_keys()) == 2

    def test_nothing_of_it_reaches_a_log_or_a_row(
        self, world: World, branch: Branch, build: Build
    ) -> None:
        client("ssm").put_parameter(Name="/shop/token", Value=REFERRED, Type="SecureString")
        keep(branch, "NPM_TOKEN", BUILD_VALUE, for_builds=True)
        refer(branch, "TOKEN", "ssm:/shop/token", for_builds=True, for_containers=False)
        encoded = base64.b64encode(f"user:{BUILD_VALUE}".encode()).decode()
        build.lines = (
            f"token={BUILD_VALUE}",
            f"Authorization: Basic {encoded}",
            BUILD_VALUE[:7],
            BUILD_VALUE[7:],
            f"other={REFERRED}",
            "the end",
        )
        build.error = f"curl https://x:{BUILD_VALUE}@npm failed"
        deployment = world.push(branch)
        world.settle()
        deployment.refresh_from_db()
        assert deployment.state == DeploymentState.FAILED
        assert "curl https://x:***@npm failed" in deployment.error
        assert deployment.steps.get(name="RUN install").error == "curl https://x:***@npm failed"
        log = log_of(deployment)
        assert "token=***" in log and "other=***" in log and "the end" in log
        stored = everything_stored()
        for secret in (BUILD_VALUE, REFERRED, encoded[8:-4], BUILD_VALUE[7:]):
            assert secret not in stored


class TestWhatAHookPrints:
    def test_is_shown_without_secrets(self, world: World, branch: Branch) -> None:
        keep(branch, "DATABASE_URL")
        world.origin.commit({"edaha.yml": FILES + "hooks: {release: {command: [migrate]}}\n"})
        world.cloud.printed.append(f"connecting to {VALUE}")
        deployment = world.push(branch)
        world.settle()
        log = log_of(deployment)
        assert "connecting to ***" in log
        assert VALUE not in everything_stored()


@contextmanager
def written_by(*, is_trusted: bool) -> Iterator[None]:
    """Deployments that begin inside are of people who may write to the repository, or not."""

    def mark(instance: Deployment, **_: Any) -> None:
        if instance.pk is None:
            instance.is_trusted = is_trusted
            if not is_trusted:
                whose = {"branch": instance.branch, "commit": instance.commit}
                Approval.objects.get_or_create(**whose, defaults={"actor": "mika"})

    pre_save.connect(mark, sender=Deployment)
    try:
        yield
    finally:
        pre_save.disconnect(mark, sender=Deployment)


class TestStrangersGetNothing:
    @pytest.fixture(autouse=True)
    def _untrusted(self) -> Iterator[None]:
        with written_by(is_trusted=False):
            yield

    def test_neither_containers_nor_builds(
        self, world: World, branch: Branch, build: Build
    ) -> None:
        keep(branch, "DATABASE_URL", for_builds=True)
        deployment = world.push(branch)
        world.settle()
        assert secrets_of(container(branch)) == {}
        assert {"name": "DATABASE_URL", "value": "sqlite"} in container(branch)["environment"]
        assert [request.secrets for request in build.requests] == [{}]
        assert world.cloud.parameters == []
        assert "No secrets are given" in log_of(deployment)

    def test_nor_what_the_files_name(self, world: World, branch: Branch, build: Build) -> None:
        branch.repository.allowed = ["ssm:*"]
        branch.repository.save()
        client("ssm").put_parameter(Name="/shop/token", Value=REFERRED, Type="SecureString")
        files = FILES.replace("app: {}", "app: {secrets: {token: 'ssm:/shop/token'}}")
        files = files.replace("port: 8000", "port: 8000\n    secrets: {TOKEN: 'ssm:/shop/token'}")
        world.origin.commit({"edaha.yml": files})
        world.push(branch)
        world.settle()
        assert secrets_of(container(branch)) == {}
        assert [request.secrets for request in build.requests] == [{}]
        assert world.cloud.count("ssm.GetParameter") == 0

    def test_nor_do_their_templates_look_anything_up(
        self, world: World, branch: Branch, build: Build
    ) -> None:
        branch.repository.allowed = ["ssm:*"]
        branch.repository.save()
        client("ssm").put_parameter(Name="/shop/token", Value=REFERRED, Type="SecureString")
        task = {
            "family": "shop",
            "networkMode": "awsvpc",
            "containerDefinitions": [
                {"name": "app", "image": "x", "command": ["{{ ssm `/shop/token` }}"]}
            ],
        }
        world.origin.commit(
            {
                "edaha.yml": "services: {web: {ecspresso: {config: ecspresso.yml}, port: 8000}}",
                "ecspresso.yml": "task_definition: task.json",
                "task.json": json.dumps(task),
            }
        )
        deployment = world.push(branch)
        world.settle()
        deployment.refresh_from_db()
        assert "may not use the SSM parameter /shop/token" in deployment.error
        assert world.cloud.count("ssm.GetParameter") == 0

    def test_an_image_that_was_built_with_secrets_is_not_theirs(
        self, world: World, branch: Branch, build: Build, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep(branch, "NPM_TOKEN", BUILD_VALUE, for_builds=True)
        with written_by(is_trusted=True):
            world.push(branch)
            world.settle()
        world.push(branch)
        world.settle()
        assert [set(request.secrets) for request in build.requests] == [{"NPM_TOKEN"}, set()]


@pytest.mark.parametrize(
    ("branch_name", "pattern"),
    [
        ("main", "*"),
        ("feature/a", "feature/*"),
        ("feature/xy", "feature/x*"),
        # Both have as many characters of their own: the first one in the alphabet.
        ("release/1", "release/*"),
        ("fix", None),
    ],
)
def test_the_most_specific_pattern_counts(branch_name: str, pattern: str | None) -> None:
    patterns = ("*", "feature/*", "feature/x*", "release/[0-9]", "release/*")
    rows = [Secret(name="A", pattern=each) for each in patterns if pattern or each != "*"]
    found = chosen(rows, branch_name).get("A")
    assert (found.pattern if found else None) == pattern
