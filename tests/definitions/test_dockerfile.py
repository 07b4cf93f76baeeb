"""What a Dockerfile may ask of BuildKit itself (CVE-2026-33747)."""

from pathlib import Path

import pytest

from deployments.definitions import dockerfile
from deployments.definitions.application import Application, Image, Service
from deployments.definitions.files import Folder


def told(folder: Path, text: str, **args: str) -> list[str]:
    (folder / "Dockerfile").write_text(text)
    application = Application(
        images=(Image("app", args=args),),
        services=(Service("app", is_default=True),),
        source="edaha.yml",
        lines={("images", "app", "args", "BUILDKIT_SYNTAX"): 4},
    )
    return [str(problem) for problem in dockerfile.problems(Folder(folder), application)]


@pytest.mark.parametrize(
    "text",
    [
        "FROM scratch\n",
        "# syntax=docker/dockerfile:1\nFROM scratch\n",
        "#syntax = docker.io/docker/dockerfile:1.7-labs\nFROM scratch\n",
        f"# syntax=docker/dockerfile:1@sha256:{'0' * 64}\nFROM scratch\n",
        "# escape=`\n# syntax=docker/dockerfile-upstream:master\nFROM scratch\n",
        "# A comment ends the directives.\n# syntax=evil/frontend\nFROM scratch\n",
        "FROM scratch\n# syntax=evil/frontend\n",
    ],
)
def test_dockers_own_frontends_are_taken(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "# syntax=docker.io/evil/frontend:1\n",
        "#syntax=evil/dockerfile\n",
        "# SYNTAX = docker/dockerfile.evil.example/x\n",
        "//syntax=evil/frontend\n",
        "#!/usr/bin/env x\n# syntax=evil/frontend\n",
        "# escape=`\n# syntax=evil/frontend\n",
        "\ufeff# syntax=evil/frontend\n",
        "# syntax=evil.example/docker/dockerfile:1\n",
        "# syntax=docker/dockerfile:1/../../evil\n",
        '{"syntax": "evil/frontend"}',
    ],
)
def test_a_strangers_frontend_is_refused(tmp_path: Path, text: str) -> None:
    (problem,) = told(tmp_path, text + "FROM scratch\n")
    assert problem.startswith("Dockerfile:")


def test_no_build_argument_steers_buildkit(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, "FROM scratch\n", BUILDKIT_SYNTAX="evil/frontend")
    assert problem == "edaha.yml:4: The build argument BUILDKIT_SYNTAX is for BuildKit itself."
