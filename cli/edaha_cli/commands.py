"""What each subcommand does; each gives the exit code."""

import getpass
import json
import sys
import time
import webbrowser
from argparse import Namespace
from dataclasses import dataclass

from . import credentials, place, show
from .errors import FAILED, FINE, NotFound, Usage
from .following import ARRIVED, ON_ITS_WAY, Wait
from .safe import harmless, one_line
from .server import Json, Server


@dataclass
class Here:
    """The options, and what they leave to the place where one stands."""

    options: Namespace

    @property
    def server(self) -> Server:
        address = place.server(self.options.server)
        return Server(address, lambda: credentials.token_for(address))

    @property
    def repository(self) -> str:
        return place.repository(self.options.repository)

    @property
    def name(self) -> str:
        return place.branch(self.options.branch)

    @property
    def branch(self) -> Json:
        return self.server.branch(self.repository, self.name)


def login(here: Here) -> int:
    address = place.server(here.options.server)
    asked = f"Token for {address} (`manage token create` makes one): "
    token = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip().isascii() or not token.strip().isprintable() or not token.strip():
        raise Usage("That is no token.")
    Server(address, token.strip).ask("/branches", limit=1)
    credentials.keep(address, token.strip())
    print(f"Signed in at {address}. The token is in {credentials.path()}.")
    return FINE


def status(here: Here) -> int:
    branch = here.branch
    show.as_json(branch) if here.options.json else show.status(branch)
    return FAILED if branch["state"] == "failed" else FINE


def list_(here: Here) -> int:
    query = {} if here.options.all else {"repository": here.repository}
    rows = [row for row in here.server.branches(**query) if row["state"] != "destroyed"]
    show.as_json(rows) if here.options.json else show.table(rows)
    return FINE


def open_(here: Here) -> int:
    branch = here.branch
    url = one_line(branch["url"])
    if not branch["live"]:
        raise NotFound(f"{here.name} is not live: it is {one_line(branch['state'])}.")
    print(url)
    if url.startswith(("http://", "https://")) and not here.options.print:
        webbrowser.open(url)
    return FINE


def logs(here: Here) -> int:
    """Lines as they come, until the deployment has ended; those after it ended are not lost."""
    server, last = here.server, 0
    deployment = _newest(here.branch)
    while True:
        for line in server.log(deployment["id"], last):
            last = line["number"]
            text = {**line, "text": harmless(line["text"])}
            print(json.dumps(text) if here.options.json else text["text"], flush=True)
        if not here.options.follow or deployment["state"] not in ON_ITS_WAY:
            break
        time.sleep(here.options.every)
        deployment = server.ask(f"/deployments/{deployment['id']}")
    return FAILED if deployment["state"] in ("failed", "cancelled") else FINE


def redeploy(here: Here) -> int:
    body: Json = {"no_cache": here.options.no_cache}
    if here.options.commit:
        body["commit"] = here.options.commit
    made = here.server.ask(f"/branches/{here.branch['id']}/deployments", "POST", body)
    if here.options.no_wait:
        return _ended(here, made, is_json=here.options.json)
    return _wait(here, made["commit"])


def wait(here: Here) -> int:
    return _wait(here, here.options.commit or "")


def destroy(here: Here) -> int:
    branch = here.branch
    if not here.options.yes:
        _confirm(f"Destroy the preview of {here.name} in {here.repository}? [y/N] ")
    left = here.server.ask(f"/branches/{branch['id']}", "DELETE")
    show.as_json(left) if here.options.json else print(f"{here.name}: {one_line(left['state'])}")
    return FINE


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise Usage("Nobody is here to confirm it.", "Say --yes.")
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Usage("Nothing was destroyed.")


def _wait(here: Here, commit: str) -> int:
    options = here.options
    waiting = Wait(
        here.server, here.repository, here.name, options.timeout, commit, every=options.every
    )
    return _ended(here, waiting.until_ended(show.Progress()), is_json=options.json)


def _ended(here: Here, deployment: Json, *, is_json: bool) -> int:
    if is_json:
        show.as_json(deployment)
    elif deployment["state"] in ARRIVED:
        print(one_line(here.branch["url"]))
    else:
        show.failure(deployment, sys.stderr)
    ok = deployment["state"] in (*ARRIVED, *ON_ITS_WAY)
    return FINE if ok else FAILED


def _newest(branch: Json) -> Json:
    deployment: Json | None = branch["deployment"]
    if deployment is None:
        raise NotFound("Nothing of this branch was deployed yet.")
    return deployment
