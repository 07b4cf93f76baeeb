"""A push to the sample's repository becomes the webhooks that GitHub would send."""

import hashlib
import hmac
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.forge import Forge, NotDelivered
from tests.router.servers import Handler, Reply, Server, serving

SECRET = "a secret"


class Edaha:
    """Takes webhooks, checks their signature, and keeps what they say."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.status = 202
        self.server: Server

    def reply(self, request: Handler) -> Reply:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert request.headers["X-Hub-Signature-256"] == f"sha256={signature}"
        assert len(request.headers["X-GitHub-Delivery"]) == 36
        self.heard.append((request.headers["X-GitHub-Event"], json.loads(body)))
        return self.status, {}, b""

    def events(self) -> list[str]:
        return [" ".join(filter(None, (event, said.get("action")))) for event, said in self.heard]


@pytest.fixture
def edaha() -> Iterator[Edaha]:
    edaha = Edaha()
    with serving(edaha.reply) as edaha.server:
        yield edaha


@pytest.fixture
def forge(tmp_path: Path, edaha: Edaha) -> Forge:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "sample.git")
    git(tmp_path, "clone", "--quiet", "sample.git", "clone")
    commit(tmp_path, "The beginning")
    push(tmp_path, "main")
    forge = Forge(
        tmp_path, "edaha/sample", f"http://127.0.0.1:{edaha.server.port}/", SECRET, {}, []
    )
    forge.save()
    return forge


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [
            "git",
            "-c",
            "user.name=Aoi Tanaka",
            "-c",
            "user.email=aoi@example.com",
            "-c",
            "commit.gpgsign=false",
            *arguments,
        ],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder / "clone", "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder / "clone", "rev-parse", "HEAD")


def push(folder: Path, *references: str) -> None:
    git(folder / "clone", "push", "--quiet", "origin", *references)


def test_the_default_branch_has_no_pull_request(forge: Forge, edaha: Edaha) -> None:
    list(forge.sync())

    assert edaha.events() == ["create", "push"]
    assert edaha.heard[1][1]["ref"] == "refs/heads/main"
    assert edaha.heard[1][1]["head_commit"]["message"] == "The beginning"


def test_a_new_branch_opens_a_pull_request(forge: Forge, edaha: Edaha, tmp_path: Path) -> None:
    list(forge.sync())
    git(tmp_path / "clone", "switch", "--quiet", "--create", "機能/検索")
    sha = commit(tmp_path, "Add a search\n\nIt finds things.")
    push(tmp_path, "機能/検索")
    edaha.heard.clear()

    list(forge.sync())

    assert edaha.events() == ["create", "push", "pull_request opened"]
    said = edaha.heard[2][1]
    assert said["number"] == 1
    assert said["pull_request"]["title"] == "Add a search"
    assert said["pull_request"]["user"]["login"] == "aoi-tanaka"
    assert said["pull_request"]["head"]["ref"] == "機能/検索"
    assert said["pull_request"]["head"]["sha"] == sha
    assert said["pull_request"]["head"]["repo"]["id"] == said["repository"]["id"]
    assert said["repository"]["clone_url"] == str(tmp_path / "sample.git")


def test_a_push_synchronizes_and_a_deletion_closes(
    forge: Forge, edaha: Edaha, tmp_path: Path
) -> None:
    git(tmp_path / "clone", "switch", "--quiet", "--create", "idea")
    before = commit(tmp_path, "An idea")
    push(tmp_path, "idea")
    list(forge.sync())
    edaha.heard.clear()

    after = commit(tmp_path, "A better idea")
    push(tmp_path, "idea")
    list(forge.sync())
    push(tmp_path, "--delete", "idea")
    list(forge.sync())

    assert edaha.events() == [
        "push",
        "pull_request synchronize",
        "push",
        "pull_request closed",
        "delete",
    ]
    assert (edaha.heard[0][1]["before"], edaha.heard[0][1]["after"]) == (before, after)
    assert edaha.heard[2][1]["deleted"] is True
    assert edaha.heard[3][1]["pull_request"]["state"] == "closed"


def test_nothing_is_told_twice(forge: Forge, edaha: Edaha, tmp_path: Path) -> None:
    list(forge.sync())
    edaha.heard.clear()

    assert list(Forge.open(tmp_path).sync()) == []
    assert edaha.heard == []


def test_what_edaha_did_not_take_is_told_later(forge: Forge, edaha: Edaha, tmp_path: Path) -> None:
    edaha.status = 500
    with pytest.raises(NotDelivered, match="answered create with 500"):
        list(forge.sync())
    edaha.status = 202
    edaha.heard.clear()

    list(Forge.open(tmp_path).sync())

    assert edaha.events() == ["create", "push"]


def test_the_file_with_the_secret_is_its_owners_alone(forge: Forge, tmp_path: Path) -> None:
    assert (tmp_path / "forge.json").stat().st_mode & 0o777 == 0o600
