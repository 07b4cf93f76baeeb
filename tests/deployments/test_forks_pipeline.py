"""A stranger's commit on its whole way: what is fetched, built, told to ECS, and kept from it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from deployments import intake
from deployments.adapters import buildx, ecr, git, screenshot, secrets
from deployments.adapters.buildx import BuildRequest
from deployments.adapters.gitcommand import run
from deployments.errors import UserError
from deployments.models import Branch, Deployment, Image, LogChunk
from deployments.pipeline import picture
from deployments.states import DeploymentState

from .cloud import EXECUTION_ROLE
from .world import World

ROLE = "arn:aws:iam::123456789012:role/shop"
GREEDY = f"""\
images:
  app:
    secrets: {{npm: "ssm:/shop/npm"}}
services:
  app:
    port: 8000
    task_role: {ROLE}
    cpu: 4096
    memory: 8192
    execute_command: true
    secrets: {{DB: "ssm:/shop/db"}}
"""
DOCKERFILE = "FROM scratch\nEXPOSE 8000\n"


class Stranger:
    """A fork whose commits the repository shows as refs/pull/7/head."""

    def __init__(self, world: World) -> None:
        self.world, self.hub = world, world.origin
        self.repository = world.new_branch().repository
        Branch.objects.all().delete()
        # No branch of the repository leads to what comes now.
        self.hub.git("checkout", "--quiet", "--detach")

    def push(self, files: dict[str, str] | None = None, *, force: bool = False) -> str:
        """A commit to the fork, with these files; a “_” in a name stands for a dot."""
        if force:
            self.hub.git("checkout", "--quiet", "--detach", "main")
        for name, text in ({"Dockerfile": DOCKERFILE} | (files or {})).items():
            (self.hub.path / name.replace("_", ".")).write_text(text)
        self.hub.git("add", "--all")
        self.hub.git("commit", "--quiet", "--allow-empty", "--message", "Change")
        self.hub.git("update-ref", "refs/pull/7/head", "HEAD")
        return self.hub.git("rev-parse", "HEAD")

    def wait(self, commit: str) -> Branch:
        branch = Branch.for_fork(self.repository, 7)
        Branch.objects.filter(pk=branch.pk).update(pull_request=7)
        branch.refresh_from_db()
        assert intake.await_approval(branch, commit, actor="octocat")
        return branch

    def deploy(self, **files: str) -> Deployment:
        """Push, have it approved, and let workers work until nothing is left to do."""
        branch = self.wait(self.push(files))
        deployment = intake.approve(branch, branch.waiting_commit, actor="mika")
        self.world.settle()
        deployment.refresh_from_db()
        return deployment


@pytest.fixture
def stranger(world: World) -> Stranger:
    return Stranger(world)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, stranger: Stranger) -> list[BuildRequest]:
    """What buildx is asked for."""
    asked: list[BuildRequest] = []
    built = buildx.build

    def build(request: BuildRequest, *rest: Any, **more: Any) -> str:
        asked.append(request)
        return built(request, *rest, **more)

    monkeypatch.setattr(buildx, "build", build)
    return asked


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry has every image that was pushed."""
    monkeypatch.setattr(ecr, "has_image", lambda *_: True)


def told(deployment: Deployment) -> dict[str, Any]:
    task: dict[str, Any] = deployment.services.get().task_definition
    return task


def log(deployment: Deployment) -> str:
    chunks = LogChunk.objects.filter(deployment=deployment).order_by("first")
    return "\n".join(str(line[-1]) for chunk in chunks for line in chunk.lines)


def test_an_approved_commit_goes_live(stranger: Stranger) -> None:
    deployment = stranger.deploy()
    assert (deployment.state, deployment.error) == (DeploymentState.LIVE, "")
    assert not deployment.is_trusted
    assert "of a fork, as it was approved." in log(deployment)


def test_what_its_edaha_yml_asks_for_is_taken_away_and_told(
    stranger: Stranger, requests: list[BuildRequest]
) -> None:
    stranger.repository.allowed = ["ssm:/shop/*", f"role:{ROLE}"]
    stranger.repository.task_role_arn = ROLE
    stranger.repository.environment = {"API_KEY": "hunter2"}
    stranger.repository.save()
    deployment = stranger.deploy(edaha_yml=GREEDY)
    assert (deployment.state, deployment.error) == (DeploymentState.LIVE, "")
    task = told(deployment)
    (container,) = task["containerDefinitions"]
    assert "taskRoleArn" not in task
    assert task["executionRoleArn"] == EXECUTION_ROLE
    assert (task["cpu"], task["memory"]) == ("1024", "2048")
    assert "secrets" not in container
    assert "API_KEY" not in {each["name"] for each in container["environment"]}
    assert "hunter2" not in str(task)
    assert [request.secrets for request in requests] == [{}]
    said = log(deployment)
    assert "The image app is built without the secret npm" in said
    assert "app runs without what a fork does not get: taskDefinition.taskRoleArn" in said
    where = {change["where"] for change in deployment.services.get().changes}
    assert "taskDefinition.containerDefinitions[app].secrets" in where


def test_no_secret_is_read_for_it(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    from deployments.pipeline import secrets as given

    def read(*_: object) -> bytes:
        raise AssertionError("a secret was read for a stranger")

    for name in ("read_secret", "read_referred", "peek"):
        monkeypatch.setattr(given, name, read)
    monkeypatch.setattr(secrets, "read_secret", read)
    assert stranger.deploy(edaha_yml=GREEDY).state == DeploymentState.LIVE


def test_a_template_that_looks_something_up_is_told_that_it_may_not(stranger: Stranger) -> None:
    stranger.repository.allowed = ["ssm:*"]
    stranger.repository.save()
    deployment = stranger.deploy(
        ecspresso_yml="region: eu-west-1\ntask_definition: task.json\n",
        task_json='{"family": "x", "containerDefinitions": [{"name": "app", "image": "x", '
        '"command": ["{{ ssm `/shop/db` }}"]}]}',
        edaha_yml="services: {app: {ecspresso: ecspresso.yml, port: 8000}}\n",
    )
    assert deployment.state == DeploymentState.FAILED
    assert "This comes from a fork, which may not use the SSM parameter /shop/db" in (
        deployment.error
    )


def test_its_build_reads_and_writes_no_shared_cache(
    stranger: Stranger, requests: list[BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    exported: list[object] = []
    monkeypatch.setattr(buildx, "export_cache", lambda *args, **_: exported.append(args))
    deployment = stranger.deploy()
    (request,) = requests
    assert request.cache_from == ()
    assert request.stranger == f"edaha-fork-{deployment.branch_id}"
    assert exported == []


@pytest.mark.usefixtures("kept")
class TestReuse:
    """An unchanged tree is not built again; but a stranger's is another one."""

    def test_a_strangers_image_is_never_a_trusted_branchs(
        self, stranger: Stranger, requests: list[BuildRequest]
    ) -> None:
        commit = stranger.deploy().commit
        own = Branch.for_name(stranger.repository, "same-tree")
        stranger.hub.git("branch", "same-tree", commit)
        assert intake.want_commit(own, commit, trigger=Deployment.Trigger.PUSH)
        stranger.world.settle()
        assert [request.stranger != "" for request in requests] == [True, False]
        assert Image.objects.values("build_key").distinct().count() == 2

    def test_a_trusted_image_with_its_secrets_is_never_a_strangers(
        self, stranger: Stranger, requests: list[BuildRequest]
    ) -> None:
        commit = stranger.push()
        own = Branch.for_name(stranger.repository, "same-tree")
        stranger.hub.git("branch", "same-tree", commit)
        assert intake.want_commit(own, commit, trigger=Deployment.Trigger.PUSH)
        stranger.world.settle()
        intake.approve(stranger.wait(commit), commit, actor="mika")
        stranger.world.settle()
        assert [request.stranger != "" for request in requests] == [False, True]

    def test_its_own_image_is(self, stranger: Stranger, requests: list[BuildRequest]) -> None:
        first = stranger.deploy()
        again = intake.redeploy(first.branch, actor="mika")
        stranger.world.settle()
        again.refresh_from_db()
        assert (again.state, again.build_reused) == (DeploymentState.LIVE, True)
        assert len(requests) == 1


class TestSwaps:
    def test_a_push_after_the_approval_is_not_what_is_built(
        self, stranger: Stranger, requests: list[BuildRequest]
    ) -> None:
        good = stranger.push()
        branch = stranger.wait(good)
        deployment = intake.approve(branch, good, actor="mika")
        stranger.push({"evil": "yes"})
        stranger.world.settle()
        deployment.refresh_from_db()
        assert (deployment.state, deployment.commit) == (DeploymentState.LIVE, good)
        (request,) = requests
        assert not (request.context / "evil").exists()

    def test_a_forced_push_after_the_approval_ends_it(
        self, stranger: Stranger, requests: list[BuildRequest]
    ) -> None:
        good = stranger.push({"page": "good"})
        deployment = intake.approve(stranger.wait(good), good, actor="mika")
        evil = stranger.push({"page": "evil"}, force=True)
        stranger.world.settle()
        deployment.refresh_from_db()
        assert deployment.state == DeploymentState.FAILED
        assert deployment.error == (
            f"The pull request has no commit {good[:7]} any more: its head is {evil[:7]}."
        )
        assert requests == []

    def test_a_redeploy_stays_with_the_approved_commit(self, stranger: Stranger) -> None:
        first = stranger.deploy()
        stranger.push({"evil": "yes"})
        again = intake.redeploy(first.branch, actor="mika")
        stranger.world.settle()
        again.refresh_from_db()
        assert (again.state, again.commit) == (DeploymentState.LIVE, first.commit)
        assert not again.is_trusted

    @pytest.mark.usefixtures("kept")
    def test_a_rollback_and_a_repair_stay_strangers(self, stranger: Stranger) -> None:
        first = stranger.deploy()
        second = stranger.deploy(page="second")
        back = intake.roll_back(second.branch, first, actor="mika")
        stranger.world.settle()
        back.refresh_from_db()
        assert (back.state, back.is_trusted) == (DeploymentState.LIVE, False)
        branch = Branch.objects.select_related("live").get(pk=second.branch_id)
        repaired = intake.repair(branch, reason="gone")
        assert repaired is not None
        assert not repaired.is_trusted

    def test_rows_that_say_otherwise_are_not_built(self, stranger: Stranger) -> None:
        """Whatever changed the row: the worker looks for the approval of this very commit."""
        good = stranger.push()
        deployment = intake.approve(stranger.wait(good), good, actor="mika")
        evil = stranger.push({"evil": "yes"})
        Deployment.objects.update(commit=evil)
        stranger.world.settle()
        deployment.refresh_from_db()
        assert deployment.state == DeploymentState.FAILED
        assert deployment.error.startswith(f"Nobody has approved commit {evil[:7]}")


class TestFetching:
    def test_the_repositorys_own_ref_is_read(self, stranger: Stranger) -> None:
        commit = stranger.push()
        assert git.read_pull_head(stranger.repository, 7) == commit
        assert git.read_pull_head(stranger.repository, 8) is None

    @pytest.mark.parametrize("name", ["pull/7/head", "refs/pull/7/head", "x/refs/pull/7/head"])
    def test_a_branch_that_is_called_like_the_ref_is_not_it(
        self, stranger: Stranger, name: str
    ) -> None:
        """CVE-2024-52308's kind: a name that means something else to who reads it."""
        commit = stranger.push()
        stranger.hub.git("update-ref", f"refs/heads/{name}", "main")
        assert git.read_pull_head(stranger.repository, 7) == commit
        mirror = git.fetch(stranger.repository, stranger.wait(commit), commit)
        ref = f"refs/edaha/{Branch.objects.get().pk}"
        assert run(stranger.repository, ["rev-parse", ref], at=mirror).strip() == commit

    def test_another_commit_of_the_fork_network_is_not_fetched_by_its_hash(
        self, stranger: Stranger
    ) -> None:
        """GitHub hands out any fork's commit from any repository of the network."""
        branch = stranger.wait(stranger.push())
        stranger.hub.git("config", "uploadpack.allowAnySHA1InWant", "true")
        elsewhere = stranger.push({"page": "of another fork"}, force=True)
        stranger.hub.git("update-ref", "refs/pull/7/head", "main")
        with pytest.raises(UserError, match="has no commit"):
            git.fetch(stranger.repository, branch, elsewhere)

    def test_the_forks_own_address_is_never_asked(
        self, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SSRF by clone URL: what a payload says of the head's repository is only shown."""
        commit = stranger.push()
        branch = stranger.wait(commit)
        Branch.objects.update(head_repository="http://169.254.169.254/latest")
        branch.refresh_from_db()
        mirror = git.fetch(stranger.repository, branch, commit)
        assert mirror == git.mirror_path(stranger.repository)

    def test_a_fork_that_is_gone_does_not_matter(self, stranger: Stranger) -> None:
        Branch.for_fork(stranger.repository, 7)
        Branch.objects.update(head_repository="", head_branch="")
        assert stranger.deploy().state == DeploymentState.LIVE


class TestCommands:
    request = BuildRequest(
        context=Path("/files"),
        dockerfile=Path("/files/Dockerfile"),
        platforms=("linux/amd64",),
        target="registry/edaha/shop:pr-7",
        stranger="edaha-fork-7",
    )

    def test_its_steps_and_cache_mounts_are_its_own(self) -> None:
        """CVE-2026-33747's kind: a cache that builds of different trust share."""
        for command in (
            buildx.try_command(self.request, Path("/own")),
            buildx.build_command(self.request, Path("/own")),
        ):
            assert "--add-host=edaha-fork-7.invalid:127.0.0.1" in command
            assert "--build-arg=BUILDKIT_CACHE_MOUNT_NS=edaha-fork-7" in command
            assert not [each for each in command if each.startswith(("--cache", "--secret"))]

    def test_its_steps_run_without_credentials_and_the_push_runs_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[list[str], str]] = []

        def ran(command: list[str], folder: Path, *_: object) -> int:
            seen.append((command, (folder / "config.json").read_text()))
            (folder / "metadata.json").write_text('{"containerimage.digest": "sha256:1"}')
            return 0

        monkeypatch.setattr(buildx, "_run", ran)
        monkeypatch.setattr(buildx, "remove_local", lambda _: None)
        anew = dataclasses.replace(self.request, no_cache=True)
        known = buildx.Credentials("registry", "c2VjcmV0")
        buildx.build(anew, known, report=lambda _: None, beat=lambda: None)
        (tried, without), (pushed, with_them) = seen
        assert "--output=type=cacheonly" in tried
        assert "--no-cache" in tried
        assert not [each for each in tried if "push=true" in each]
        assert "c2VjcmV0" not in without
        assert "--no-cache" not in pushed
        assert "c2VjcmV0" in with_them

    def test_a_builder_of_its_own_is_a_setting(self, settings: Any) -> None:
        settings.EDAHA = settings.EDAHA.model_copy(update={"fork_builder": "strangers"})
        assert "--builder=strangers" in buildx.build_command(self.request, Path("/own"))
        own = dataclasses.replace(self.request, stranger="")
        assert "--builder=strangers" not in buildx.build_command(own, Path("/own"))


def test_no_browser_of_ours_opens_a_strangers_page(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSRF by scripts: they would run within the workers' network."""
    deployment = stranger.deploy()
    opened: list[str] = []
    monkeypatch.setattr(screenshot, "take", opened.append)
    picture.take(deployment.pk)
    assert opened == []
    # Whereas one of our own is opened.
    Deployment.objects.update(is_trusted=True)
    picture.take(deployment.pk)
    assert opened == ["pr-7"]
