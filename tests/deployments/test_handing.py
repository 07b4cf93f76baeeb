"""Images that GitHub Actions builds: what waits for them, what is accepted, what comes of it."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import elsewhere, handing, intake, reconcile
from deployments.adapters import ecr
from deployments.causes import Cause
from deployments.config import config
from deployments.errors import UserError
from deployments.handing import Given, NotApproved, NotThere
from deployments.models import Branch, Deployment, ImageSet, Repository
from deployments.pipeline import queue
from deployments.states import DeploymentState, Wanted

from .test_forks_pipeline import Stranger
from .world import FakeBuildx, World

STORE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/edaha/acme-shop"
NAME = "edaha/acme-shop"
RUN = "https://github.com/acme/shop/actions/runs/4711"
State = DeploymentState


def index(*platforms: str, salt: str = "") -> str:
    """What buildx pushes: an index of one image for each platform, and what tells of it."""
    entries = [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": f"sha256:{hashlib.sha256((platform + salt).encode()).hexdigest()}",
            "size": 1,
            "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True)),
        }
        for platform in (*platforms, "unknown/unknown")
    ]
    media = "application/vnd.oci.image.index.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": media, "manifests": entries})


def push(manifest: str, *, name: str = NAME, tag: str = "") -> str:
    """The digest of an image that a workflow has pushed."""
    client = boto3.client("ecr")
    known = client.describe_repositories()["repositories"]
    if name not in {each["repositoryName"] for each in known}:
        client.create_repository(repositoryName=name)
    tag = tag or hashlib.sha256(manifest.encode()).hexdigest()[:12]
    if known_digest := ecr.digest_of(name, tag):
        return known_digest
    answer = client.put_image(repositoryName=name, imageManifest=manifest, imageTag=tag)
    digest: str = answer["image"]["imageId"]["imageDigest"]
    return digest


class Actions:
    """A repository whose workflow builds, and its branch main."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.branch = world.new_branch("main")
        self.repository = self.branch.repository
        Repository.objects.update(builds="actions")
        self.repository.refresh_from_db()

    @property
    def head(self) -> str:
        return self.world.origin.git("rev-parse", "main")

    def built(self, *platforms: str, salt: str = "") -> dict[str, str]:
        return {"app": f"{STORE}@{push(index(*platforms or ('linux/amd64',), salt=salt))}"}

    def hand_over(
        self,
        images: dict[str, str] | None = None,
        *,
        commit: str = "",
        branch: str = "main",
        **more: Any,
    ) -> Deployment:
        handed = self.built() if images is None else images
        given = Given(branch, commit or self.head, handed, **more)
        return handing.hand_over(self.repository, given, actor="octocat")

    def refused(self, images: dict[str, str], **more: Any) -> dict[str, list[str]]:
        """What is said of each image; nothing has come of it."""
        before = ImageSet.objects.count()
        with pytest.raises(ValidationError) as caught:
            self.hand_over(images, **more)
        assert ImageSet.objects.count() == before
        said: dict[str, list[str]] = caught.value.message_dict
        return said


@pytest.fixture
def actions(world: World) -> Actions:
    return Actions(world)


def test_a_push_waits_for_its_images_and_takes_no_place(actions: Actions) -> None:
    waiting = actions.world.push(actions.branch)
    actions.world.work()
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    assert waiting.awaits_images
    assert queue.ready() == []
    assert queue.standings() == {}


def test_what_is_handed_over_goes_live_without_a_build(
    actions: Actions, buildx: FakeBuildx
) -> None:
    waiting = actions.world.push(actions.branch)
    images = actions.built()
    made = actions.hand_over(images, run_url=RUN)
    assert made.pk == waiting.pk
    actions.world.settle()
    made.refresh_from_db()
    assert (made.state, made.error) == (State.LIVE, "")
    assert buildx.builds == 0
    task = made.services.get().task_definition
    assert [each["image"] for each in task["containerDefinitions"]] == [images["app"]]
    assert made.image_set is not None
    assert made.image_set.run_url == RUN


def test_the_same_images_again_are_the_same_deployment(actions: Actions) -> None:
    actions.world.push(actions.branch)
    images = actions.built()
    first = actions.hand_over(images)
    assert actions.hand_over(images) == first
    actions.world.settle()
    assert actions.hand_over(images) == first
    assert ImageSet.objects.count() == 1


def test_other_images_of_the_same_commit_are_deployed_anew(actions: Actions) -> None:
    actions.world.push(actions.branch)
    first = actions.hand_over(actions.built())
    actions.world.settle()
    again = actions.hand_over(actions.built(salt="again"))
    assert again.generation == first.generation + 1
    assert again.image_set != first.image_set
    actions.world.settle()
    again.refresh_from_db()
    assert again.state == State.LIVE


def test_it_may_come_before_the_delivery(actions: Actions) -> None:
    Branch.objects.all().delete()
    made = actions.hand_over()
    assert (made.branch.name, made.commit, made.trigger) == ("main", actions.head, "found")
    actions.world.settle()
    made.refresh_from_db()
    assert made.state == State.LIVE
    # The delivery, when it comes, tells nothing new.
    branch = Branch.objects.get()
    assert branch.wanted_commit == branch.seen_commit == actions.head


def test_it_is_kept_where_the_pull_request_is_not_known_yet(actions: Actions) -> None:
    Branch.objects.all().delete()
    Repository.objects.update(policy="pull_requests")
    actions.repository.refresh_from_db()
    with pytest.raises(UserError, match="no open pull request is known for main"):
        actions.hand_over()
    branch = Branch.for_name(actions.repository, "main")
    wished = actions.world.push(branch)
    assert wished.image_set is not None
    actions.world.settle()
    wished.refresh_from_db()
    assert wished.state == State.LIVE


def test_an_older_commit_never_goes_over_a_newer_one(actions: Actions) -> None:
    old, first = actions.head, actions.world.push(actions.branch)
    new = actions.world.origin.commit({"a": "b"})
    actions.world.push(actions.branch)
    with pytest.raises(UserError, match=f"A newer commit of main is wanted by now: {new[:7]}"):
        actions.hand_over(commit=old)
    first.refresh_from_db()
    assert first.state == State.SUPERSEDED
    newest = Branch.objects.get().deployment
    assert newest is not None
    assert (newest.commit, newest.awaits_images) == (new, True)


def test_a_push_while_images_are_handed_over_wins(
    actions: Actions, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.world.push(actions.branch)
    old, give = actions.head, elsewhere.give

    def overtaken(deployment: Deployment, images: ImageSet) -> bool:
        monkeypatch.setattr(elsewhere, "give", give)
        actions.world.origin.commit({"a": "b"})
        actions.world.push(actions.branch)
        return give(deployment, images)

    monkeypatch.setattr(elsewhere, "give", overtaken)
    with pytest.raises(UserError):
        actions.hand_over(commit=old)
    branch = Branch.objects.get()
    assert branch.deployment is not None
    assert branch.deployment.awaits_images
    assert branch.wanted_commit == actions.head


def test_nothing_came_in_time(actions: Actions) -> None:
    waiting = actions.world.push(actions.branch)

    def is_over() -> bool:
        waiting.refresh_from_db()
        return waiting.state != State.QUEUED

    actions.world.settle(is_over)
    assert (waiting.state, waiting.cause) == (State.FAILED, Cause.NO_IMAGES)
    assert waiting.error == "GitHub Actions handed no images over within 60 minutes."
    assert "run it again" in waiting.hint
    assert timezone.now() - waiting.created_at < timedelta(minutes=63)
    # They may still come: the workflow was only slow.
    late = actions.hand_over()
    assert late.generation == waiting.generation + 1
    actions.world.settle()
    late.refresh_from_db()
    assert late.state == State.LIVE


def test_images_that_come_at_the_last_moment_win(actions: Actions) -> None:
    actions.world.push(actions.branch)
    made = actions.hand_over()
    actions.world.clock.shift(timedelta(minutes=90))
    elsewhere.give_up_overdue(timezone.now())
    made.refresh_from_db()
    assert made.state == State.QUEUED
    actions.world.settle()
    made.refresh_from_db()
    assert made.state == State.LIVE


def test_it_waits_longer_than_the_queue_does_where_told(
    actions: Actions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "images_wait_minutes", 600)
    waiting = actions.world.push(actions.branch)
    actions.world.clock.shift(timedelta(hours=5))
    reconcile.tick()
    waiting.refresh_from_db()
    assert waiting.awaits_images


def test_a_redeploy_reuses_what_was_handed_over(actions: Actions, buildx: FakeBuildx) -> None:
    actions.world.push(actions.branch)
    first = actions.hand_over()
    actions.world.settle()
    again = intake.redeploy(actions.branch, actor="mika")
    assert (again.generation, again.image_set) == (first.generation + 1, first.image_set)
    actions.world.settle()
    again.refresh_from_db()
    assert (again.state, buildx.builds) == (State.LIVE, 0)


def test_a_redeploy_without_images_waits_once(actions: Actions) -> None:
    waiting = actions.world.push(actions.branch)
    assert intake.redeploy(actions.branch, actor="mika") == waiting


def test_a_chosen_older_commit_waits_for_its_own_images(actions: Actions) -> None:
    old = actions.head
    actions.world.origin.commit({"a": "b"})
    actions.world.push(actions.branch)
    chosen = intake.deploy_commit(actions.branch, old[:8], actor="mika")
    assert intake.deploy_commit(actions.branch, old[:8], actor="mika") == chosen
    made = actions.hand_over(commit=old)
    assert (made.pk, made.commit) == (chosen.pk, old)
    actions.world.settle()
    made.refresh_from_db()
    assert made.state == State.LIVE
    later = intake.deploy_commit(actions.branch, old[:8], actor="mika")
    assert (later.commit, later.image_set) == (old, made.image_set)


def test_a_rollback_works_as_ever(actions: Actions, buildx: FakeBuildx) -> None:
    actions.world.push(actions.branch)
    first = actions.hand_over()
    actions.world.settle()
    actions.world.origin.commit({"a": "b"})
    actions.world.push(actions.branch)
    actions.hand_over(actions.built(salt="second"))
    actions.world.settle()
    back = intake.roll_back(actions.branch, first, actor="mika")
    actions.world.settle()
    back.refresh_from_db()
    assert (back.state, buildx.builds) == (State.LIVE, 0)
    assert first.builds.get().reference == back.builds.get().reference


def test_a_rollback_is_not_undone_by_a_slow_workflow(actions: Actions) -> None:
    actions.world.push(actions.branch)
    first = actions.hand_over()
    actions.world.settle()
    actions.world.origin.commit({"a": "b"})
    actions.world.push(actions.branch)
    back = intake.roll_back(actions.branch, first, actor="mika")
    assert back.image_set == first.image_set
    images = actions.built(salt="second")
    with pytest.raises(UserError, match="Somebody has chosen another commit") as caught:
        actions.hand_over(images)
    assert "redeploy" in caught.value.hint
    assert Branch.objects.get().deployment == back
    again = intake.redeploy(actions.branch, actor="mika")
    assert again.image_set is not None
    assert (again.commit, again.image_set.images) == (actions.head, images)


def test_there_is_nothing_to_build_without_the_cache(actions: Actions) -> None:
    actions.world.push(actions.branch)
    wishes: list[Callable[[], Deployment]] = [
        lambda: intake.redeploy(actions.branch, actor="mika", no_cache=True),
        lambda: intake.deploy_commit(actions.branch, actions.head, actor="mika", no_cache=True),
    ]
    for wish in wishes:
        with pytest.raises(UserError, match="nothing to build anew") as caught:
            wish()
        assert "workflow again" in caught.value.hint


def test_where_edaha_builds_nothing_is_handed_over(actions: Actions) -> None:
    Repository.objects.update(builds="edaha")
    actions.repository.refresh_from_db()
    with pytest.raises(UserError, match="Edaha itself builds") as caught:
        actions.hand_over()
    assert "--builds actions" in caught.value.hint


def test_edaha_builds_what_waited_once_the_setting_says_so(
    actions: Actions, buildx: FakeBuildx
) -> None:
    waiting = actions.world.push(actions.branch)
    Repository.objects.update(builds="edaha")
    branch = Branch.objects.get()
    made = intake.redeploy(branch, actor="mika")
    assert made != waiting
    actions.world.settle()
    made.refresh_from_db()
    assert (made.state, buildx.builds) == (State.LIVE, 1)


def test_a_repair_brings_back_what_was_live(actions: Actions) -> None:
    actions.world.push(actions.branch)
    first = actions.hand_over()
    actions.world.settle()
    branch = Branch.objects.get()
    made = intake.repair(branch, reason="gone")
    assert made is not None
    assert made.image_set == first.image_set


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (f"{STORE}:main", "a tag may move"),
        (f"{STORE}@sha256:abc", "all 64 digits"),
        (f"{STORE}@sha256:{'0' * 64}", "has no image"),
        (f"{STORE}@sha256:{'0' * 64}\n", "a tag may move"),
        ("", "a tag may move"),
        (f"{STORE}-other@sha256:{'0' * 64}", "It has to be in"),
        (f"{STORE.replace('123456789012', '999999999999')}@sha256:{'0' * 64}", "It has to be in"),
        (f"docker.io/library/nginx@sha256:{'0' * 64}", "It has to be in"),
    ],
)
def test_only_digests_of_its_own_repository_are_taken(
    actions: Actions, reference: str, said: str
) -> None:
    actions.world.push(actions.branch)
    assert said in actions.refused({"app": reference})["app"][0]
    assert Branch.objects.get().deployment.awaits_images  # type: ignore[union-attr]


def test_another_applications_image_is_not_taken(actions: Actions) -> None:
    digest = push(index("linux/amd64"), name="edaha/acme-vault")
    theirs = f"{STORE.replace('acme-shop', 'acme-vault')}@{digest}"
    assert "It has to be in" in actions.refused({"app": theirs})["app"][0]
    # Nor by its digest under the repository's own name.
    assert "has no image" in actions.refused({"app": f"{STORE}@{digest}"})["app"][0]


def test_all_that_is_wrong_is_told_at_once(actions: Actions) -> None:
    actions.world.origin.commit(
        {
            "edaha.yml": "images:\n  web: {}\n  api: {platforms: [linux/arm64]}\n"
            "services:\n  web: {port: 80, image: web}\n"
        }
    )
    actions.world.push(actions.branch)
    amd = actions.built()["app"]
    said = actions.refused({"api": amd, "worker": amd})
    assert set(said) == {"web", "api", "worker"}
    assert said["web"] == ["It is missing: the application has this image."]
    assert said["api"] == ["It lacks linux/arm64; it is built for linux/amd64."]
    assert said["worker"] == ["There is no such image in the application; it has web, api."]


def test_a_single_image_for_another_processor_fails_before_anything_starts(
    actions: Actions, buildx: FakeBuildx, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.world.push(actions.branch)
    monkeypatch.setattr("deployments.adapters.buildx.inspect", lambda *_: {"linux/arm64": [80]})
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "x", "size": 1, "digest": f"sha256:{'1' * 64}"},
            "layers": [],
        }
    )
    made = actions.hand_over({"app": f"{STORE}@{push(manifest)}"})
    actions.world.settle()
    made.refresh_from_db()
    assert (made.state, made.cause) == (State.FAILED, Cause.IMAGE_PLATFORM)
    assert actions.world.cloud.count("ecs.CreateService") == 0


def test_images_that_are_gone_meanwhile_are_told_of(actions: Actions) -> None:
    actions.world.push(actions.branch)
    made = actions.hand_over()
    actions.world.cloud.clear()
    actions.world.settle()
    made.refresh_from_db()
    assert (made.state, made.cause) == (State.FAILED, Cause.NO_IMAGES)
    assert "Run the workflow" in made.hint


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://github.com.evil.example/acme/shop/actions/runs/1",
        "https://github.com/acme/other/actions/runs/1",
        "https://github.com/acme/shop/actions/runs/1?x=<script>",
        "https://github.com/acme/shop/actions/runs/",
        "https://github.com/acme/shop/actions/runs/1/attempts/2/3",
    ],
)
def test_a_run_is_one_of_the_repositorys_own(actions: Actions, url: str) -> None:
    actions.world.push(actions.branch)
    assert set(actions.refused(actions.built(), run_url=url)) == {"run_url"}


@pytest.mark.parametrize("end", ["", "/attempts/2", "/"])
def test_a_run_may_be_told(actions: Actions, end: str) -> None:
    actions.world.push(actions.branch)
    assert actions.hand_over(run_url=RUN + end).image_set.run_url == RUN + end  # type: ignore[union-attr]


def test_a_commit_has_to_be_the_branchs_own(actions: Actions) -> None:
    actions.world.push(actions.branch)
    with pytest.raises(NotThere, match="has no commit 3333333"):
        actions.hand_over(commit="3" * 40)
    other = actions.world.origin.commit({"a": "b"}, branch="other")
    with pytest.raises(NotThere, match=f"has no commit {other[:7]}"):
        actions.hand_over(commit=other)
    with pytest.raises(NotThere, match="There is no branch nowhere"):
        actions.hand_over(branch="nowhere")


def test_a_chosen_commit_has_to_be_the_branchs_own_too(actions: Actions) -> None:
    """GitHub hands out commits of forks by their hash, and hashes can be made to begin alike."""
    actions.world.push(actions.branch)
    theirs = actions.world.origin.commit({"a": "b"}, branch="theirs")
    intake.deploy_commit(actions.branch, theirs, actor="mika")
    with pytest.raises(NotThere):
        actions.hand_over(commit=theirs)


def test_a_destroyed_preview_stays_away(actions: Actions) -> None:
    actions.world.push(actions.branch)
    images = actions.built()
    actions.hand_over(images)
    actions.world.settle()
    intake.destroy(actions.branch, actor="mika", reason="")
    actions.world.settle()
    # What was handed over went with it.
    assert not ImageSet.objects.exists()
    assert ecr.digests(NAME) == set()
    with pytest.raises(UserError, match="was here before"):
        actions.hand_over()
    assert Branch.objects.get().wanted == Wanted.ABSENT


def test_images_of_another_branch_stay(actions: Actions) -> None:
    actions.world.push(actions.branch)
    images = actions.built()
    actions.hand_over(images)
    actions.world.settle()
    commit = actions.world.origin.commit({}, branch="second")
    second = actions.hand_over(images, branch="second", commit=commit)
    intake.destroy(actions.branch, actor="mika", reason="")
    actions.world.settle()
    second.refresh_from_db()
    assert second.state == State.LIVE
    assert ecr.has_image(NAME, images["app"].partition("@")[2])


def test_the_plan_says_what_to_build_and_where_it_goes(actions: Actions) -> None:
    commit = actions.world.origin.commit(
        {
            "web/Dockerfile": "FROM scratch AS prod\n",
            "edaha.yml": "images:\n  web:\n    context: web\n    target: prod\n"
            "    args: {A: '1'}\nservices:\n  web: {port: 80, image: web}\n",
        }
    )
    plan = handing.build_plan(actions.repository, "main", commit)
    assert (plan.store, plan.region) == (STORE, "eu-west-1")
    [(spec, tag)] = plan.images
    assert (spec.name, spec.context, spec.target, dict(spec.args)) == (
        "web", "web", "prod", {"A": "1"},
    )  # fmt: skip
    assert tag == f"main-{commit[:12]}.web"
    with pytest.raises(NotThere):
        handing.build_plan(actions.repository, "main", "3" * 40)


class TestForks:
    @pytest.fixture
    def stranger(self, world: World) -> Stranger:
        made = Stranger(world)
        Repository.objects.update(builds="actions")
        made.repository.refresh_from_db()
        return made

    def given(self, commit: str) -> Given:
        images = {"app": f"{STORE}@{push(index('linux/amd64'))}"}
        return Given("pull:7", commit, images)

    def test_nothing_is_taken_before_the_approval(self, stranger: Stranger) -> None:
        commit = stranger.push()
        branch = stranger.wait(commit)
        for call in (
            lambda: handing.hand_over(stranger.repository, self.given(commit), actor="x"),
            lambda: handing.build_plan(stranger.repository, "pull:7", commit),
        ):
            with pytest.raises(NotApproved, match="nobody has approved it"):
                call()
        branch.refresh_from_db()
        assert branch.deployment is None

    def test_what_was_approved_goes_live_without_trust(self, stranger: Stranger) -> None:
        commit = stranger.push()
        waiting = intake.approve(stranger.wait(commit), commit, actor="mika")
        assert waiting.awaits_images
        made = handing.hand_over(stranger.repository, self.given(commit), actor="x")
        assert made == waiting
        stranger.world.settle()
        made.refresh_from_db()
        assert (made.state, made.error, made.is_trusted) == (State.LIVE, "", False)

    def test_its_image_is_no_other_branchs(self, stranger: Stranger) -> None:
        """CWE-345: what a stranger wrote would run with the secrets of the repository."""
        commit = stranger.push()
        intake.approve(stranger.wait(commit), commit, actor="mika")
        given = self.given(commit)
        handing.hand_over(stranger.repository, given, actor="x")
        own = stranger.hub.git("rev-parse", "main")
        with pytest.raises(ValidationError, match="pull request from a fork"):
            handing.hand_over(stranger.repository, Given("main", own, given.images), actor="x")
        stranger.world.settle()
        ImageSet.objects.all().delete()
        with pytest.raises(ValidationError, match="pull request from a fork"):
            handing.hand_over(stranger.repository, Given("main", own, given.images), actor="x")

    def test_an_approval_is_of_one_commit(self, stranger: Stranger) -> None:
        first = stranger.push()
        branch = stranger.wait(first)
        intake.approve(branch, first, actor="mika")
        second = stranger.push({"a": "b"})
        with pytest.raises(NotApproved):
            handing.hand_over(stranger.repository, self.given(second), actor="x")

    def test_a_strangers_commit_is_no_branchs(self, stranger: Stranger) -> None:
        commit = stranger.push()
        with pytest.raises(NotThere):
            given = Given("main", commit, {"app": f"{STORE}@{push(index('linux/amd64'))}"})
            handing.hand_over(stranger.repository, given, actor="x")

    def test_an_unknown_pull_request(self, stranger: Stranger) -> None:
        with pytest.raises(NotThere, match="pull:9"):
            handing.build_plan(stranger.repository, "pull:9", "3" * 40)
