"""Completion, as each shell does it when the key is pressed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from .conftest import ROOT

NAMES = ["feature-x", "feature/ä b", "$(touch owned)", "`touch owned`", "main", "; touch owned"]


@pytest.fixture
def here(tmp_path: Path, httpserver: HTTPServer) -> dict[str, str]:
    """A clone, a command `edaha` on the path, and a server with hostile names."""
    for command in (["init", "-q"], ["remote", "add", "origin", "git@github.com:acme/shop.git"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    rows: list[dict[str, Any]] = [{"id": 1, "name": name, "state": "live"} for name in NAMES]
    gone = {"id": 2, "name": "gone", "state": "destroyed"}
    odd = {"id": 3, "name": "odd\x1b[2J", "state": "live"}
    httpserver.expect_request("/api/v1/branches").respond_with_json([*rows, gone, odd])
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "edaha").write_text(f'#!/bin/sh\nexec {sys.executable} -m edaha_cli "$@"\n')
    (folder / "edaha").chmod(0o755)
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "cli"),
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "EDAHA_TOKEN": "edaha_x",
        "EDAHA_SERVER": httpserver.url_for("").rstrip("/"),
    }


def run(here: dict[str, str], *command: str) -> list[str]:
    done = subprocess.run(
        command, env=here, cwd=here["HOME"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert not (Path(here["HOME"]) / "owned").exists()
    return done.stdout.splitlines()


def in_bash(here: dict[str, str], *words: str) -> list[str]:
    script = """eval "$(edaha completion bash)"; COMP_WORDS=(edaha "$@"); COMP_CWORD=$#
        _edaha; printf '%s\\n' "${COMPREPLY[@]}" """
    return run(here, "bash", "-c", script, "bash", *words)


def test_bash(here: dict[str, str]) -> None:
    assert in_bash(here, "re") == ["redeploy"]
    assert in_bash(here, "status", "--ex") == ["--exit-code"]
    assert in_bash(here, "completion", "z") == ["zsh"]
    assert in_bash(here, "logs", "--branch", "feature-") == ["feature-x"]
    quoted = in_bash(here, "logs", "--branch", "")
    assert "\\$\\(touch\\ owned\\)" in quoted
    assert len(quoted) == len(NAMES)
    # What is offered means the name and nothing else, once it stands in the line.
    assert run(here, "bash", "-c", f"printf '%s\\n' {' '.join(quoted)}") == sorted(NAMES)


def in_fish(here: dict[str, str], line: str) -> list[str]:
    ask = "edaha completion fish | source; complete -C $argv[1]"
    return [found.partition("\t")[0] for found in run(here, "fish", "-c", ask, line)]


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish(here: dict[str, str]) -> None:
    assert in_fish(here, "edaha re") == ["redeploy"]
    assert in_fish(here, "edaha status --ex") == ["--exit-code"]
    assert set(in_fish(here, "edaha logs --branch ")) == set(NAMES)


ZSH = """
autoload -Uz compinit && compinit -u -d "$HOME/zcompdump"
compadd() { [[ "$1" == -a ]] && print -l -- "${(@P)2}" || { shift; print -l -- "$@" } }
eval "$(edaha completion zsh)"
words=(edaha "$@"); CURRENT=$#words; _edaha
"""


def in_zsh(here: dict[str, str], *words: str) -> list[str]:
    return run(here, "zsh", "-f", "-c", ZSH, "zsh", *words)


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh(here: dict[str, str]) -> None:
    assert {"redeploy", "rollback"} <= set(in_zsh(here, "r"))
    assert "--exit-code" in in_zsh(here, "status", "--ex")
    assert set(in_zsh(here, "logs", "--branch", "")) == set(NAMES)


def test_names_are_asked_for_once_a_minute(here: dict[str, str], httpserver: HTTPServer) -> None:
    for _ in range(3):
        assert run(here, "edaha", "__branches") == sorted(NAMES)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("server", ["http://127.0.0.1:1", "", "file:///etc/passwd"])
def test_nothing_is_offered_where_nobody_answers(here: dict[str, str], server: str) -> None:
    assert run(here | {"EDAHA_SERVER": server}, "edaha", "__branches") == [""]
