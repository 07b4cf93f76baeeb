"""Images that the workflow has built, handed over to Edaha."""

import re
import time

from edaha_cli.errors import CommandError, NotFound, Unreachable, Usage
from edaha_cli.safe import one_line
from edaha_cli.server import Json, Server

from . import runner
from .plan import EVERY_SECONDS, UNHEARD_SECONDS, Commit, Plans, explained, image_of

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
_REFERENCE = re.compile(r"[a-z0-9][a-z0-9.:-]*(?:/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")
_LINE = re.compile(rf"(?:({_NAME})=)?(\S+)")


def read(text: str) -> dict[str, str]:
    """Name → reference, by lines of NAME=REPOSITORY@sha256:…; one without a name has the name ''.

    Raises Usage with the line that is wrong.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, reference = _read(number, line.strip())
        if name in found:
            raise Usage(f"images, line {number}: {name or 'an image without a name'} twice.")
        found[name] = reference
    if "" in found and len(found) > 1:
        raise Usage("images: write NAME= in front of each, since there are several.")
    return found


def _read(number: int, line: str) -> tuple[str, str]:
    parts = _LINE.fullmatch(line)
    if parts and _REFERENCE.fullmatch(parts[2]):
        return parts[1] or "", parts[2]
    said = f"images, line {number}: {one_line(line)[:120]} is no image by its digest."
    if line.endswith("=") or "=@" in line:
        raise Usage(said, "Nothing came after the name: did that image's job run, and end well?")
    raise Usage(said, "Write NAME=REPOSITORY@sha256:DIGEST, as the action `build` gives it.")


def over(server: Server, commit: Commit, images: dict[str, str]) -> Json:
    """Give them to Edaha; the deployment that runs them comes back."""
    if "" in images:
        plan = Plans(server).of(commit)
        images = {image_of(plan, "")["name"]: images[""]}
    body: Json = {
        "repository": commit.repository,
        "branch": commit.branch,
        "commit": commit.commit,
        "images": images,
    }
    if url := runner.run_url():
        body["run_url"] = url
    # Handing the same images over once more gives the same deployment.
    end = time.monotonic() + UNHEARD_SECONDS
    while True:
        try:
            deployment: Json = server.ask("/deployments", "POST", body)
        except (NotFound, Unreachable) as problem:
            if time.monotonic() + EVERY_SECONDS > end:
                raise explained(problem, commit) from None
            time.sleep(EVERY_SECONDS)
        except CommandError as problem:
            raise explained(problem, commit) from None
        else:
            return deployment
