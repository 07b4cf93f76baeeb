"""Known holes of the packages that are pinned. Advisories are only to be had online.

A machine that reaches none of them is told so, with the day: it is no success, and no failure of
the code either. EDAHA_AUDIT=required makes it a failure, for a CI that is online.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 90


def python_packages() -> int:
    print(f"pip-audit {version('pip-audit')}")
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
    command += ["--requirement=requirements.txt", "--no-deps", "--disable-pip", "--timeout=10"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return _not_checked("PyPI gave no answer", "pip-audit")
    skipped = [each["name"] for each in found if "skip_reason" in each]
    asked = [each for each in found if "skip_reason" not in each]
    for each in asked:
        for hole in each["vulns"]:
            print(
                f"{each['name']} {each['version']}: {hole['id']}, mended in {hole['fix_versions']}"
            )
    print(f"PyPI's advisories of {_now()}: {len(asked)} of {len(found)} packages were looked up.")
    if any(each["vulns"] for each in asked):
        return 1
    return _not_checked(f"no advisories for {', '.join(skipped)}", "pip-audit") if skipped else 0


def npm_packages() -> int:
    npm = shutil.which("npm")
    if npm is None:
        return _not_checked("npm is not installed", "npm audit")
    try:
        done = subprocess.run(
            [npm, "audit", "--json", "--package-lock-only"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        told = json.loads(done.stdout)
        holes: dict[str, Any] = told["vulnerabilities"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return _not_checked("npm's registry gave no advisories", "npm audit")
    print(f"npm's advisories of {_now()}")
    for name, hole in holes.items():
        print(f"{name}: {hole['severity']}")
    return int(bool(holes))


def _not_checked(why: str, what: str) -> int:
    print(f"NOT CHECKED by {what} on {_now()}: {why}. Run it where the internet is.")
    return int(os.environ.get("EDAHA_AUDIT") == "required")


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
