"""From a line's being printed in a build to its standing on the page of a browser."""

import json
import shutil
import tempfile
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

from .origin import Origin
from .report import NotMeasured, Row
from .stack import FULL_NAME, Stack, edaha, wait_until

LINES = 300
GOAL_MS = 100.0

DOCKERFILE = """\
FROM localhost/python:3-slim
COPY say.py /
RUN python3 -u /say.py
EXPOSE 3000
CMD ["python3", "-m", "http.server", "3000"]
"""
#: Each line says when it was printed; the pause is one that a person can just follow.
SAY = f"""\
import time

time.sleep(4)
for number in range({LINES}):
    print(f"printed {{time.time_ns()}} end")
    time.sleep(0.02)
"""

#: Notes when each line is first to be seen, by the machine's clock that printed it as well.
WATCH = """
() => {
  window.seen = [];
  const known = new Set();
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    for (const [, at] of document.body.textContent.matchAll(/printed (\\d{19}) end/g)) {
      if (known.has(at)) continue;
      known.add(at);
      window.seen.push(now - Number(BigInt(at) / 1000n) / 1000);
    }
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
}
"""


def run() -> list[Row]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise NotMeasured("Chromium is not installed (Debian's package chromium)")
    with tempfile.TemporaryDirectory(prefix="edaha-bench-") as name:
        origin = Origin(Path(name) / "origin")
        with edaha(origin.path) as stack:
            late = _watch_a_build(stack, origin, chromium)
    cut = quantiles(late, n=100)
    p50, p95, p99 = cut[49], cut[94], cut[98]
    return [
        Row(
            f"Log line to browser, {len(late)} lines",
            f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms",
            "",
            None,
            f"p95 at most {GOAL_MS:g} ms",
            p95 <= GOAL_MS,
        )
    ]


def _watch_a_build(stack: Stack, origin: Origin, chromium: str) -> list[float]:
    from playwright.sync_api import sync_playwright

    person = json.loads(stack.manage("user", "create", "bench", "--role", "viewer"))
    # What was built before prints nothing: each run has a script of its own.
    commit = origin.commit({"Dockerfile": DOCKERFILE, "say.py": f"# {uuid4()}\n{SAY}"})
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page()
        page.goto(f"http://localhost:{stack.instance.port}/sign-in")
        page.fill("input[name=login]", person["username"])
        page.fill("input[name=password]", person["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/")
        stack.push("main", commit)
        page.goto(f"http://localhost:{stack.instance.port}/deployments/{_deployment(stack)}")
        page.evaluate(WATCH)
        page.wait_for_function(f"() => window.seen.length >= {LINES}", timeout=90_000)
        late: list[float] = page.evaluate("() => window.seen")
        browser.close()
    return late


def _deployment(stack: Stack) -> int:
    """The id of the deployment that the push leads to."""
    found: list[int] = []

    def is_there() -> bool:
        branches = stack.api("GET", f"/branches?repository={FULL_NAME}")
        found.extend(each["deployment"]["id"] for each in branches if each["deployment"])
        return bool(found)

    wait_until(is_there, "the deployment to begin", 20)
    return found[0]
