"""Waits for the preview of a commit; hands over its images first where the workflow built them."""

from edaha_cli.following import ARRIVED, Wait
from edaha_cli.progress import Progress
from edaha_cli.safe import one_line
from edaha_cli.server import Json, Server

from . import handing, runner, tokens
from .plan import Commit
from .runner import Failed, Place


def main() -> int:
    return runner.end(preview, "No preview")


def preview() -> None:
    server, commit = tokens.server(), Commit.given()
    seconds, images = runner.minutes("timeout"), handing.read(runner.given("EDAHA_IMAGES"))
    wait = Wait(server, commit.repository, commit.branch, seconds, commit.commit)
    if images:
        number = handing.over(server, commit, images)["id"]
        runner.give("deployment", number)
        runner.say(f"Deployment {number} has the images.")
        wait.number = number
    _tell(server, commit, wait.until_ended(Progress()))


def _tell(server: Server, commit: Commit, ended: Json) -> None:
    runner.give("state", ended["state"])
    runner.give("deployment", ended["id"])
    if ended["state"] not in ARRIVED:
        what = ended["error"] or f"Deployment {ended['id']} is {ended['state']}."
        raise Failed(what, ended["hint"], _places(ended))
    url = one_line(server.branch(commit.repository, commit.branch)["url"])
    runner.give("url", url)
    runner.summarise(f"Preview of {runner.as_code(commit.commit[:12])}: <{url}>")
    runner.say(url)


def _places(ended: Json) -> list[Place]:
    # An older Edaha tells none.
    told: list[Json] = ended.get("annotations", [])
    return [Place(str(each["path"]), int(each["line"]), str(each["message"])) for each in told]
