"""git's own ways to run or reach something else: transports, hooks, configuration, submodules."""

import subprocess
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from deployments.adapters import git, gitcommand, gitlog
from deployments.config import config
from deployments.errors import EdahaError, PlatformError, UserError
from deployments.models import Branch, Repository
from tests.deployments.world import Origin

from .watching import Watch

pytestmark = pytest.mark.django_db(transaction=True)

#: Addresses that make git run a program, or talk to what it should not.
RUNNING = [
    "ext::sh -c 'touch {proof}'",
    "ext::touch% {proof}",
    "fd::17/foo",
    "ssh://-oProxyCommand=touch%20{proof}/x",
    "ssh://host/--upload-pack=touch%20{proof}",
    "git@host:--upload-pack=touch {proof}",
    "-u touch {proof}",
    "--upload-pack=touch {proof}",
    "git://127.0.0.1/x",
    "http://127.0.0.1/x",
    "ftp://127.0.0.1/x",
    "testsvn::file:///x",
    "persistent-https://127.0.0.1/x",
    "hg::x",
]
PRODUCTION = {"allow_local_clone": False}


@pytest.mark.parametrize("url", RUNNING)
def test_cve_2022_24439_an_address_runs_nothing(
    main: Branch, tmp_path: Path, watch: Watch, url: str
) -> None:
    """GitPython handed `ext::` on to git (and CVE-2023-40267 through the back door)."""
    proof = tmp_path / "proof"
    main.repository.clone_url = url.format(proof=proof)
    for call in (
        lambda: git.read_head(main.repository, "main"),
        lambda: git.heads(main.repository),
        lambda: git.fetch(main.repository, main, "a" * 40),
        lambda: git.commit_message(main.repository, "a" * 40),
    ):
        with pytest.raises(PlatformError):
            call()
    assert not proof.exists()
    watch.assert_nothing_unexpected()


@pytest.mark.parametrize(
    "url",
    [
        *RUNNING,
        "file:///etc",
        "/etc",
        "https://user:token@github.com/acme/shop",
        "https://github.com/acme/shop\n--upload-pack=x",
        "HTTPS://github.com/acme/shop",
        "https:github.com/acme/shop",
        "",
    ],
)
def test_only_https_may_be_saved_as_a_clone_url(shop: Repository, url: str) -> None:
    with override_settings(EDAHA=config().model_copy(update=PRODUCTION)):
        shop.clone_url = url
        with pytest.raises(ValidationError) as caught:
            shop.full_clean()
    assert "clone_url" in caught.value.message_dict


def test_cve_2025_48384_a_submodule_with_a_carriage_return_runs_no_hook(
    main: Branch, origin: Origin, tmp_path: Path
) -> None:
    """Its path ended with a carriage return; a link of that name led the checkout into hooks."""
    proof, inner = tmp_path / "proof", Origin(tmp_path / "inner")
    hook = inner.path / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {proof}\n")
    hook.chmod(0o755)
    pinned = inner.commit({})
    path = "sub\r"
    (origin.path / ".gitmodules").write_bytes(
        f'[submodule "x"]\n\tpath = "{path}"\n\turl = {inner.path}\n'.encode()
    )
    (origin.path / "sub").symlink_to(".git/modules/x/hooks")
    origin.git("add", ".gitmodules", "sub")
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{pinned},{path}")
    origin.git("commit", "--quiet", "--message", "Submodule")
    git.fetch(main.repository, main, head := origin.git("rev-parse", "HEAD"))
    worktree = git.checkout(main.repository, main, head)
    git.checkout(main.repository, main, head)
    assert not proof.exists()
    assert not list(tmp_path.rglob("proof"))
    assert (worktree / "sub").is_symlink()
    assert not list((worktree / path).iterdir())


@pytest.mark.parametrize(
    "spelling", [".git", ".GIT", ".Git", "git~1", ".git\u200c", ".git ::$DATA"]
)
def test_cve_2014_9390_no_file_of_a_commit_becomes_gits_own(
    main: Branch, origin: Origin, tmp_path: Path, spelling: str
) -> None:
    """A tree with `.GIT/config` or `.g\\u200cit/hooks` was written over git's own."""
    proof = tmp_path / "proof"
    script = f"#!/bin/sh\ntouch {proof}\n".encode()
    blob = _hash(origin, script)
    tree = _tree(origin, f"100755 blob {blob}\tpost-checkout\n")
    for folder in ("hooks", spelling):
        tree = _tree(origin, f"040000 tree {tree}\t{folder}\n")
    commit = origin.git("commit-tree", tree, "-m", "x")
    origin.git("update-ref", "refs/heads/main", commit)
    try:
        git.fetch(main.repository, main, commit)
        git.checkout(main.repository, main, commit)
        git.checkout(main.repository, main, commit)
    except EdahaError:
        pass  # git itself refuses some of them
    assert not proof.exists()
    mirror = git.mirror_path(main.repository)
    assert not (mirror / "hooks/post-checkout").exists()


@pytest.mark.parametrize("name", ["../escaped", "a/../../escaped", "/tmp/edaha-was-here", ".."])
def test_cve_2023_23946_no_path_of_a_tree_leaves_the_checkout(
    main: Branch, origin: Origin, watch: Watch, name: str
) -> None:
    blob = _hash(origin, b"x")
    # `mktree` refuses a slash, so the tree object is written as bytes.
    entry = b"100644 " + name.encode() + b"\0" + bytes.fromhex(blob)
    tree = _object(origin, "tree", entry)
    commit = origin.git("commit-tree", tree, "-m", "x")
    origin.git("update-ref", "refs/heads/main", commit)
    with pytest.raises(EdahaError):
        git.fetch(main.repository, main, commit)
        git.checkout(main.repository, main, commit)
    cache = config().cache
    assert not [*cache.rglob("escaped"), *Path("/tmp").glob("edaha-was-here")]
    watch.assert_nothing_unexpected()


def test_cve_2021_21300_a_link_that_becomes_a_folder_is_not_written_through(
    main: Branch, origin: Origin, tmp_path: Path
) -> None:
    """A checkout wrote files through a link that it had just made, into `.git/hooks`."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (origin.path / "A").symlink_to(outside)
    first = origin.commit({})
    (origin.path / "A").unlink()
    second = origin.commit({"A/post-checkout": "#!/bin/sh\nexit 1\n"})
    for commit in (first, second, first, second):
        git.fetch(main.repository, main, commit)
        worktree = git.checkout(main.repository, main, commit)
    assert (worktree / "A/post-checkout").is_file()
    assert not (worktree / "A").is_symlink()
    assert not list(outside.iterdir())


def test_cve_2022_24765_gits_settings_come_from_nobody_else(
    main: Branch, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of the machine nor of whoever owns a folder above: core.fsmonitor runs programs."""
    proof = tmp_path / "proof"
    commit = origin.git("rev-parse", "HEAD")
    home = tmp_path / "home"
    home.mkdir()
    evil = f"[core]\n\tfsmonitor = touch {proof}\n\tsshCommand = touch {proof}\n"
    (home / ".gitconfig").write_text(evil)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor=touch {proof}'")
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(proof))
    monkeypatch.setenv("GIT_EXEC_PATH", str(home))
    for name in ("GIT_CONFIG_PARAMETERS", "GIT_TRACE2_EVENT", "GIT_EXEC_PATH"):
        assert name not in gitcommand.environment()
    git.fetch(main.repository, main, commit)
    git.checkout(main.repository, main, commit)
    assert not proof.exists()


@pytest.mark.parametrize(
    "commit",
    ["--output=/tmp/edaha-was-here", "-h", "HEAD", "main", "a" * 39, "a" * 41, "A" * 40, "", "^a"],
)
def test_cve_2026_45628_a_commit_is_a_hash(main: Branch, watch: Watch, commit: str) -> None:
    """Dokploy put what it was given into a command; git reads options wherever they stand."""
    for call in (git.fetch, lambda repository, _, each: git.commit_message(repository, each)):
        with pytest.raises(UserError, match="is not a commit"):
            call(main.repository, main, commit)
    assert watch.started == []


@pytest.mark.parametrize(
    "commit", ["--all", "--output=x", "-n1", "HEAD..main", ":/x", "@{u}", "main^{/x}"]
)
def test_cve_2022_42968_a_commit_that_somebody_types_is_no_option(
    main: Branch, origin: Origin, watch: Watch, commit: str
) -> None:
    """Gitea let an option of git through as the name of a thing to compare."""
    head = origin.git("rev-parse", "HEAD")
    mirror = git.fetch(main.repository, main, head)
    with pytest.raises(UserError, match="has no commit"):
        gitlog.resolve(main.repository, mirror, commit, head)
    watch.assert_nothing_unexpected()


def test_cve_2023_29007_a_long_url_in_gitmodules_changes_no_configuration(
    main: Branch, origin: Origin
) -> None:
    address = f"https://{'x' * 1100}"
    text = f'[submodule "a"]\n\tpath = a\n\turl = {address}\n[core]\n\tpager = id\n'
    commit = origin.commit({".gitmodules": text})
    git.fetch(main.repository, main, commit)
    git.checkout(main.repository, main, commit)
    settings = (git.mirror_path(main.repository) / "config").read_text()
    assert "pager" not in settings
    assert "submodule" not in settings


def _hash(origin: Origin, content: bytes) -> str:
    return _object(origin, "blob", content)


def _object(origin: Origin, kind: str, content: bytes) -> str:
    done = subprocess.run(
        ["git", "hash-object", "-t", kind, "-w", "--literally", "--stdin"],
        cwd=origin.path,
        input=content,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def _tree(origin: Origin, entries: str) -> str:
    done = subprocess.run(
        ["git", "mktree"], cwd=origin.path, input=entries.encode(), capture_output=True, check=True
    )
    return done.stdout.decode().strip()
