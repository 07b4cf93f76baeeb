"""What a repository names as its own file is in it: Dockerfile, context, definitions."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from deployments.adapters import git
from deployments.adapters.gitfiles import GitFiles
from deployments.config import config
from deployments.definitions.application import Image
from deployments.definitions.problems import DefinitionError
from deployments.errors import EdahaError, UserError
from deployments.models import Branch, Repository
from deployments.pipeline import request
from deployments.pipeline.images import build_key
from tests.deployments.world import Origin
from tests.edaha_yml.repository import problems

from . import naughty

pytestmark = pytest.mark.django_db(transaction=True)

OUT = ["/etc/passwd", "../../../../../../etc/passwd", "..", "a/../../..", "/proc/self/environ", "/"]


def _checked_out(main: Branch, origin: Origin) -> tuple[Path, Path, str]:
    commit = origin.commit({})
    mirror = git.fetch(main.repository, main, commit)
    return mirror, git.checkout(main.repository, main, commit), commit


@pytest.mark.parametrize("target", OUT)
def test_ghsa_368m_a_dockerfile_that_is_a_link_out_is_not_read(
    main: Branch, origin: Origin, target: str
) -> None:
    """Read the Docs followed links of a repository and published what they led to."""
    (origin.path / "Dockerfile").unlink()
    (origin.path / "Dockerfile").symlink_to(target)
    mirror, worktree, commit = _checked_out(main, origin)
    with pytest.raises(UserError, match="leads out of the repository"):
        request._beneath(worktree, "Dockerfile")
    with pytest.raises(EdahaError):
        build_key(main.repository, commit, Image("app"), frozenset())
    with GitFiles(main.repository, mirror, commit) as files:
        try:
            assert files.read("Dockerfile") is None  # a link to nothing
        except DefinitionError as problem:
            assert "leads out" in str(problem) or "not a file" in str(problem)


@pytest.mark.parametrize("target", OUT)
def test_cve_2022_24348_a_context_that_is_a_link_out_is_not_built(
    main: Branch, origin: Origin, target: str
) -> None:
    """Argo CD read values files from other applications' folders."""
    (origin.path / "app").symlink_to(target)
    _, worktree, commit = _checked_out(main, origin)
    with pytest.raises(UserError, match="leads out of the repository"):
        request._beneath(worktree, "app")
    with pytest.raises(UserError, match="symbolic link"):
        build_key(main.repository, commit, Image("app", context="app"), frozenset())


def test_cve_2022_24348_a_chain_of_links_does_not_lead_out_either(
    main: Branch, origin: Origin
) -> None:
    (origin.path / "a").symlink_to("b/c")
    (origin.path / "b").mkdir()
    (origin.path / "b/c").symlink_to("../d")
    (origin.path / "d").symlink_to("../../../../../../../../etc")
    mirror, worktree, commit = _checked_out(main, origin)
    for path in ("a", "a/passwd", "b/c/passwd", "d/passwd"):
        with pytest.raises(UserError, match="leads out of the repository"):
            request._beneath(worktree, path)
    with GitFiles(main.repository, mirror, commit) as files, pytest.raises(DefinitionError):
        files.read("a/passwd")


def test_cve_2024_21626_neither_does_one_to_an_open_file(main: Branch, origin: Origin) -> None:
    """A working directory of /proc/self/fd/7 was the host's own root."""
    for number in (3, 7, 9):
        (origin.path / f"fd{number}").symlink_to(f"/proc/self/fd/{number}/../../..")
    _, worktree, _ = _checked_out(main, origin)
    for number in (3, 7, 9):
        with pytest.raises(UserError, match="leads out of the repository"):
            request._beneath(worktree, f"fd{number}")


def test_another_branchs_files_are_as_far_away_as_the_machines(
    main: Branch, origin: Origin
) -> None:
    other = Branch.for_name(main.repository, "other")
    (origin.path / "Dockerfile").unlink()
    (origin.path / "Dockerfile").symlink_to(f"../{other.pk}/Dockerfile")
    _, worktree, _ = _checked_out(main, origin)
    (worktree.parent / str(other.pk)).mkdir()
    (worktree.parent / str(other.pk) / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(UserError, match="leads out of the repository"):
        request._beneath(worktree, "Dockerfile")


@pytest.mark.parametrize("field", ["dockerfile", "context", "definitions"])
@pytest.mark.parametrize("path", [*OUT[:1], *OUT[1:4], "-", "--file=/etc/passwd", "a/.."])
def test_cve_2025_34161_a_path_in_the_settings_stays_inside(
    shop: Repository, field: str, path: str
) -> None:
    setattr(shop, field, path)
    with pytest.raises(ValidationError) as caught:
        shop.full_clean()
    assert field in caught.value.message_dict


@pytest.mark.parametrize(
    "path",
    # The last one is the repository's own root.
    [path for path in naughty.PATHS + naughty.OPTIONS + naughty.SHELL if path != "./."],
)
@pytest.mark.parametrize("key", ["dockerfile", "context"])
def test_cve_2025_34161_a_path_in_edaha_yml_stays_inside(key: str, path: str) -> None:
    image = {key: path}
    found = problems({"images": {"web": image}, "services": {"web": {"image": "web", "port": 80}}})
    assert found


def test_what_was_left_in_a_worktree_is_gone_with_the_next_checkout(
    main: Branch, origin: Origin
) -> None:
    _, worktree, commit = _checked_out(main, origin)
    (worktree / "left-over").symlink_to("/etc")
    (worktree / "Dockerfile").unlink()
    (worktree / "Dockerfile").symlink_to("/etc/passwd")
    git.checkout(main.repository, main, commit)
    assert {each.name for each in worktree.iterdir()} == {"Dockerfile"}
    assert not (worktree / "Dockerfile").is_symlink()
    assert worktree.is_relative_to(config().cache.absolute())
