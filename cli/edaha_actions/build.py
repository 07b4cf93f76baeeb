"""The steps around docker/build-push-action: what to build before it, what came of it after it."""

import csv
import io
import posixpath
import re
import subprocess
import sys

from edaha_cli.errors import Usage
from edaha_cli.safe import one_line

from . import runner, tokens
from .plan import Commit, Plans, image_of

#: The account that a registry of ECR belongs to.
_ACCOUNT = re.compile(r"(\d{12})\.dkr\.ecr\.")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: What GitHub's runners call their processor.
_OWN = {"X64": "linux/amd64", "ARM64": "linux/arm64"}


def main() -> int:
    steps = {"plan": plan, "result": result}
    return runner.end(steps[sys.argv[1]], "No image")


def plan() -> None:
    """Outputs for the steps that build."""
    place, commit = posixpath.normpath(runner.given("EDAHA_PATH") or "."), Commit.given()
    _check_out(place, commit)
    told = Plans(tokens.server()).of(commit)
    image = image_of(told, runner.given("EDAHA_IMAGE"))
    account = _ACCOUNT.match(str(told["registry"]))
    platforms = [one_line(each) for each in image["platforms"]]
    foreign = [each for each in platforms if each != _OWN.get(runner.given("RUNNER_ARCH"))]
    runner.give("name", image["name"])
    runner.give("repository", image["repository"])
    runner.give("reference", f"{image['repository']}:{image['tag']}")
    runner.give("account", account[1] if account else "")
    runner.give("region", told["region"])
    runner.give("context", _beneath(place, image["context"], "context"))
    runner.give("dockerfile", _beneath(place, image["dockerfile"], "dockerfile"))
    runner.give("target", image["target"])
    runner.give("platforms", ",".join(platforms))
    runner.give("foreign", ",".join(foreign))
    runner.give_lines("args", _list([f"{key}={text}" for key, text in image["args"].items()]))
    runner.say(f"{image['name']}: {image['dockerfile']} for {', '.join(platforms)}")


def result() -> None:
    """The image by its digest, which is what Edaha is handed."""
    repository, digest = runner.given("EDAHA_REPOSITORY"), runner.given("EDAHA_DIGEST")
    if not _DIGEST.fullmatch(digest):
        raise Usage(f"The build gives no digest but {one_line(digest)[:80] or 'nothing'}.")
    name = runner.given("EDAHA_NAME")
    runner.give("image", f"{repository}@{digest}")
    runner.summarise(f"{runner.as_code(name)} is {runner.as_code(f'{repository}@{digest}')}")


def _check_out(place: str, commit: Commit) -> None:
    """Raise Usage where another commit is there than the one that Edaha is told of."""
    asked = ["git", "-C", place, "rev-parse", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Usage(
            f"There is no clone in {one_line(place)}.",
            "Use actions/checkout before this action, and give its `path` if it has one.",
        )
    if (found := done.stdout.strip()) != commit.commit:
        raise Usage(
            f"{found[:12]} is checked out, and not {commit}.",
            "For a pull request, give actions/checkout `ref: "
            "${{ github.event.pull_request.head.sha || github.sha }}`.",
        )


def _beneath(place: str, path: object, what: str) -> str:
    """A path of the repository, from where the workflow has checked it out."""
    inside = posixpath.normpath(one_line(path))
    if inside.startswith(("/", "../")) or inside == "..":
        raise Usage(f"The image's {what} is outside of the repository: {inside}.")
    joined = posixpath.join(place, inside)
    # What begins otherwise could be a repository's address for BuildKit.
    return joined if joined.startswith(("/", "./")) else f"./{joined}"


def _list(texts: list[str]) -> str:
    """As the inputs of Docker's actions take a list: a CSV file, with one text in each line.

    https://github.com/docker/actions-toolkit/blob/0a1d2c2307217b7ddb58fd622ca6728b7c06ed6a/src/util.ts
    """
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([text] for text in texts)
    return written.getvalue().rstrip("\n")
