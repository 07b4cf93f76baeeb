"""Where one stands: addresses of remotes, detached heads, forks, worktrees, submodules."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from edaha_cli import place
from edaha_cli.errors import Usage

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """In a fresh clone without a remote, with one commit on `feature-x`."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "EDAHA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")

    def run(*arguments: str) -> str:
        who = ["-c", "user.name=Mika", "-c", "user.email=m@example.com"]
        more = ["-c", "protocol.file.allow=always"]
        done = subprocess.run(
            ["git", *who, *more, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    run("init", "-q", "-b", "feature-x")
    run("commit", "-q", "--allow-empty", "-m", "first")
    return run


@pytest.mark.parametrize(
    "address",
    [
        "git@github.com:acme/shop.git",
        "github.com:acme/shop",
        "ssh://git@github.com/acme/shop.git",
        "ssh://git@ssh.github.com:443/acme/shop.git",
        "https://github.com/acme/shop",
        "https://github.com/acme/shop.git/",
        "https://mika:hush@github.example:8443/acme/shop.git",
        "git://github.com/acme/shop.git",
        "file:///srv/git/acme/shop.git",
        "org-1234@github.com:acme/shop.git",
    ],
)
def test_addresses_of_remotes(git: Git, address: str) -> None:
    git("remote", "add", "origin", address)
    assert place.repository(None) == "acme/shop"


def test_an_address_that_names_no_repository_is_told_without_its_password(git: Git) -> None:
    git("remote", "add", "origin", "https://mika:hush@example.com/")
    with pytest.raises(Usage) as problem:
        place.repository(None)
    assert "https://example.com/" in problem.value.message
    assert "hush" not in problem.value.message


def test_shortened_addresses_are_read_as_git_reads_them(git: Git) -> None:
    git("config", "url.https://github.com/.insteadOf", "gh:")
    git("remote", "add", "origin", "gh:acme/shop")
    assert place.repository(None) == "acme/shop"


def test_the_remote_that_the_branch_follows_comes_first(git: Git) -> None:
    git("remote", "add", "origin", "git@github.com:acme/shop.git")
    git("remote", "add", "mine", "git@github.com:mika/shop.git")
    assert place.repository(None) == "acme/shop"
    git("config", "branch.feature-x.remote", "mine")
    git("config", "branch.feature-x.merge", "refs/heads/another-name")
    assert place.repository(None) == "mika/shop"
    assert place.branch(None) == "another-name"
    assert set(place.forks()) == {"acme/shop", "mika/shop"}


def test_a_single_remote_is_taken_whatever_its_name(git: Git) -> None:
    git("remote", "add", "github", "git@github.com:acme/shop.git")
    assert place.repository(None) == "acme/shop"


def test_several_remotes_are_not_guessed_among(git: Git) -> None:
    git("remote", "add", "one", "git@github.com:acme/shop.git")
    git("remote", "add", "two", "git@github.com:mika/shop.git")
    with pytest.raises(Usage, match="remotes one, two"):
        place.repository(None)


def test_no_remote_no_clone_no_git(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Usage, match="has no remote"):
        place.repository(None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Usage, match="no clone of git"):
        place.branch(None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Usage):
        place.repository(None)


def test_a_detached_head_is_told_with_its_commit(git: Git) -> None:
    commit = git("rev-parse", "--short", "HEAD")
    git("checkout", "-q", "--detach")
    with pytest.raises(Usage, match=f"detached at {commit}"):
        place.branch(None)


def test_worktrees_have_a_branch_of_their_own(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("remote", "add", "origin", "git@github.com:acme/shop.git")
    git("worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    (tmp_path / "other/deep").mkdir()
    monkeypatch.chdir(tmp_path / "other/deep")
    assert (place.repository(None), place.branch(None)) == ("acme/shop", "other")


def test_a_submodule_is_a_repository_of_its_own(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("remote", "add", "origin", "git@github.com:acme/shop.git")
    git("init", "-q", "-b", "main", str(tmp_path / "acme/theme.git"))
    git("-C", str(tmp_path / "acme/theme.git"), "commit", "-q", "--allow-empty", "-m", "first")
    git("submodule", "--quiet", "add", str(tmp_path / "acme/theme.git"), "theme")
    monkeypatch.chdir("theme")
    assert (place.repository(None), place.branch(None)) == ("acme/theme", "main")


@pytest.mark.parametrize("given", ["shop", "acme/shop/more", "acme/../x", "-x/y z", "a b/c"])
def test_a_repository_that_is_none_is_told(given: str) -> None:
    with pytest.raises(Usage, match="is no repository"):
        place.repository(given)


@pytest.mark.parametrize(
    "given",
    ["https://a:99999", "https://", "ftp://a", "https://a?b", "https://a#b", "http://192.0.2.1"],
)
def test_a_server_that_is_none_is_told(given: str) -> None:
    with pytest.raises(Usage):
        place.server(given)


def test_a_repository_does_not_say_where_the_token_goes(
    git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("config", "edaha.server", "https://evil.example")
    assert place.server(None) == "https://evil.example"  # no token is kept for it
    monkeypatch.setenv("EDAHA_TOKEN", "edaha_secret")
    with pytest.raises(Usage, match="that you name yourself"):
        place.server(None)
    git("config", "--unset", "edaha.server")
    git("config", "--global", "edaha.server", "https://edaha.example")
    assert place.server(None) == "https://edaha.example"
