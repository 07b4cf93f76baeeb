"""What a machine's disk, a log and the registry hold for nobody is given back."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from deployments import intake, reconcile
from deployments.adapters import disk, ecr, git, prune, wakeups
from deployments.adapters.disk import GB
from deployments.adapters.worktree import lock_path, try_lock, worktree_path
from deployments.errors import PlatformError
from deployments.models import (
    Branch,
    Build,
    Deployment,
    Image,
    LogChunk,
    Pulse,
    Repository,
    logwriter,
)
from deployments.pipeline import tidy
from deployments.pipeline.budget import Use, beyond, prune_images
from deployments.pipeline.report import Report
from deployments.states import BranchState, DeploymentState

from .cloud import Cloud
from .ears import Ears
from .world import Origin, World

pytestmark = pytest.mark.django_db

_D = DeploymentState
COMMIT = "c" * 40
#: The real one, which no other test calls.
_PRUNE = prune.prune_build_cache


def limit(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    monkeypatch.setattr(settings, "EDAHA", settings.EDAHA.model_copy(update=values))


@pytest.fixture(autouse=True)
def pruned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What BuildKit's cache was to be cut to, each time."""
    kept: list[int] = []
    monkeypatch.setattr(prune, "prune_build_cache", kept.append)
    return kept


class TestDisk:
    @pytest.fixture
    def free(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, float]:
        """GB that are free, by what a path has in it."""
        (tmp_path / "docker").mkdir()
        free = {"docker": 100.0, "cache": 100.0}

        def statvfs(path: Any) -> Any:
            blocks = int(free[Path(path).name] * GB / 1000)
            return SimpleNamespace(f_frsize=1000, f_bavail=blocks, f_blocks=10**9, f_bfree=blocks)

        monkeypatch.setattr(os, "statvfs", statvfs)
        monkeypatch.setattr(disk, "_docker_folder", lambda: tmp_path / "docker")
        limit(monkeypatch, min_free_gb=5, data=tmp_path)
        return free

    def test_where_there_is_room_nothing_is_tidied(
        self, free: dict[str, float], pruned: list[int]
    ) -> None:
        tidy.ensure_room(lambda text: pytest.fail(text))
        assert pruned == []

    @pytest.mark.parametrize("place", ["docker", "cache"])
    def test_a_full_disk_is_told_with_place_and_numbers_and_can_be_tried_again(
        self, free: dict[str, float], pruned: list[int], place: str
    ) -> None:
        free[place] = 1.25
        said: list[str] = []
        with pytest.raises(PlatformError) as caught:
            tidy.ensure_room(said.append)
        assert pruned == [20 * GB]
        assert caught.value.retry
        assert f"Only 1.2 GB are free in {disk.least_room().place}" in caught.value.message
        assert "needs 5 GB" in caught.value.message
        assert "EDAHA_MIN_FREE_GB" in caught.value.hint
        assert "tidying up" in said[0]

    def test_what_tidying_gives_back_is_enough(
        self, free: dict[str, float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        free["docker"] = 1
        monkeypatch.setattr(prune, "prune_build_cache", lambda _: free.update(docker=30))
        tidy.ensure_room(lambda _: None)

    def test_a_folder_of_docker_that_is_not_here_does_not_count(
        self, free: dict[str, float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        free["docker"] = 0
        monkeypatch.setattr(disk, "_docker_folder", lambda: tmp_path / "elsewhere-docker")
        tidy.ensure_room(lambda _: None)

    def test_the_engine_of_another_machine_says_nothing_about_this_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DOCKER_HOST", "tcp://builder:2376")
        assert disk._docker_folder() is None

    def test_a_build_without_room_waits_and_says_so(
        self, world: World, free: dict[str, float]
    ) -> None:
        deployment = world.push(world.new_branch())
        free["cache"] = 0.5
        world.work()
        deployment.refresh_from_db()
        assert (deployment.state, deployment.attempts) == (_D.BUILDING, 1)
        free["cache"] = 50
        world.settle()
        deployment.refresh_from_db()
        assert deployment.state == _D.LIVE


@pytest.mark.parametrize(
    ("told", "limits"),
    [
        ("--keep-storage bytes", ["--keep-storage=7"]),
        (
            "--max-used-space bytes --min-free-space bytes --reserved-space bytes",
            ["--reserved-space=7", "--max-used-space=7"],
        ),
    ],
)
def test_buildx_is_told_the_budget_in_its_own_versions_words(told: str, limits: list[str]) -> None:
    begin = ["docker", "buildx", "prune", "--all", "--force"]
    assert prune.prune_command(7, told) == [*begin, *limits]
    strangers = prune.prune_command(7, told, "strangers")
    assert strangers == [*begin, "--builder=strangers", *limits]


class TestBuilders:
    """With a `docker` in front of the real one, that takes down what it is asked."""

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        """A file with a line for each pruning. The builder of all but forks does not answer."""
        asked, program = tmp_path / "asked", tmp_path / "bin" / "docker"
        program.parent.mkdir()
        program.write_text(
            "#!/bin/sh\n"
            'case "$*" in *--help*) echo "--max-used-space"; exit;; esac\n'
            f'echo "$*" >> {asked}\n'
            'case "$*" in *--builder=*) exit 0;; *) exit 1;; esac\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        limit(monkeypatch, data=tmp_path)
        return asked

    def test_that_of_forks_is_pruned_too_also_where_the_other_does_not_answer(
        self, asked: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit(monkeypatch, fork_builder="strangers")
        _PRUNE(7)
        first, second = asked.read_text().splitlines()
        limits = "--reserved-space=7 --max-used-space=7"
        assert first == f"buildx prune --all --force {limits}"
        assert second == f"buildx prune --all --force --builder=strangers {limits}"

    def test_where_forks_have_none_of_their_own_it_is_pruned_once(self, asked: Path) -> None:
        _PRUNE(7)
        assert len(asked.read_text().splitlines()) == 1


class TestTidying:
    @pytest.fixture
    def cache(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        limit(monkeypatch, data=tmp_path)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        return settings.EDAHA.cache.absolute()

    @pytest.fixture
    def shop(self, cache: Path, origin: Origin) -> Repository:
        return Repository.objects.create(full_name="acme/shop", clone_url=str(origin.path))

    def checked_out(self, repository: Repository, name: str, origin: Origin) -> Branch:
        branch = Branch.for_name(repository, name)
        commit = origin.git("rev-parse", "main")
        git.fetch(repository, branch, commit)
        with git.worktree_held(repository, branch, lambda: None):
            git.checkout(repository, branch, commit)
        # A ref of its own is there also where the commit was known before.
        mirror = git.mirror_path(repository)
        origin.git("update-ref", f"refs/edaha/{branch.pk}", commit, at=mirror)
        return branch

    def refs(self, repository: Repository, origin: Origin) -> list[str]:
        mirror = git.mirror_path(repository)
        return origin.git("for-each-ref", "--format=%(refname)", "refs/edaha", at=mirror).split()

    def test_files_and_refs_of_ended_branches_go_and_others_stay(
        self, shop: Repository, origin: Origin, pruned: list[int]
    ) -> None:
        ended, unknown, kept = (self.checked_out(shop, name, origin) for name in "abc")
        Branch.objects.filter(pk=ended.pk).update(state=BranchState.DESTROYED)
        gone = unknown.pk
        unknown.delete()
        tidy.tidy()
        folder = worktree_path(shop, kept).parent
        assert {path.name for path in folder.iterdir()} == {
            str(kept.pk),
            f"{kept.pk}.index",
            f"{kept.pk}.lock",
        }
        assert (worktree_path(shop, kept) / "Dockerfile").exists()
        assert self.refs(shop, origin) == [f"refs/edaha/{kept.pk}"]
        assert gone != kept.pk
        assert pruned == [20 * GB]

    def test_what_a_build_uses_stays_until_the_next_time(
        self, shop: Repository, origin: Origin
    ) -> None:
        branch = self.checked_out(shop, "a", origin)
        Branch.objects.update(state=BranchState.DESTROYED)
        with git.worktree_held(shop, branch, lambda: None):
            tidy.tidy()
            assert (worktree_path(shop, branch) / "Dockerfile").exists()
        tidy.tidy()
        assert not worktree_path(shop, branch).exists()

    def test_a_lock_that_was_tidied_away_locks_nobody_out(
        self, shop: Repository, origin: Origin
    ) -> None:
        path = lock_path(worktree_path(shop, self.checked_out(shop, "a", origin)))
        first = try_lock(path)
        assert first is not None
        assert try_lock(path) is None
        path.unlink()
        second = try_lock(path)
        assert second is not None
        assert try_lock(path) is None
        first.close()
        second.close()

    def test_a_removed_repository_leaves_nothing_but_what_is_not_ours(
        self, shop: Repository, origin: Origin, cache: Path
    ) -> None:
        self.checked_out(shop, "a", origin)
        key = shop.pk
        shop.delete()
        tidy.tidy()
        assert list((cache / "repositories").iterdir()) == []
        (cache / "repositories" / str(key)).mkdir()
        (cache / "repositories" / str(key) / "notes.txt").write_text("mine")
        (cache / "repositories" / "somebody's").mkdir()
        tidy.tidy()
        assert (cache / "repositories" / str(key) / "notes.txt").exists()
        assert (cache / "repositories" / "somebody's").exists()

    def test_a_link_in_the_cache_is_not_followed(
        self, shop: Repository, cache: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        (outside / "mirror.git").mkdir(parents=True)
        (cache / "repositories").mkdir(parents=True, exist_ok=True)
        (cache / "repositories" / "999").symlink_to(outside)
        tidy.tidy()
        assert (outside / "mirror.git").exists()

    def test_folders_of_killed_builds_go_after_a_day(self, cache: Path, tmp_path: Path) -> None:
        old, young = tmp_path / "edaha-build-old", tmp_path / "edaha-build-young"
        other = tmp_path / "somebody-old"
        for folder in (old, young, other):
            folder.mkdir()
            (folder / "config.json").write_text("{}")
        for folder in (old, other):
            os.utime(folder, (time.time() - 90_000,) * 2)
        tidy.tidy()
        assert not old.exists()
        assert young.exists()
        assert other.exists()

    def test_a_broken_mirror_keeps_nothing_else_from_being_tidied(
        self, shop: Repository, cache: Path, pruned: list[int], origin: Origin
    ) -> None:
        self.checked_out(shop, "a", origin)
        shutil.rmtree(git.mirror_path(shop) / "objects")
        tidy.tidy()
        assert pruned == [20 * GB]

    def test_the_clock_has_it_done_once_an_hour(self, ears: Ears) -> None:
        for _ in range(3):
            reconcile.tick()
        assert ears.heard(wakeups.TIDY) == [()]
        an_hour_ago = timezone.now() - timedelta(hours=1)
        Pulse.objects.filter(part="tidy").update(asked_at=an_hour_ago)
        reconcile.tick()
        assert ears.heard(wakeups.TIDY) == [(), ()]


class TestLog:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def deployment(self, branch: Branch) -> Deployment:
        return Deployment.objects.create(branch=branch, generation=1, commit=COMMIT, trigger="push")

    def written(self) -> list[str]:
        return [text for chunk in LogChunk.objects.order_by("first") for _, _, text in chunk.lines]

    def print_much(self, deployment: Deployment, last_word: str) -> None:
        with Report(deployment) as report:
            for number in range(150):
                report._log.line(f"{number:03}" + "x" * 9_997, step=7)
            report.say(last_word)

    def test_it_is_cut_once_at_the_character_and_last_words_come_through(
        self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit(monkeypatch, log_max_mb=1)
        self.print_much(deployment, "✗ The image could not be built")
        self.print_much(deployment, "✗ once more")
        lines = self.written()
        assert lines[-3:] == [
            "… the log is cut here: it has more than 1 million characters (EDAHA_LOG_MAX_MB)",
            "✗ The image could not be built",
            "✗ once more",
        ]
        assert sum(map(len, lines[:-3])) == 1_000_000
        assert len(lines) == 103
        assert sum(chunk.size for chunk in LogChunk.objects.all()) == sum(map(len, lines))

    def test_it_is_cut_once_at_a_number_of_lines(
        self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logwriter, "LINES_MAX", 5)
        for _ in range(2):
            with Report(deployment) as report:
                for number in range(20):
                    report._log.line(str(number), step=7)
                report.say("✗")
        cut = "… the log is cut here: it has more than 5 lines"
        assert self.written() == ["0", "1", "2", "3", "4", cut, "✗", "✗"]

    def test_not_even_edaha_itself_goes_on_for_ever(
        self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logwriter, "LINES_MAX", 5)
        monkeypatch.setattr(logwriter, "_LINES_AFTER", 10)
        with Report(deployment) as report:
            for number in range(50):
                report.say(str(number))
        assert len(self.written()) == 15


class TestRegistry:
    def test_what_is_among_the_newest_of_any_branch_stays(self) -> None:
        uses = [Use(1, "app", name) for name in "edcba"] + [Use(2, "app", "a"), Use(1, "db", "b")]
        assert beyond(uses, 2) == {"c"}
        assert beyond(uses, 0) == set("abcde")

    @pytest.fixture
    def shop(self, cloud: Cloud) -> Iterator[Repository]:
        ecr.ensure_repository("edaha/acme-shop")
        yield Repository.objects.create(full_name="acme/shop", clone_url="/nowhere")
        ecr._ecr().delete_repository(repositoryName="edaha/acme-shop", force=True)

    def built(self, shop: Repository, branch: str, number: int, **fields: Any) -> str:
        """A deployment that is cleaned up, and its image in the registry."""
        row = Branch.for_name(shop, branch)
        generation = row.deployments.count() + 1
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"digest": f"sha256:{number:064x}"},
            "layers": [{"digest": f"sha256:{number:064x}"}],
        }
        put = ecr._ecr().put_image(
            repositoryName="edaha/acme-shop",
            imageManifest=json.dumps(manifest),
            imageTag=f"{branch}-{number}",
        )
        digest = put["image"]["imageId"]["imageDigest"]
        reference = f"registry/edaha/acme-shop@{digest}"
        given = {"state": _D.RETIRED, "cleaned_at": timezone.now()} | fields
        deployment = Deployment.objects.create(
            branch=row, generation=generation, commit=COMMIT, trigger="push", **given
        )
        Build.objects.create(deployment=deployment, name="app", reference=reference)
        Image.objects.update_or_create(
            repository=shop, build_key=str(number), defaults={"reference": reference}
        )
        return digest

    def test_the_oldest_beyond_the_budget_go_rows_first(
        self, shop: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit(monkeypatch, keep_images=2)
        digests = [self.built(shop, "x", number) for number in range(5)]
        assert prune_images(shop) == 0
        assert Image.objects.count() == 2
        assert ecr.digests("edaha/acme-shop") == set(digests)
        assert prune_images(shop) == 3
        assert ecr.digests("edaha/acme-shop") == set(digests[3:])
        assert prune_images(shop) == 0

    def test_what_runs_or_another_branch_has_stays(
        self, shop: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit(monkeypatch, keep_images=1)
        live = self.built(shop, "x", 1, state=_D.LIVE, cleaned_at=None)
        shared = self.built(shop, "x", 2)
        unused = self.built(shop, "x", 3)
        newest = self.built(shop, "x", 4)
        assert self.built(shop, "y", 2) == shared
        prune_images(shop)
        assert prune_images(shop) == 1
        assert ecr.digests("edaha/acme-shop") == {live, shared, newest}
        assert unused not in {row.reference for row in Image.objects.all()}

    def test_a_build_that_comes_back_to_an_image_in_between_keeps_it(
        self, shop: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit(monkeypatch, keep_images=1)
        old = self.built(shop, "x", 1)
        self.built(shop, "x", 2)
        prune_images(shop)
        # It had found the row before, and says only now that it uses the image.
        self.built(shop, "y", 1, state=_D.BUILDING, cleaned_at=None)
        assert prune_images(shop) == 0
        assert old in ecr.digests("edaha/acme-shop")

    def test_within_the_budget_nothing_is_asked_and_beyond_it_few_calls_are_made(
        self, shop: Repository, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for branch in range(4):
            for number in range(3):
                self.built(shop, f"b{branch}", 10 * branch + number)
        cloud.calls.clear()
        prune_images(shop)
        assert cloud.calls == []
        limit(monkeypatch, keep_images=1)
        prune_images(shop)
        assert prune_images(shop) == 8
        assert len(cloud.calls) <= 4

    def test_an_image_that_was_pruned_is_built_anew(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        branch = world.new_branch()
        world.push(branch)
        world.settle()
        Image.objects.all().delete()
        newest = world.push(branch)
        world.settle()
        newest.refresh_from_db()
        assert (newest.state, newest.build_reused) == (_D.LIVE, False)


def test_where_one_place_becomes_free_the_next_preview_follows(world: World) -> None:
    branch = world.new_branch()
    Repository.objects.update(max_previews=1)
    world.push(branch)
    world.settle()
    waiting = world.push(Branch.for_name(branch.repository, "next"))
    world.work()
    waiting.refresh_from_db()
    assert waiting.state == _D.QUEUED
    intake.destroy(Branch.objects.get(pk=branch.pk), actor="ada", reason="")
    world.settle()
    waiting.refresh_from_db()
    assert waiting.state == _D.LIVE
