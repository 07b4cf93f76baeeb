"""`# syntax=` frontends and BuildKit's own switches: programs of strangers in our builder."""

import subprocess
from pathlib import Path

import pytest

from deployments.adapters import git
from deployments.adapters.buildx import BuildRequest, build_command, export_cache_command
from deployments.adapters.gitfiles import GitFiles
from deployments.definitions import dockerfile
from deployments.definitions.application import Application, Image, Service
from deployments.definitions.files import Folder
from deployments.models import Branch
from tests.deployments.world import Origin
from tests.edaha_yml.repository import problems

from . import naughty

pytestmark = pytest.mark.django_db(transaction=True)

EVIL = "evil.invalid/frontend:1"
#: Each is a Dockerfile that makes BuildKit, of one version or another, fetch EVIL.
HIDDEN = {
    "plain": f"# syntax={EVIL}\nFROM scratch\n",
    "a carriage return": f"#\rsyntax={EVIL}\nFROM scratch\n",
    "a form feed": f"#\fsyntax={EVIL}\nFROM scratch\n",
    "a vertical tab": f"#\vsyntax={EVIL}\nFROM scratch\n",
    "a space of Unicode": f"#\u00a0syntax={EVIL}\nFROM scratch\n",
    "a line's end of Unicode": f"#\u2028syntax={EVIL}\nFROM scratch\n",
    "next line": f"#\x85syntax={EVIL}\nFROM scratch\n",
    "behind a value with an end": f"# escape=\\\r\n# syntax={EVIL}\nFROM scratch\n",
    "behind a check": f"# check=skip=all\x0cx\n# syntax={EVIL}\nFROM scratch\n",
    "behind sixty others": "# a=b\n" * 60 + f"# syntax={EVIL}\nFROM scratch\n",
    "JSON": f'{{"syntax": "{EVIL}"}}',
    "JSON behind a shebang": f'#!/x\n{{"syntax": "{EVIL}"}}',
    "JSON behind a mark and a shebang": f'\ufeff#!/x\n\n {{"syntax": "{EVIL}"}}',
    "slashes": f"//syntax={EVIL}\nFROM scratch\n",
    "capitals": f"# SyNtAx = {EVIL}\nFROM scratch\n",
}
APPLICATION = Application(images=(Image("app"),), services=(Service("app", is_default=True),))


def told(folder: Path, text: str) -> list[str]:
    (folder / "Dockerfile").write_text(text, newline="")
    return [str(problem) for problem in dockerfile.problems(Folder(folder), APPLICATION)]


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN.keys())
def test_cve_2026_33747_a_strangers_frontend_is_found_wherever_it_hides(
    tmp_path: Path, text: str
) -> None:
    assert told(tmp_path, text)


@pytest.mark.docker
@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN.keys())
def test_cve_2026_33747_buildkit_fetches_no_frontend_that_is_not_refused(
    tmp_path: Path, text: str
) -> None:
    is_refused = bool(told(tmp_path, text))
    command = ["docker", "buildx", "build", "--progress=plain", "--output=type=cacheonly", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert is_refused or EVIL not in done.stderr


def test_cve_2026_33747_an_encoding_does_not_make_another_file_of_a_checked_one(
    main: Branch, origin: Origin
) -> None:
    """What is harmless in the commit must be so in the checkout: EBCDIC made a frontend of it."""
    text = f"# syntax={EVIL}\nFROM scratch\n".encode().decode("cp037").encode()
    macro = "[attr]odd working-tree-encoding=IBM037\n"
    (origin.path / ".gitattributes").write_text(f"{macro}Dockerfile odd\n*.txt eol=crlf ident\n")
    (origin.path / "a.txt").write_text("$Id$\n")
    origin.git("add", ".gitattributes", "a.txt")
    (origin.path / "blob").write_bytes(text)
    digest = origin.git("hash-object", "-w", "--no-filters", "blob")
    origin.git("update-index", "--add", "--cacheinfo", f"100644,{digest},Dockerfile")
    origin.git("commit", "--quiet", "--message", "Odd")
    commit = origin.git("rev-parse", "HEAD")

    mirror = git.fetch(main.repository, main, commit)
    worktree = git.checkout(main.repository, main, commit)
    with GitFiles(main.repository, mirror, commit) as files:
        for name in ("Dockerfile", "a.txt", ".gitattributes"):
            assert (worktree / name).read_bytes() == files.read(name)


@pytest.mark.parametrize(
    "name",
    ["BUILDKIT_SYNTAX", "BUILDKIT_SANDBOX_HOSTNAME", "BUILDKIT_CONTEXT_KEEP_GIT_DIR"],
)
def test_cve_2026_33747_no_build_argument_steers_buildkit(tmp_path: Path, name: str) -> None:
    image = Image("app", args={name: EVIL})
    application = Application(images=(image,), services=(Service("app", is_default=True),))
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (problem,) = dockerfile.problems(Folder(tmp_path), application)
    assert "is for BuildKit itself" in problem.message


@pytest.mark.parametrize("name", ["BUILDKIT_SYNTAX=x", " BUILDKIT_SYNTAX", "A,B", "A\nB", ""])
def test_cve_2026_33747_an_arguments_name_is_a_name(name: str) -> None:
    described = {
        "images": {"web": {"args": {name: "x"}}},
        "services": {"web": {"image": "web", "port": 80}},
    }
    assert any("is no variable's name" in str(problem) for problem in problems(described))


def _request(**changed: object) -> BuildRequest:
    plain = {
        "context": Path("/cache/x"),
        "dockerfile": Path("/cache/x/Dockerfile"),
        "platforms": ("linux/amd64",),
        "target": "registry/edaha/shop:x-aaa",
        "cache_from": ("registry/edaha/shop:cache-x",),
    }
    return BuildRequest(**plain | changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", naughty.ALL)
def test_cve_2024_23653_no_entitlement_is_ever_given(value: str) -> None:
    """`--allow` would let a Dockerfile's `RUN --security=insecure` out of its container."""
    request = _request(args=(("A", value),), secrets={"npm": b"x"}, stage="production")
    for command in (
        build_command(request, Path("/f")),
        export_cache_command(request, "r:cache-x", Path("/f")),
    ):
        assert command[:3] == ["docker", "buildx", "build"]
        assert all(part.startswith("--") for part in command[3:-1])
        for forbidden in ("--allow", "--network", "--ssh", "--cgroup-parent", "--add-host"):
            assert not any(part.partition("=")[0] == forbidden for part in command)


def test_cve_2024_23651_a_build_writes_the_cache_of_its_own_branch_alone() -> None:
    """One branch must not decide what another one's build finds in its cache."""
    assert not any("cache-to" in part for part in build_command(_request(), Path("/f")))
    command = export_cache_command(_request(), "registry/edaha/shop:cache-x", Path("/f"))
    (written,) = (part for part in command if part.startswith("--cache-to="))
    assert "ref=registry/edaha/shop:cache-x," in written
    assert not any(part.startswith("--cache-from") for part in command)
