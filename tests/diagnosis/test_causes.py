"""The first real error out of what tools print, and what the failure is called."""

import pytest

from deployments.causes import Cause
from deployments.diagnosis import Line, diagnose, first_error

#: What a tool printed (a `>` marks the line that tells it); the texts are the tools' own wordings.
PRINTED = {
    "npm": """
npm warn deprecated inflight@1.0.6: This module is not supported
> npm error code ERESOLVE
npm error ERESOLVE unable to resolve dependency tree
npm error A complete log of this run can be found in: /root/.npm/_logs/x.log""",
    "typescript": """
> tsc -p .
0 errors so far
> src/till.ts(48,17): error TS2345: Argument of type 'string' is not assignable
src/till.ts(51,9): error TS2322: Type 'undefined' is not assignable to type 'Yen'.
npm error Lifecycle script `build` failed with error:""".replace("> tsc", "tsc"),
    "webpack": """
asset main.js 1.2 MiB [emitted] (name: main)
> ERROR in ./src/index.js 3:0-24
Module not found: Error: Can't resolve './menu' in '/app/src'""",
    "pip": """
Collecting djnago
> ERROR: Could not find a version that satisfies the requirement djnago (from versions: none)
ERROR: No matching distribution found for djnago""",
    "python": """
Traceback (most recent call last):
  File "/app/manage.py", line 22, in <module>
> ModuleNotFoundError: No module named 'corsheaders'""",
    "go": """
# example.com/shop/till
> ./till.go:14:2: error: undefined: Yen
make: *** [Makefile:3: build] Error 1""",
    "go modules": """
go: downloading github.com/acme/till v1.0.0
> main.go:5:2: cannot find package "github.com/acme/tull" in any of:""",
    "cargo": """
   Compiling shop v0.1.0 (/app)
warning: unused variable: `error`
> error[E0425]: cannot find value `yen` in this scope""",
    "maven": """
[INFO] BUILD FAILURE
> [ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.11.0""",
    "composer": """
Loading composer repositories with package information
> Your requirements could not be resolved to an installable set of packages.""",
    "bundler": """
Fetching gem metadata from https://rubygems.org/.........
> Could not find gem 'railz' in rubygems repository https://rubygems.org/ or installed locally.""",
    "apt": """
debconf: delaying package configuration, since apt-utils is not installed
Reading package lists...
> E: Unable to locate package libpq-devv""",
    "dotnet": """
  Determining projects to restore...
> /app/Till.cs(12,9): error CS0103: The name 'Yen' does not exist in the current context""",
    "shell": """
+ ./configure --quiet
> /bin/sh: 1: cmake: not found""",
    "java": """
> Exception in thread "main" java.lang.IllegalStateException: no database
\tat com.acme.Till.main(Till.java:9)""",
    "pytest": """
collected 12 items
> FAILED tests/test_till.py::test_rounding - AssertionError: 3 != 4
=== 1 failed, 11 passed in 0.12s ===""",
}


@pytest.mark.parametrize("tool", PRINTED)
def test_the_first_error_is_found(tool: str) -> None:
    texts = PRINTED[tool].strip("\n").split("\n")
    wanted = next(number for number, text in enumerate(texts, 1) if text.startswith("> "))
    lines = [Line(n, 7, text.removeprefix("> ")) for n, text in enumerate(texts, 1)]
    found = first_error(lines)
    assert found is not None
    assert found.number == wanted, found.text


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("The image could not be built: step “RUN make” failed: exit code 2", Cause.DOCKERFILE),
        ("The image could not be built: dockerfile parse error on line 3", Cause.DOCKERFILE),
        ("failed to solve: node:99: failed to resolve source metadata", Cause.BASE_IMAGE),
        ("step “COPY menu.json .” failed: \"/menu.json\": not found", Cause.MISSING_FILE),
        ("failed to compute cache key: \"/menu.json\": not found", Cause.MISSING_FILE),
        ("step “RUN npm ci” failed: exit code 137", Cause.MEMORY),
        ("The container exited by itself with code 137.", Cause.MEMORY),
        ("The container exited by itself with code 1.", Cause.CRASH),
        ("could not start: CannotPullContainerError: pull image manifest", Cause.IMAGE_PULL),
        ("The task could not start: ResourceInitializationError: unable to pull secrets or registry"
         " auth: unable to retrieve secret from asm", Cause.MISSING_SECRET),
        ("Task failed container health checks.", Cause.HEALTH_CHECK),
        ("service x was unable to place a task because no container instance met", Cause.CAPACITY),
        ("ECS was unable to assume the role: AccessDenied", Cause.PERMISSION),
        ("Something nobody has ever seen", Cause.OTHER),
    ],
)  # fmt: skip
def test_messages_of_others_are_recognised(message: str, cause: Cause) -> None:
    assert diagnose(message, ()).cause == cause


def test_what_is_known_where_it_is_raised_counts() -> None:
    assert diagnose("exit code 137", (), cause=Cause.HOOK).cause == Cause.HOOK


def test_only_the_failed_step_is_evidence() -> None:
    lines = [Line(1, 3, "error: of another step"), Line(2, 4, "fatal: of this one")]
    assert diagnose("exit code: 1", lines, step=4).line == 2


def test_a_containers_last_words_are_evidence() -> None:
    said = [
        Line(1, 0, "The container printed last:"),
        Line(2, 0, "  starting"),
        Line(3, 0, "  \x1b[31mpanic: no database\x1b[0m"),
        Line(4, 5, "error: of the build"),
    ]
    assert diagnose("The container exited by itself with code 2.", said) == (Cause.CRASH, 3)


def test_memory_is_told_by_what_was_printed() -> None:
    said = [Line(9, 2, "FATAL ERROR: Reached heap limit - JavaScript heap out of memory")]
    assert diagnose("step failed: exit code: 134; could not be built", said, step=2) == (
        Cause.MEMORY,
        9,
    )


def test_a_very_long_line_takes_no_time() -> None:
    hostile = "error" * 200_000 + "\x1b[" * 100_000
    assert first_error([Line(1, 0, hostile), Line(2, 0, "panic: here")]) == (2, 0, "panic: here")


def test_where_nothing_tells_an_error_no_line_is_blamed() -> None:
    said = [Line(1, 7, "doing things"), Line(2, 7, "it is over now"), Line(3, 7, "")]
    assert diagnose("nobody knows", said, step=7) == (Cause.OTHER, None)


def test_of_a_step_that_prints_nothing_buildkit_tells() -> None:
    said = [Line(8, 0, 'ERROR: failed to solve: "/menu.json": not found')]
    assert diagnose("could not be built", said) == (Cause.DOCKERFILE, 8)


def test_what_edaha_says_itself_is_no_evidence() -> None:
    assert diagnose("could not be built", [Line(1, 0, "✗ error: x")]).line is None
