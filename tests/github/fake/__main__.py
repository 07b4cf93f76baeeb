"""The fake of GitHub as a process: python -m tests.github.fake --port N --secret S.

Beside GitHub's own addresses it has these, all of them POST with a JSON body:

/_fake/fault    fields of `Fault`: what goes wrong with the next requests
/_fake/webhook  {"event": …, "payload": …}: sent, signed, to --webhook-url; answers its status
/_fake/pull     {"number": …, "branch": …, "commit": …}: a pull request, with GitHub's example
                for all other fields
/_fake/state    answers comments, deployments, statuses, checks and violations
"""

import argparse
import json
from pathlib import Path
from typing import Any

import httpx

from .. import headers
from . import Fake, Fault, Installation, State
from .server import Control, server

_LEVELS = {
    "checks": "write",
    "contents": "read",
    "deployments": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.github.fake")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--secret", default="", help="signs webhooks")
    parser.add_argument("--webhook-url", default="", help="where webhooks are sent")
    parser.add_argument("--token", default="ghp_fake", help="a person's token that is taken")
    parser.add_argument("--app-id", default="4711")
    parser.add_argument("--public-key", type=Path, help="PEM that the App's JWTs are checked with")
    parser.add_argument("--repository", action="append", default=[], metavar="OWNER/NAME")
    given = parser.parse_args()
    key = given.public_key.read_text() if given.public_key else ""
    state = State(given.app_id, key, personal_token=given.token)
    for place, name in enumerate(given.repository):
        state.installations[name] = Installation(11 + place, dict(_LEVELS))
    fake = Fake(state)
    made = server(fake, given.port, control(fake, given.webhook_url, given.secret))
    print(f"GitHub's fake listens at {fake.url}", flush=True)
    made.serve_forever()


def control(fake: Fake, webhook_url: str, secret: str) -> Control:
    def act(path: str, body: dict[str, Any]) -> Any:
        if path == "/_fake/fault":
            fake.faults.append(Fault(**body))
            return {}
        if path == "/_fake/pull":
            return fake.state.add_pull(**body)
        if path == "/_fake/webhook":
            content = json.dumps(body["payload"]).encode()
            signed = headers(body["event"], content, secret)
            sent = httpx.post(webhook_url, content=content, headers=signed, timeout=10)
            return {"status": sent.status_code, "guid": signed["X-GitHub-Delivery"]}
        return _shown(fake)

    return act


def _shown(fake: Fake) -> dict[str, Any]:
    state = fake.state
    return {
        "comments": list(state.comments.values()),
        "deployments": list(state.deployments.values()),
        "statuses": state.statuses,
        "checks": list(state.checks.values()),
        "commit_statuses": state.commit_statuses,
        "violations": fake.violations,
    }


if __name__ == "__main__":
    main()
