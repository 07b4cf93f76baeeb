"""Shell scripts, and what GitHub Actions reads: shellcheck and jactionlint over all of them.

jactionlint is actionlint with rules for composite actions; actionlint's own package on PyPI fetches
the program from GitHub when it is installed, which cannot be done everywhere.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
EXAMPLES = ROOT / "docs/examples"

_SHEBANG = re.compile(r"#!.*\b(?:sh|bash)\n")
#: A script within a template of CloudFormation.
_INSIDE = re.compile(r"^( +)(#!/bin/sh\n(?:\1.*\n|[ \t]*\n)*)", re.M)
#: What CloudFormation puts in before the shell sees it.
_SUBSTITUTED = re.compile(r"\$\{\w+\}")
#: Where this repository is, is for those to write who use its actions.
_OURS = re.compile(r"OWNER/edaha/(\.github/actions/[a-z]+)@COMMIT")


def main() -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        codes = [shellcheck(scripts(folder)), actionlint(folder / "repository")]
    sys.exit(max(codes))


def scripts(folder: Path) -> Iterator[Path]:
    """Every shell script; those that are part of another file are written into `folder`."""
    for path in _tracked():
        text = path.read_text(errors="replace") if path.is_file() else ""
        if _SHEBANG.match(text):
            yield path
        if path.suffix in (".yaml", ".yml"):
            for number, script in enumerate(inside(text)):
                copy = folder / f"{path.name}-{number}.sh"
                copy.write_text(script)
                yield copy


def inside(text: str) -> Iterator[str]:
    """Scripts in a YAML file, as the machine gets them."""
    for indent, script in _INSIDE.findall(text):
        yield _SUBSTITUTED.sub("value", script.replace(f"\n{indent}", "\n"))


def shellcheck(paths: Iterable[Path]) -> int:
    return _run([str(BIN / "shellcheck"), *map(str, paths)], ROOT)


def actionlint(folder: Path) -> int:
    """Our actions, and the examples as workflows of a repository that has our actions."""
    (folder / ".git").mkdir(parents=True)
    shutil.copytree(ROOT / ".github", folder / ".github")
    workflows = folder / ".github/workflows"
    workflows.mkdir(exist_ok=True)
    for example in EXAMPLES.glob("*.yaml"):
        (workflows / example.name).write_text(_OURS.sub(r"./\1", example.read_text()))
    command = [str(BIN / "jactionlint"), "--oneline", "--no-online", "--strict-exit"]
    return _run([*command, f"--shellcheck={BIN / 'shellcheck'}"], folder)


def _tracked() -> list[Path]:
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in told.stdout.decode().split("\0") if name]


def _run(command: list[str], folder: Path) -> int:
    return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    main()
