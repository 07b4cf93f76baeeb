"""Runs each scanner, and says by which rules and of which date; what cannot be asked is told."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

from . import audit

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
RULES = Path(__file__).parent / "rules.yaml"
CODE = ["dashboard", "deployments", "router", "sandbox", "manage.py"]


def main() -> None:
    checks: dict[str, Callable[[], int]] = {
        "bandit": _bandit,
        "semgrep": _semgrep,
        "Django's check --deploy": _django,
        "pip-audit": audit.python_packages,
        "npm audit": audit.npm_packages,
    }
    failed = []
    for name, check in checks.items():
        print(f"\n== {name}", flush=True)
        if check():
            failed.append(name)
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nNothing was found.")
    sys.exit(bool(failed))


def _bandit() -> int:
    """Its rules are part of its release. What is left out stands in pyproject.toml."""
    print(f"bandit {version('bandit')}; its rules are those of {_installed('bandit')}")
    return _run([_program("bandit"), "-q", "-c", "pyproject.toml", "-r", *CODE])


def _semgrep() -> int:
    print(f"semgrep {version('semgrep')} with our own rules of {_changed(RULES)}")
    print("NOT USED: semgrep's p/django, which its registry gives out online only.")
    command = [_program("semgrep"), "scan", "--error", "--quiet", "--metrics=off"]
    command += ["--disable-version-check", f"--config={RULES}", "--no-git-ignore", "--jobs=2"]
    # semgrep's core lies beside it.
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return _run([*command, *CODE, "templates"], path)


def _django() -> int:
    production = {
        "EDAHA_SECRET_KEY": "only-to-check-settings-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF",
        "EDAHA_DATA": "/tmp",  # nothing is written
        "EDAHA_BASE_URL": "https://edaha.example.com",
        "EDAHA_BEHIND_PROXY": "1",
        "EDAHA_PREVIEW_DOMAIN": "preview.example.net",
    }
    print(f"Django {version('Django')}")
    arguments = ["check", "--deploy", "--fail-level=WARNING"]
    return _run([sys.executable, "manage.py", *arguments], production)


def _program(name: str) -> str:
    return str(BIN / name)


def _run(command: list[str], environment: dict[str, str] | None = None) -> int:
    return subprocess.run(command, cwd=ROOT, env=os.environ | (environment or {})).returncode


def _changed(path: Path) -> str:
    """The day of the last commit that changed it; today's where it is changed now."""
    command = ["git", "log", "-1", "--format=%cs", "--", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or datetime.now(UTC).date().isoformat()


#: The days of the releases that are pinned: a package does not know its own.
_RELEASED = {"bandit": ("1.9.4", date(2026, 2, 1))}


def _installed(name: str) -> str:
    pinned, day = _RELEASED[name]
    return f"{day:%B %Y}" if version(name) == pinned else "a release that tests/security knows not"


if __name__ == "__main__":
    main()
