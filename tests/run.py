"""bin/test: every check, in parts that can be run alone; a summary, and 1 if anything failed."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.postgres import postgres
from sandbox.instance import StartError
from tests import lanes, tools

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
OUTPUT = ROOT / "test-results"

#: Code that is linted; each is a package or a file.
CODE = [
    "dashboard",
    "deployments",
    "router",
    "sandbox",
    "bench",
    "tests",
    "cli",
    ".github",
    "manage.py",
]
#: What touches the database runs on both.
ON_POSTGRES = [
    f"tests/{name}"
    for name in (
        "deployments",
        "reconcile",
        "webhooks",
        "api",
        "commands",
        "dashboard",
        "reports",
        "subscribers",
    )
]

CRASHES = "tests/deployments/test_crashes.py"
GALLERY = "tests/gallery"
#: Asks no database anything, or no more than what the others ask.
SAME_ON_BOTH = [
    "tests/api/test_description.py",
    "tests/api/test_examples.py",
    "tests/deployments/test_git.py",
    "tests/deployments/test_names.py",
    "tests/deployments/test_order.py",
    "tests/deployments/test_rollout.py",
    "tests/deployments/test_buildkit.py",
    "tests/deployments/test_settings_and_buildx.py",
    "tests/dashboard/test_ansi.py",
    "tests/dashboard/test_browser.py",
    "tests/dashboard/test_home_browser.py",
    # Scripts in a browser; what their pages ask, test_logs and test_protection ask on both.
    "tests/dashboard/test_log_reader.py",
    "tests/dashboard/test_protection_browser.py",
]
#: One story for each of AWS's calls, of which the database sees the same each time. Of those
#: there, test_a_refusal_names_the_permission_that_lacks is told on both.
SAME_STORIES = [
    f"tests/deployments/test_aws_faults.py::test_{name}"
    for name in ("a_hiccup", "an_answer_that_gets_lost", "cleaning_up_goes_on", "trouble_that")
]

#: For tools that load the settings; never used to run anything.
SETTINGS = {
    "EDAHA_SECRET_KEY": "for-tools-that-only-read-the-settings-of-this",
    "EDAHA_DATA": "/tmp",
}

#: Python's development mode, apart from its debugging of malloc: that finds mistakes of C code
#: only, and takes an eighth of the time.
STRICT = {"PYTHONDEVMODE": "1", "PYTHONMALLOC": "pymalloc"}

#: Tests that need nothing of the machine for themselves run side by side: as many as there are
#: cores, and 2 GB of memory for each.
_MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
PROCESSES = max(2, min(len(os.sched_getaffinity(0)), _MEMORY // (2 << 30)))

Part = Callable[[], int]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/test", description="Runs every test, or some parts.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--at-once",
        action="store_true",
        help="what waits most of the time beside what calculates: quicker, and each part's words "
        "are shown when it ends",
    )
    options = parser.parse_args()
    chosen = options.parts or [part for part in PARTS if part not in ON_DEMAND]
    unknown = sorted(set(chosen) - set(PARTS))
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    OUTPUT.mkdir(exist_ok=True)
    try:
        with tools.ready(chosen, OUTPUT):
            run = _at_once if options.at_once else _one_by_one
            results = run(chosen)
    except StartError as error:
        sys.exit(f"bin/test: {error}")
    print("\nPart        Result   Seconds")
    for name, code, seconds in results:
        print(f"{name:<11} {'passed' if code == 0 else 'FAILED':<8} {seconds:7.1f}")
    sys.exit(any(code for _, code, _ in results))


def _one_by_one(chosen: list[str]) -> list[lanes.Result]:
    return [lanes.Result(name, *_timed(PARTS[name])) for name in chosen]


def _at_once(chosen: list[str]) -> list[lanes.Result]:
    waiting = [name for name in chosen if name in WAITING]
    calculating = [name for name in chosen if name not in {*WAITING, *ALONE}]
    alone = [name for name in chosen if name in ALONE]
    stages = [[calculating, waiting], [alone]]
    return [result for stage in stages for result in lanes.run(stage, OUTPUT)]


def lint() -> int:
    """Style, types, layers, templates, shell scripts, workflows, migrations."""
    commands = [
        ["ruff", "check", *CODE],
        ["ruff", "format", "--check", *CODE],
        ["mypy", "dashboard", "deployments", "router", "sandbox", "bench", "tests", "cli"],
        ["lint-imports"],
        ["python", "static/src/stamp.py", "--check"],
        ["python", "-m", "tests.linting"],
        ["djlint", "templates", "--check", "--lint", "--quiet"],
        ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    ]
    # All of them, so that one run shows everything.
    return max([_run(command, SETTINGS) for command in commands])


def security() -> int:
    """Scanners of our code and of the packages that it uses; their rules' dates are printed."""
    return _run(["python", "-m", "tests.security"], {})


def unit() -> int:
    """Everything that needs no Docker engine, on SQLite."""
    paths = ["tests", f"--ignore={CRASHES}", f"--ignore={GALLERY}"]
    return _pytest("unit", "not docker and not journey", paths, processes=PROCESSES)


def pages() -> int:
    """Every page in a browser: accessible, light, within the content policy, in both languages."""
    return _pytest("pages", "not docker", [GALLERY], processes=PROCESSES)


def crashes() -> int:
    """A worker killed at every point. By itself: it copies its own process again and again."""
    return _pytest("crashes", "not docker", [CRASHES], processes=PROCESSES)


def on_postgres() -> int:
    """What touches the database once more, on a PostgreSQL of its own."""
    with postgres() as url:
        return _pytest(
            "postgres",
            "not docker and not journey",
            # The whole server goes away afterwards: nobody has to wait for its databases' end.
            [
                "--reuse-db",
                *ON_POSTGRES,
                *(f"--ignore={path}" for path in (CRASHES, *SAME_ON_BOTH)),
                *(f"--deselect={story}" for story in SAME_STORIES),
            ],
            {"EDAHA_DATABASE_URL": f"{url}/edaha"},
            processes=PROCESSES,
        )


def docker() -> int:
    """What builds and starts real images, apart from the journey."""
    return _pytest("docker", "docker and not journey", ["tests"])


def journey() -> int:
    """bin/up, webhooks, and previews in a browser."""
    return _pytest("journey", "journey", ["tests/journey"])


def mutants() -> int:
    """Bugs of other systems, planted one at a time: some test has to notice each."""
    return _run(["python", "-m", "tests.mutants"], {})


def mutation() -> int:
    """How many small changes of the rules are noticed: a figure to read, and no check."""
    return _run(["python", "-m", "tests.mutation"], {})


def chaos() -> int:
    """Everything goes wrong at once; EDAHA_CHAOS_MINUTES=30 makes it long."""
    return _run(["python", "-W", "ignore", "-m", "tests.chaos"], {})


PARTS: dict[str, Part] = {
    "lint": lint,
    "security": security,
    "unit": unit,
    "pages": pages,
    "crashes": crashes,
    "postgres": on_postgres,
    "chaos": chaos,
    "docker": docker,
    "journey": journey,
    "mutants": mutants,
    "mutation": mutation,
}
#: Processes wait for one another here, or one process has something to do.
WAITING = {"lint", "security", "docker", "journey"}
#: Tell how quick something is, or how it does under a load of their own.
ALONE = {"chaos"}
#: Run only when they are named; the tests of the tests in CI as well.
ON_DEMAND = {"mutation"} if os.environ.get("CI") else {"mutation", "mutants"}


def _pytest(
    name: str,
    marks: str,
    paths: list[str],
    environment: dict[str, str] | None = None,
    *,
    processes: int = 0,
) -> int:
    share = ["-n", str(processes), "--dist", "worksteal"] if processes else []
    command = ["pytest", "-q", "-m", marks, f"--junit-xml={OUTPUT / name}.xml", *share, *paths]
    return _run(command, {**STRICT, **(environment or {})})


def _run(command: list[str], environment: dict[str, str]) -> int:
    print(f"\n$ {' '.join(command)}", flush=True)
    program = BIN / command[0]
    everything = os.environ | environment
    # Where it is set, every process compiles the product, its tests and their tools anew.
    everything.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(
        [str(program), *command[1:]], cwd=ROOT, env=everything, check=False
    ).returncode


def _timed(part: Part) -> tuple[int, float]:
    started = time.monotonic()
    return part(), time.monotonic() - started


if __name__ == "__main__":
    main()
