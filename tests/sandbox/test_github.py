"""The sandbox's webhooks have the shape of GitHub's published examples."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import github

EXAMPLES = json.loads((Path(__file__).parents[1] / "github/examples.json").read_text())
REPOSITORY = github.Repository("edaha/sample", "/srv/sample.git")
PULL_REQUEST = github.PullRequest(REPOSITORY, 3, "idea", "a" * 40, "An idea", "octocat")
SENT = {
    "push": github.push(REPOSITORY, "main", "b" * 40, "c" * 40, sender="octocat"),
    "create": github.create(REPOSITORY, "idea", sender="octocat"),
    "delete": github.delete(REPOSITORY, "idea", sender="octocat"),
    "ping": github.ping(REPOSITORY),
    **{
        f"pull_request.{action}": github.pull_request(action, PULL_REQUEST)
        for action in ("opened", "reopened", "closed", "ready_for_review", "converted_to_draft")
    },
    "pull_request.labeled": github.pull_request(
        "labeled", PULL_REQUEST.changed(labels=("preview",)), label=github.label("preview")
    ),
    "pull_request.synchronize": github.pull_request(
        "synchronize", PULL_REQUEST, before="b" * 40, after="a" * 40
    ),
}


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where ours says something that theirs does not, or with another type."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from differences(value, theirs[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is unknown to GitHub"
    elif None not in (ours, theirs) and type(ours) is not type(theirs):
        yield f"{path} is {type(ours).__name__}, not {type(theirs).__name__}"


@pytest.mark.parametrize("name", SENT)
def test_a_payload_says_what_github_says(name: str) -> None:
    assert list(differences(SENT[name], EXAMPLES[name])) == []


def test_a_fork_and_a_deleted_fork_show_in_the_head() -> None:
    fork = github.Repository("someone/sample", "/srv/fork.git", id=7)
    forked = PULL_REQUEST.changed(head_repository=fork).payload()
    gone = PULL_REQUEST.changed(from_deleted_fork=True).payload()

    assert forked["head"]["repo"]["id"] == 7 != forked["base"]["repo"]["id"]
    assert gone["head"]["repo"] is None


def test_a_delivery_is_signed_over_the_bytes_that_are_sent() -> None:
    sent = github.request("http://edaha.test/webhooks/github", "ping", SENT["ping"], "secret")

    assert isinstance(sent.data, bytes)
    signature = hmac.new(b"secret", sent.data, hashlib.sha256).hexdigest()
    assert sent.get_header("X-hub-signature-256") == f"sha256={signature}"
    assert sent.get_header("X-github-event") == "ping"
