"""A push's way through all of Edaha: build, redeploy, and the calls to AWS.

Everything is real but the distance to AWS: each call to it is made to take 60 ms.
"""

import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

from .origin import Origin, small_application
from .processes import run as run_command
from .report import Row
from .stack import FULL_NAME, Stack, edaha

ROUNDS = 7
BRANCH = "main"

#: Watching a rollout and clearing up after older ones: nothing that a push waits for.
_BESIDE = (
    "Delete",
    "Deregister",
    "DescribeServices",
    "DescribeTasks",
    "ListInstances",
    "ListTasks",
)

BUILD_GOAL = 1.5
REDEPLOY_GOAL = 1.0
CALLS_GOAL = 1.2


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="edaha-bench-") as name:
        folder = Path(name)
        theirs = small_application(folder / "theirs")
        origin = small_application(folder / "origin", branch=BRANCH)
        with edaha(origin.path) as stack:
            commit = origin.git("rev-parse", "HEAD")
            stack.push(BRANCH, commit)
            stack.deployed(commit)
            _plain_build(theirs, 0)
            return [
                _one_line_change(stack, origin, theirs),
                _redeploy(stack, commit=origin.git("rev-parse", "HEAD")),
                _calls(stack, origin),
            ]


def _one_line_change(stack: Stack, origin: Origin, theirs: Origin) -> Row:
    """From the commit to the pushed image, against plain buildx with its local cache warm."""
    ours, plain = [], []
    for number in range(1, ROUNDS + 1):
        commit = origin.commit({"app/index.html": f"<h1>Ours, {number}</h1>\n"})
        stack.push(BRANCH, commit)
        done = stack.deployed(commit)
        ours.append(_seconds(done["started_at"], done["built_at"]))
        plain.append(_plain_build(theirs, number))
    ratio = median(ours) / median(plain)
    return Row(
        "One changed line, checkout to pushed image, against docker buildx build",
        f"{median(ours):.2f} s",
        f"{median(plain):.2f} s",
        ratio,
        f"at most {BUILD_GOAL:g} times",
        ratio <= BUILD_GOAL,
    )


def _plain_build(theirs: Origin, number: int) -> float:
    theirs.commit({"app/index.html": f"<h1>Theirs, {number}, {time.time()}</h1>\n"})
    began = time.perf_counter()
    options = ("--quiet", "--provenance=false", "--tag", "edaha-bench")
    run_command("docker", "buildx", "build", *options, str(theirs.path))
    took = time.perf_counter() - began
    run_command("docker", "image", "rm", "edaha-bench")
    return took


def _redeploy(stack: Stack, commit: str) -> Row:
    """From the click until ECS has what it needs, with nothing changed."""
    (branch,) = stack.api("GET", f"/branches?repository={FULL_NAME}")
    took = []
    for _ in range(ROUNDS):
        began = time.time()
        asked = stack.api("POST", f"/branches/{branch['id']}/deployments")
        stack.deployed(commit, newer_than=asked["id"] - 1)
        took.append(_last_call(stack, began) - began)
    seconds = median(took)
    return Row(
        "Redeploy of an unchanged tree, until ECS takes over",
        f"{seconds:.2f} s",
        "",
        None,
        f"at most {REDEPLOY_GOAL:g} s",
        seconds <= REDEPLOY_GOAL,
    )


def _calls(stack: Stack, origin: Origin) -> Row:
    """From the webhook to the last call, against the calls alone, one after the other."""
    ours, alone = [], []
    for _ in range(ROUNDS):
        commit = origin.commit({})
        began = stack.push(BRANCH, commit)
        stack.deployed(commit)
        ended = _last_call(stack, began)
        ours.append(ended - began)
        needed = [
            call for call in stack.aws.between(began, ended) if not call.name.startswith(_BESIDE)
        ]
        alone.append(sum(call.ended - call.began for call in needed))
    ratio = median(ours) / median(alone)
    return Row(
        "Webhook to last AWS call without a build, against the sum of those calls",
        f"{median(ours) * 1000:.0f} ms",
        f"{median(alone) * 1000:.0f} ms",
        ratio,
        f"at most {CALLS_GOAL:g} times",
        ratio <= CALLS_GOAL,
    )


def _last_call(stack: Stack, began: float) -> float:
    """When CreateService was answered: from then on, it is ECS's work."""
    calls = [call for call in stack.aws.calls if call.began >= began]
    services = [call.ended for call in calls if call.name == "CreateService"]
    # Cloud Map has a call of that name too; ECS's is the later one.
    return max(services)


def _seconds(began: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
