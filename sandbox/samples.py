"""The sample application's repository: made once, registered, its pull requests opened."""

import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.forge import Forge, NotDelivered, opened
from sandbox.instance import ROOT, Instance, StartError

SOURCE = Path(__file__).resolve().parent / "sample"
FULL_NAME = "edaha/sample"
PYTHON = "3.11"  # what the wheels must run on; later versions run them too

# Branch, author's login, and the file in sample/pull_requests that makes the branch.
PULL_REQUESTS = (
    ("feature/dark-mode", "aoi-tanaka", "1-dark-mode.patch"),
    ("fix/login-typo", "mika-sato", "2-login-typo.patch"),
    ("機能/検索", "ken-yamada", "3-search.patch"),
)


def checkout(instance: Instance) -> Path:
    """The working clone that a newcomer pushes from."""
    return instance.sample / "hinode-coffee"


def make(instance: Instance) -> None:
    """Makes the repository where there is none."""
    if not (instance.sample / "forge.json").exists():
        _make(instance)
    _write_hook(instance)


def registration(instance: Instance) -> list[str]:
    """The arguments of `bin/manage repository add` for it."""
    return [
        FULL_NAME,
        "--clone-url",
        str(instance.sample / "sample.git"),
        "--webhook-secret",
        instance.webhook_secret,
    ]


def tell(instance: Instance) -> None:
    """Sends the webhooks of everything that Edaha has not been told of yet."""
    with opened(instance.sample) as forge:
        forge.url = f"http://127.0.0.1:{instance.port}/webhooks/github"
        forge.secret = instance.webhook_secret
        forge.save()
        try:
            list(forge.sync())
        except NotDelivered as error:
            raise StartError(f"the sample's webhooks: {error}") from error


def _make(instance: Instance) -> None:
    shutil.rmtree(instance.sample, ignore_errors=True)  # a first start that was cut short
    instance.sample.mkdir()
    clone, bare = checkout(instance), instance.sample / "sample.git"
    shutil.copytree(SOURCE / "main", clone)
    _download_wheels(clone)
    _git(clone, "init", "--quiet", "--initial-branch=main")
    _git(clone, "add", "--all")
    _git(
        clone,
        "-c",
        "user.name=Hana Suzuki",
        "-c",
        "user.email=hana@example.com",
        "commit",
        "--quiet",
        "--message=Open the shop",
    )
    for branch, _, patch in PULL_REQUESTS:
        _git(clone, "switch", "--quiet", "--create", branch, "main")
        _git(
            clone,
            "-c",
            "user.name=Hana Suzuki",
            "-c",
            "user.email=hana@example.com",
            "am",
            "--quiet",
            str(SOURCE / "pull_requests" / patch),
        )
    _git(instance.sample, "clone", "--quiet", "--bare", str(clone), str(bare))
    # Or else the branch that was checked out last could not be deleted there.
    _git(bare, "symbolic-ref", "HEAD", "refs/heads/main")
    _git(clone, "remote", "add", "origin", str(bare))
    _git(clone, "fetch", "--quiet")
    for branch, _, _ in PULL_REQUESTS:
        _git(clone, "branch", "--quiet", f"--set-upstream-to=origin/{branch}", branch)
    _git(clone, "switch", "--quiet", PULL_REQUESTS[0][0])
    _name_the_newcomer(clone)
    pulls = [
        {
            "number": number,
            "branch": branch,
            "title": _subject(clone, branch),
            "author": author,
            "state": "open",
        }
        for number, (branch, author, _) in enumerate(PULL_REQUESTS, start=1)
    ]
    Forge(instance.sample, FULL_NAME, "", "", heads={}, pull_requests=pulls).save()


def _download_wheels(clone: Path) -> None:
    """Dependencies lie in the repository, so that its build needs no network."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary=:all:",
            "--python-version",
            PYTHON,
            "--dest",
            str(clone / "wheels"),
            "--requirement",
            str(clone / "requirements.txt"),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise StartError("the sample's dependencies: " + done.stderr.strip().splitlines()[-1])


def _name_the_newcomer(clone: Path) -> None:
    """git refuses to commit for somebody it has no name of."""
    for key, value in (("user.name", "You"), ("user.email", "you@example.com")):
        if subprocess.run(["git", "config", "--global", key], capture_output=True).returncode:
            _git(clone, "config", key, value)


def _subject(clone: Path, branch: str) -> str:
    return _git(clone, "log", "-1", "--format=%s", branch).strip()


def _write_hook(instance: Instance) -> None:
    hook = instance.sample / "sample.git/hooks/post-receive"
    hook.write_text(
        f"#!/bin/sh\n# Tells Edaha of a push, as GitHub would.\n"
        f"cd '{ROOT}' && exec '{sys.executable}' -m sandbox.forge "
        f"'{instance.sample}'\n"
    )
    hook.chmod(0o755)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "commit.gpgsign=false", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise StartError(f"git {arguments[0]}: {lines[-1]}")
    return done.stdout
