"""git, for real: repositories that want to reach out of their checkout, and caches that vanish."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.adapters import git, gitcommand
from deployments.config import config
from deployments.definitions.application import Image
from deployments.errors import EdahaError, PlatformError, UserError
from deployments.models import Branch, Repository
from deployments.pipeline import request
from deployments.pipeline.images import build_key

from . import branch_names
from .threads import together
from .world import Origin

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(origin: Origin) -> Repository:
    return Repository.objects.create(full_name="acme/shop", clone_url=str(origin.path))


@pytest.fixture
def main(shop: Repository) -> Branch:
    return Branch.for_name(shop, "main")


def check_out(branch: Branch, commit: str) -> Path:
    git.fetch(branch.repository, branch, commit)
    return git.checkout(branch.repository, branch, commit)


def files(worktree: Path) -> set[str]:
    found = subprocess.run(
        ["find", ".", "-not", "-path", "./.git", "-not", "-type", "d"],
        cwd=worktree,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.removeprefix("./") for name in found.stdout.split("\n") if name}


class TestHeads:
    def test_a_head_is_read_from_the_origin(self, shop: Repository, origin: Origin) -> None:
        commit = origin.commit({"a": "1"})
        assert git.read_head(shop, "main") == commit
        assert git.read_head(shop, "gone") is None

    def test_a_deleted_branch_has_none(self, shop: Repository, origin: Origin) -> None:
        commit = origin.commit({"a": "1"}, branch="feature/x")
        assert git.read_head(shop, "feature/x") == commit
        origin.git("checkout", "--quiet", "main")
        origin.git("branch", "-D", "feature/x")
        assert git.read_head(shop, "feature/x") is None

    def test_another_branch_that_ends_alike_is_not_meant(
        self, shop: Repository, origin: Origin
    ) -> None:
        origin.commit({"a": "1"}, branch="refs/heads/x")
        origin.commit({"a": "2"}, branch="deep/x")
        assert git.read_head(shop, "x") is None

    @pytest.mark.parametrize("name", branch_names.HOSTILE)
    def test_a_hostile_name_is_a_name(self, shop: Repository, origin: Origin, name: str) -> None:
        commit = origin.commit({"a": "1"})
        origin.git("update-ref", f"refs/heads/{name}", commit)
        assert git.read_head(shop, name) == commit
        worktree = check_out(Branch.for_name(shop, name), commit)
        assert "Dockerfile" in files(worktree)
        # It would be part of every `COPY . .`.
        assert not (worktree / ".git").exists()

    @settings(max_examples=25)
    @given(name=branch_names.names() | st.text("*?[]{}~^:\\ \n-", min_size=1, max_size=8))
    def test_no_name_is_a_pattern_or_an_option(
        self, shop: Repository, origin: Origin, name: str
    ) -> None:
        assert git.read_head(shop, name) is None or name == "main"

    @pytest.mark.parametrize("commit", ["main", "HEAD", "--upload-pack=id", "abc", "a" * 41, ""])
    def test_only_a_whole_hash_is_a_commit(self, main: Branch, commit: str) -> None:
        with pytest.raises(UserError, match="is not a commit"):
            git.fetch(main.repository, main, commit)


class TestCheckouts:
    def test_a_checkout_has_exactly_the_commits_files(self, main: Branch, origin: Origin) -> None:
        first = origin.commit({"old": "1", "kept": "1"})
        worktree = check_out(main, first)
        (worktree / "built").mkdir()
        (worktree / "built" / "by hand").write_text("left by an earlier build")
        (worktree / "kept").write_text("changed")
        (origin.path / "old").unlink()
        second = origin.commit({"new": "2", ".gitignore": "built"})
        assert check_out(main, second) == worktree
        assert files(worktree) == {"Dockerfile", "kept", "new", ".gitignore"}
        assert (worktree / "kept").read_text() == "1"

    def test_a_forced_push_is_followed(self, main: Branch, origin: Origin) -> None:
        first = origin.commit({"a": "1"})
        check_out(main, first)
        origin.git("commit", "--quiet", "--amend", "--message", "Rewritten")
        origin.git("reset", "--quiet", "--hard", "HEAD~1")
        second = origin.commit({"b": "2"})
        assert files(check_out(main, second)) == {"Dockerfile", "b"}
        # And back: the commit that no branch has any more is still known here.
        assert files(check_out(main, first)) == {"Dockerfile", "a"}

    def test_a_commit_of_a_deleted_branch_can_be_deployed_again(
        self, main: Branch, origin: Origin
    ) -> None:
        commit = origin.commit({"a": "1"}, branch="short-lived")
        origin.git("checkout", "--quiet", "main")
        origin.git("branch", "-D", "short-lived")
        assert "a" in files(check_out(main, commit))

    def test_a_commit_that_does_not_exist_is_told(self, main: Branch) -> None:
        with pytest.raises(PlatformError, match="git fetch failed"):
            git.fetch(main.repository, main, "f" * 40)

    @pytest.mark.parametrize("lost", ["", "mirror.git", "worktrees"])
    def test_a_cache_that_vanishes_costs_time_only(
        self, main: Branch, origin: Origin, lost: str
    ) -> None:
        commit = origin.commit({"a": "1"})
        check_out(main, commit)
        shutil.rmtree(git.repository_cache(main.repository) / lost)
        assert files(check_out(main, commit)) == {"Dockerfile", "a"}

    def test_a_mirror_that_vanishes_in_between_is_worth_another_try(
        self, main: Branch, origin: Origin
    ) -> None:
        commit = origin.commit({"a": "1"})
        check_out(main, commit)
        git.fetch(main.repository, main, commit)
        shutil.rmtree(git.repository_cache(main.repository) / "mirror.git")
        with pytest.raises(PlatformError) as caught:
            git.checkout(main.repository, main, commit)
        assert caught.value.retry
        assert "a" in files(check_out(main, commit))

    @pytest.mark.parametrize(
        "lock", ["refs/edaha/{pk}.lock", "packed-refs.lock", "config.lock", "shallow.lock"]
    )
    def test_what_a_killed_fetch_left_locked_is_unlocked(
        self, main: Branch, origin: Origin, lock: str
    ) -> None:
        check_out(main, origin.commit({"a": "1"}))
        left = git.repository_cache(main.repository) / "mirror.git" / lock.format(pk=main.pk)
        left.parent.mkdir(parents=True, exist_ok=True)
        left.touch()
        assert "b" in files(check_out(main, origin.commit({"b": "2"})))

    def test_what_a_killed_checkout_left_locked_is_unlocked(
        self, main: Branch, origin: Origin
    ) -> None:
        check_out(main, origin.commit({"a": "1"}))
        git.worktree_path(main.repository, main).with_suffix(".index.lock").touch()
        assert "b" in files(check_out(main, origin.commit({"b": "2"})))

    def test_a_mirror_that_is_damaged_is_made_anew(self, main: Branch, origin: Origin) -> None:
        check_out(main, origin.commit({"a": "1"}))
        mirror = git.repository_cache(main.repository) / "mirror.git"
        (mirror / "HEAD").write_text("")
        assert "b" in files(check_out(main, origin.commit({"b": "2"})))

    def test_a_repository_around_the_cache_is_left_alone(
        self, main: Branch, origin: Origin
    ) -> None:
        around = Origin(config().data / "around")
        inside = config().model_copy(update={"data": around.path})
        with override_settings(EDAHA=inside):
            check_out(main, origin.commit({"a": "1"}))
            mirror = git.repository_cache(main.repository) / "mirror.git"
            (mirror / "HEAD").write_text("")
            check_out(main, origin.commit({"b": "2"}))
        assert around.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"

    def test_many_branches_are_fetched_at_once(self, shop: Repository, origin: Origin) -> None:
        names = [f"feature/{number}" for number in range(6)]
        commits = []
        for name in names:
            origin.git("checkout", "--quiet", "main")
            commits.append(origin.commit({name: "1"}, branch=name))
        branches = [Branch.for_name(shop, name) for name in names]
        worktrees = together(
            *[
                lambda branch=branch, commit=commit: check_out(branch, commit)
                for branch, commit in zip(branches, commits, strict=True)
            ]
        )
        for name, worktree in zip(names, worktrees, strict=True):
            assert files(worktree) == {"Dockerfile", name}

    def test_a_branch_that_is_forgotten_leaves_no_files(self, main: Branch, origin: Origin) -> None:
        worktree = check_out(main, origin.commit({"a": "1"}))
        git.remove_worktree(main.repository, main)
        assert not worktree.exists()
        git.remove_worktree(main.repository, main)

    def test_a_large_file_arrives_whole(self, main: Branch, origin: Origin) -> None:
        (origin.path / "large").write_bytes(os.urandom(30 * 1024 * 1024))
        worktree = check_out(main, origin.commit({}))
        assert (worktree / "large").read_bytes() == (origin.path / "large").read_bytes()


class TestMischief:
    def test_no_hook_of_the_repository_runs(
        self, main: Branch, origin: Origin, tmp_path: Path
    ) -> None:
        proof = tmp_path / "proof"
        script = f"#!/bin/sh\ntouch {proof}\n"
        hooks = {f"hooks/{name}": script for name in ("post-checkout", "reference-transaction")}
        commit = origin.commit({**hooks, ".git-hooks/post-checkout": script})
        for name in ("post-checkout", "reference-transaction", "pre-auto-gc"):
            hook = git.repository_cache(main.repository) / "mirror.git" / "hooks" / name
            git.fetch(main.repository, main, commit)
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(script)
            hook.chmod(0o755)
        check_out(main, origin.commit({"a": "1"}))
        assert not proof.exists()

    def test_a_filter_that_the_repository_names_is_not_run(
        self, main: Branch, origin: Origin
    ) -> None:
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
        attributes = "*.bin filter=lfs diff=lfs merge=lfs\n*.txt filter=mine\n"
        commit = origin.commit({".gitattributes": attributes, "a.bin": pointer, "a.txt": "1"})
        worktree = check_out(main, commit)
        assert (worktree / "a.bin").read_text() == pointer

    def test_a_submodule_stays_empty(self, main: Branch, origin: Origin, tmp_path: Path) -> None:
        other = Origin(tmp_path / "other")
        origin.git(
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "add",
            "--quiet",
            str(other.path),
            "sub",
        )
        worktree = check_out(main, origin.commit({}))
        assert (worktree / "sub").is_dir()
        assert not list((worktree / "sub").iterdir())

    @pytest.mark.parametrize("target", ["/etc", "../../../..", "/etc/passwd"])
    def test_a_link_that_leaves_the_repository_is_refused(
        self, main: Branch, origin: Origin, target: str
    ) -> None:
        (origin.path / "link").symlink_to(target)
        worktree = check_out(main, origin.commit({}))
        with pytest.raises(UserError, match="leads out of the repository by a symbolic link"):
            request._beneath(worktree, "link")

    def test_a_link_in_a_folder_is_refused_too(self, main: Branch, origin: Origin) -> None:
        (origin.path / "outside").symlink_to("/")
        worktree = check_out(main, origin.commit({}))
        with pytest.raises(UserError, match="leads out of the repository"):
            request._beneath(worktree, "outside/etc/passwd")

    def test_a_link_that_stays_inside_is_followed(self, main: Branch, origin: Origin) -> None:
        (origin.path / "link").symlink_to("Dockerfile")
        worktree = check_out(main, origin.commit({}))
        assert request._beneath(worktree, "link") == (worktree / "Dockerfile").resolve()

    @pytest.mark.parametrize(
        "url", ["ext::sh -c touch% {proof}", "ssh://-oProxyCommand=touch {proof}/x", "fd::3"]
    )
    def test_an_address_that_would_run_something_is_not_used(
        self, main: Branch, tmp_path: Path, url: str
    ) -> None:
        proof = tmp_path / "proof"
        main.repository.clone_url = url.format(proof=proof)
        with pytest.raises(PlatformError, match="git ls-remote failed"):
            git.read_head(main.repository, "main")
        assert not proof.exists()

    def test_a_path_is_no_address_where_the_settings_forbid_it(self, main: Branch) -> None:
        production = config().model_copy(update={"allow_local_clone": False})
        with override_settings(EDAHA=production), pytest.raises(EdahaError, match="not allowed"):
            git.read_head(main.repository, "main")

    def test_the_token_goes_to_github_alone(self, main: Branch) -> None:
        holding = config().model_copy(update={"github_token": "s3cret"})
        with override_settings(EDAHA=holding):
            assert not gitcommand._authorization(main.repository)
            main.repository.clone_url = "https://github.com.example.com/acme/shop"
            assert not gitcommand._authorization(main.repository)
            main.repository.clone_url = "https://github.com/acme/shop"
            header = gitcommand._authorization(main.repository)
            assert list(header) == ["http.https://github.com/.extraHeader"]
            last = int(gitcommand.environment(header)["GIT_CONFIG_COUNT"]) - 1
            told = gitcommand.environment(header)[f"GIT_CONFIG_VALUE_{last}"]
            assert told == next(iter(header.values()))

    def test_nothing_of_the_workers_environment_reaches_git(
        self, main: Branch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("GIT_DIR", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "mischief")
        assert "mischief" not in gitcommand.environment().values()


class TestBuildKeys:
    def key(self, branch: Branch, commit: str, *definition_files: str, **described: Any) -> str:
        git.fetch(branch.repository, branch, commit)
        spec = Image("app", **described)
        return build_key(branch.repository, commit, spec, frozenset(definition_files))

    def test_an_unchanged_tree_has_the_same_key(self, main: Branch, origin: Origin) -> None:
        first = self.key(main, origin.commit({"a": "1"}))
        assert self.key(main, origin.commit({})) == first
        assert self.key(main, origin.commit({"a": "2"})) != first
        assert self.key(main, origin.commit({"a": "1"})) == first

    def test_only_the_contexts_folder_counts(self, main: Branch, origin: Origin) -> None:
        first = self.key(main, origin.commit({"app/a": "1"}), context="app")
        assert self.key(main, origin.commit({"docs/b": "1"}), context="app") == first
        assert (
            self.key(main, origin.commit({"Dockerfile": "FROM scratch\n"}), context="app") != first
        )

    def test_only_the_paths_count_where_there_are_any(self, main: Branch, origin: Origin) -> None:
        paths = ("web", "shared/a")
        first = self.key(main, origin.commit({"web/a": "1", "shared/a": "1"}), paths=paths)
        assert self.key(main, origin.commit({"api/a": "2", "shared/b": "2"}), paths=paths) == first
        assert self.key(main, origin.commit({"shared/a": "2"}), paths=paths) != first

    def test_a_change_of_definitions_alone_needs_no_build(
        self, main: Branch, origin: Origin
    ) -> None:
        first = self.key(main, origin.commit({"a": "1", "edaha.yml": "1"}), "edaha.yml")
        assert self.key(main, origin.commit({"edaha.yml": "2"}), "edaha.yml") == first
        assert self.key(main, origin.commit({"a": "2"}), "edaha.yml") != first
        assert self.key(main, origin.commit({"a": "1", "edaha.yml": "3"})) != first

    def test_what_a_link_leads_to_counts(self, main: Branch, origin: Origin) -> None:
        (origin.path / "real").mkdir()
        (origin.path / "Dockerfile").unlink()
        (origin.path / "Dockerfile").symlink_to("real/Dockerfile")
        paths = ("web",)
        first = origin.commit({"real/Dockerfile": "FROM scratch\n", "web/a": "1"})
        second = origin.commit({"real/Dockerfile": "FROM other\n"})
        assert self.key(main, first, paths=paths) != self.key(main, second, paths=paths)

    def test_a_folder_that_is_a_link_is_refused(self, main: Branch, origin: Origin) -> None:
        (origin.path / "web").symlink_to("app")
        commit = origin.commit({"app/a": "1"})
        with pytest.raises(UserError, match="web is a symbolic link"):
            self.key(main, commit, paths=("web",))

    def test_what_is_ignored_counts_also_where_only_some_paths_do(
        self, main: Branch, origin: Origin
    ) -> None:
        first = self.key(main, origin.commit({"web/a": "1"}), paths=("web",))
        second = self.key(main, origin.commit({".dockerignore": "web/b"}), paths=("web",))
        third = self.key(main, origin.commit({"Dockerfile.dockerignore": "web/c"}), paths=("web",))
        assert len({first, second, third}) == 3

    @pytest.mark.parametrize(
        "described",
        [
            {"platforms": ("linux/arm64",)},
            {"dockerfile": "Other"},
            {"target": "production"},
            {"args": {"A": "1"}},
            {"secrets": {"token": "ssm:/token"}},
        ],
        ids=str,
    )
    def test_what_the_build_is_told_counts(
        self, main: Branch, origin: Origin, described: dict[str, Any]
    ) -> None:
        commit = origin.commit({"Other": "FROM scratch\nEXPOSE 8000\n"})
        assert self.key(main, commit, **described) != self.key(main, commit)

    @pytest.mark.parametrize(
        ("field", "error"),
        [("dockerfile", "There is no nope in commit"), ("context", "There is no folder nope in")],
    )
    def test_what_is_missing_is_named(
        self, main: Branch, origin: Origin, field: str, error: str
    ) -> None:
        with pytest.raises(UserError, match=error) as caught:
            self.key(main, origin.commit({}), **{field: "nope"})
        assert caught.value.hint
