"""What each subcommand does; each gives the exit code."""

import json
import sys
import webbrowser
from argparse import Namespace
from dataclasses import dataclass

from . import credentials, place, progress, show, signin
from .errors import FAILED, FINE, UNDER_WAY, NotFound, Usage
from .following import ARRIVED, ON_ITS_WAY, Wait
from .safe import harmless, one_line
from .server import Json, Server
from .stream import Log


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
        server, repository, name = self.server, self.repository, self.name
        try:
            return server.branch(repository, name, place.forks())
        except NotFound:
            # One's own fork is what git follows; what it was forked from may be a remote as well.
            for other in () if self.options.repository else place.forks():
                if other != repository and (found := _in(server, other, name)):
                    return found
            raise


def _in(server: Server, repository: str, name: str) -> Json | None:
    try:
        found = server.branch(repository, name, place.forks())
    except NotFound:
        return None
    return found if found["is_fork"] else None


def login(here: Here) -> int:
    options = here.options
    address = place.server(options.server)
    signin.login(address, by_hand=options.token, with_browser=not options.no_browser)
    return FINE


def logout(here: Here) -> int:
    signin.logout(place.server(here.options.server))
    return FINE


def status(here: Here) -> int:
    branch = here.branch
    show.as_json(branch) if here.options.json else show.status(branch)
    if branch["state"] == "failed":
        return FAILED
    if not here.options.exit_code or branch["state"] in ("live", "asleep"):
        return FINE
    return NotFound.code if branch["state"] in ("destroying", "destroyed") else UNDER_WAY


def list_(here: Here) -> int:
    query = {} if here.options.all else {"repository": here.repository}
    rows = [row for row in here.server.branches(**query) if row["state"] != "destroyed"]
    show.as_json(rows) if here.options.json else show.table(rows)
    return FINE


def open_(here: Here) -> int:
    branch = here.branch
    url = one_line(branch["url"])
    if not branch["live"]:
        raise NotFound(
            f"{one_line(branch['name'])} is not live: it is {one_line(branch['state'])}."
        )
    print(url)
    if url.startswith(("http://", "https://")) and not here.options.print:
        webbrowser.open(url)
    return FINE


def logs(here: Here) -> int:
    """Lines as they come, until the deployment has ended; those after it ended are not lost."""
    log = Log(here.server, _newest(here.branch), every=here.options.every)
    for line in log.until_ended() if here.options.follow else log.now():
        text = {**line, "text": harmless(line["text"])}
        print(json.dumps(text) if here.options.json else text["text"], flush=True)
    return FAILED if log.deployment["state"] in ("failed", "cancelled") else FINE


def redeploy(here: Here) -> int:
    body: Json = {"no_cache": here.options.no_cache, "reason": here.options.reason}
    if here.options.commit:
        body["commit"] = here.options.commit
    return _made(here, f"/branches/{here.branch['id']}/deployments", body)


def rollback(here: Here) -> int:
    to = here.options.to or _before(here)
    return _made(here, f"/deployments/{to}/rollback", {"reason": here.options.reason})


def _before(here: Here) -> int:
    """The last deployment that served before the one that does."""
    branch = here.branch
    now = (branch["live"] or {}).get("id")
    rows: list[Json] = here.server.ask(f"/branches/{branch['id']}/deployments", limit=100)
    for row in rows:
        if row["state"] == "retired" and row["images"] and row["id"] != now:
            return int(row["id"])
    raise NotFound(f"Nothing else of {one_line(branch['name'])} was live before.")


def wait(here: Here) -> int:
    return _wait(here, commit=here.options.commit or "")


def cancel(here: Here) -> int:
    newest = _newest(here.branch)
    path = f"/deployments/{newest['id']}"
    left = here.server.ask(path, "DELETE", {"reason": here.options.reason})
    return _said(here, left, f"Deployment {left['id']}: {one_line(left['state'])}")


def destroy(here: Here) -> int:
    branch = here.branch
    name, repository = one_line(branch["name"]), one_line(branch["repository"])
    if not here.options.yes:
        _confirm(f"Destroy the preview of {name} in {repository}? [y/N] ")
    path = f"/branches/{branch['id']}"
    left = here.server.ask(path, "DELETE", {"reason": here.options.reason})
    return _said(here, left, f"{name}: {one_line(left['state'])}")


def pin(here: Here) -> int:
    path = f"/branches/{here.branch['id']}/pin"
    left = here.server.ask(path, "PUT", {"reason": here.options.reason})
    return _said(here, left, f"{one_line(left['name'])} is kept until somebody unpins it.")


def unpin(here: Here) -> int:
    path = f"/branches/{here.branch['id']}/pin"
    left = here.server.ask(path, "DELETE", {"reason": here.options.reason})
    return _said(here, left, f"{one_line(left['name'])} {_ends(left)}")


def extend(here: Here) -> int:
    left = here.server.ask(f"/branches/{here.branch['id']}/extension", "POST")
    return _said(here, left, f"{one_line(left['name'])} {_ends(left)}")


def _ends(branch: Json) -> str:
    at = one_line(branch["expires_at"] or "")
    return f"ends {at}." if at else "does not end by itself."


def _said(here: Here, left: Json, text: str) -> int:
    show.as_json(left) if here.options.json else print(text)
    return FINE


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise Usage("Nobody is here to confirm it.", "Say --yes.")
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Usage("Nothing was destroyed.")


def _made(here: Here, path: str, body: Json) -> int:
    made = here.server.ask(path, "POST", body)
    if here.options.no_wait:
        return _ended(here, made)
    return _wait(here, commit=made["commit"], number=made["id"])


def _wait(here: Here, *, commit: str, number: int = 0) -> int:
    options, server, shown = here.options, here.server, progress.view(here.server)
    repository, name = _known(here) if not number else ("", "")
    waiting = Wait(server, repository, name, options.timeout, commit, options.every, number)
    waiting.pause = shown.pause
    try:
        ended = waiting.until_ended(shown)
    finally:
        shown.close()
    return _ended(here, ended)


def _known(here: Here) -> tuple[str, str]:
    """Repository and name as Edaha has them: a fork's pull request has a name of its own."""
    try:
        branch = here.branch
    except NotFound:
        return here.repository, here.name  # the push may not have been heard of yet
    return branch["repository"], branch["name"]


def _ended(here: Here, deployment: Json) -> int:
    if here.options.json:
        show.as_json(deployment)
    elif deployment["state"] in ARRIVED:
        print(one_line(here.server.ask(f"/branches/{deployment['branch']}")["url"]))
    elif deployment["state"] in ON_ITS_WAY:
        print(f"Deployment {deployment['id']}: {one_line(deployment['state'])}")
    else:
        show.failure(deployment, sys.stderr)
    ok = deployment["state"] in (*ARRIVED, *ON_ITS_WAY)
    return FINE if ok else FAILED


def _newest(branch: Json) -> Json:
    deployment: Json | None = branch["deployment"]
    if deployment is None:
        raise NotFound("Nothing of this branch was deployed yet.")
    return deployment
