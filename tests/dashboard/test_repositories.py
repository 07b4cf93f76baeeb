"""Repositories in the browser: added, changed, checked, forgotten."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deployments import checking
from deployments.adapters import ecs, network
from deployments.checking import Subject, Verdict
from deployments.errors import PlatformError
from deployments.models import Poll, Repository
from tests.deployments.world import Origin

from .rows import a_delivery, a_live_branch, a_person, a_repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(a_person("admin", "ada"))
    return client


def values(**changed: str) -> dict[str, str]:
    """What the form sends as it opens, and changes of it."""
    given = {
        "full_name": "acme/shop",
        "clone_url": "https://github.com/acme/shop.git",
        "default_branch": "main",
        "policy": "pull_requests",
        "forks": "approval",
        "deploy_drafts": "on",
        "report_comment": "on",
        "report_deployments": "on",
        "report_status": "check",
        "builds": "edaha",
        "definitions": "edaha.yml",
        "dockerfile": "Dockerfile",
        "context": ".",
        "platforms": "linux/amd64",
        "startup_seconds": "120",
        "cpu": "256",
        "memory": "512",
        "launch_type": "FARGATE",
    }
    return given | changed


def test_adding_one_shows_the_secret_once(admin: Client) -> None:
    page = admin.post("/repositories/add", values(), follow=True).content.decode()
    repository = Repository.objects.get()
    assert len(repository.webhook_secret) > 40
    assert repository.webhook_secret in page
    assert "/webhooks/github" in page
    assert "https://github.com/acme/shop/settings/hooks/new" in page
    again = admin.get(f"/repositories/{repository.pk}").content.decode()
    assert repository.webhook_secret not in again


def test_lists_pairs_and_times_are_written_as_people_write_them(admin: Client) -> None:
    given = values(
        policy="patterns",
        patterns="feature/*\r\nfix/*\n\n",
        environment="A=1\nB=x=y",
        expires_seconds="14d",
        max_previews="7",
    )
    admin.post("/repositories/add", given)
    repository = Repository.objects.get()
    assert repository.patterns == ["feature/*", "fix/*"]
    assert repository.environment == {"A": "1", "B": "x=y"}
    assert (repository.expires_seconds, repository.max_previews) == (14 * 86400, 7)
    page = admin.get(f"/repositories/{repository.pk}/edit").content.decode()
    for part in ("feature/*\nfix/*", "B=x=y", 'value="2w"'):
        assert part in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"full_name": "shop"}, "OWNER/NAME"),
        ({"full_name": "<script>/x"}, "OWNER/NAME"),
        ({"clone_url": "ext::sh -c id"}, "https://"),
        ({"clone_url": "https://me:token@github.com/acme/shop.git"}, "EDAHA_GITHUB_TOKEN"),
        ({"cpu": "300"}, "Fargate offers"),
        ({"port": "99999999"}, "65535"),
        ({"environment": "no pair"}, "NAME=VALUE"),
        ({"expires_seconds": "soon"}, "365d"),
        ({"policy": "patterns"}, "at least one pattern"),
        ({"platforms": "windows"}, "linux/amd64"),
        ({"max_builds": "-1"}, "0"),
        ({"context": "../.."}, "inside the repository"),
        ({"default_branch": "x" * 300}, "255"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_saved(
    admin: Client, changed: dict[str, str], said: str
) -> None:
    page = admin.post("/repositories/add", values(**changed)).content.decode()
    assert said in page
    assert "Nothing was saved yet." in page
    assert not Repository.objects.exists()


def test_a_change_keeps_what_the_form_does_not_show(admin: Client) -> None:
    repository = a_repository()
    Repository.objects.update(webhook_secret="kept")
    given = values(memory="1024")
    page = admin.post(f"/repositories/{repository.pk}/edit", given, follow=True).content.decode()
    assert "Saved." in page
    repository.refresh_from_db()
    assert (repository.memory, repository.webhook_secret) == (1024, "kept")
    again = admin.post(f"/repositories/{repository.pk}/edit", given, follow=True).content.decode()
    assert "Nothing was changed." in again


def test_a_new_secret_leaves_the_one_before_valid(admin: Client) -> None:
    repository = a_repository()
    Repository.objects.update(webhook_secret="before")
    page = admin.post(f"/repositories/{repository.pk}/secret", follow=True).content.decode()
    repository.refresh_from_db()
    assert repository.webhook_secret in page
    assert repository.webhook_secret != "before" == repository.webhook_secret_previous


def test_it_is_forgotten_when_nothing_is_left_of_it(admin: Client) -> None:
    branch = a_live_branch()
    path = f"/repositories/{branch.repository_id}/remove"
    assert "Destroy it first." in admin.get(path).content.decode()
    admin.post(path)
    assert Repository.objects.exists()
    branch.delete()
    assert "is forgotten" in admin.post(path, follow=True).content.decode()
    assert not Repository.objects.exists()


@pytest.mark.parametrize("path", ["add", "{}/edit", "{}/remove", "{}/secret"])
def test_only_administrators_change_anything(deployer: Client, path: str) -> None:
    address = f"/repositories/{path.format(a_repository().pk)}"
    assert deployer.post(address, values()).status_code == 403
    page = deployer.get(f"/repositories/{Repository.objects.get().pk}").content.decode()
    assert "Make a new secret" not in page


def test_the_first_webhook_is_waited_for(admin: Client) -> None:
    repository = a_repository()
    path = f"/repositories/{repository.pk}"
    assert "Waiting for the first one." in admin.get(path).content.decode()
    a_delivery(repository=repository, event="ping", decision="answered: the webhook works")
    page = admin.get(path).content.decode()
    assert "answered: the webhook works" in page


def test_git_is_really_asked(tmp_path: Path, deployer: Client) -> None:
    repository = a_repository()
    repository.clone_url = str(Origin(tmp_path / "origin").path)
    repository.save()
    page = deployer.get(f"/repositories/{repository.pk}/check/git").content.decode()
    assert "git reads it: 1 branches." in page and "It has the branch main." in page
    repository.default_branch = "trunk"
    repository.save()
    found = checking.check(repository, Subject.GIT)
    assert [each.verdict for each in found] == [Verdict.GOOD, Verdict.WRONG]
    repository.clone_url = str(tmp_path / "nowhere")
    assert checking.check(repository, Subject.GIT)[0].verdict == Verdict.WRONG


def test_what_cannot_be_asked_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> Any:
        raise PlatformError("AWS refused.", hint="Grant it.")

    monkeypatch.setattr(ecs, "find_cluster", refuse)
    [found] = checking.check(a_repository(), Subject.AWS)
    assert (found.verdict, found.hint) == (Verdict.DOUBTFUL, "Grant it.")


def test_networks_are_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = a_repository()
    repository.subnets = ["subnet-1"]
    monkeypatch.setattr(ecs, "find_cluster", lambda _name: None)
    monkeypatch.setattr("deployments.adapters.cloudmap.namespace_id", lambda _name: "ns")
    monkeypatch.setattr(network, "problems", lambda *_: ["There is no subnet subnet-1."])
    said = {each.message: each.verdict for each in checking.check(repository, Subject.AWS)}
    assert said["There is no ECS cluster default."] == Verdict.WRONG
    assert said["There is no subnet subnet-1."] == Verdict.WRONG


def test_an_unknown_subject_is_not_found(deployer: Client) -> None:
    assert deployer.get(f"/repositories/{a_repository().pk}/check/ftp").status_code == 404


def test_one_that_is_polled_says_how_and_what_went_wrong(admin: Client) -> None:
    plain = Repository.objects.create(full_name="acme/plain", clone_url="https://git.example/x")
    hub = Repository.objects.create(full_name="acme/hub", clone_url="https://github.com/acme/hub")
    Poll.objects.create(repository=plain, due_at=timezone.now(), problem="git <b>failed</b>")
    page = admin.get(f"/repositories/{plain.pk}").content.decode()
    assert "Its branches are looked at every 30 seconds." in page
    assert "needs no webhook" in page
    assert "git &lt;b&gt;failed&lt;/b&gt;" in page
    assert "looked at every" not in admin.get(f"/repositories/{hub.pk}").content.decode()


def test_filters_are_written_one_a_line_and_refused_at_their_field(admin: Client) -> None:
    given = values(only_with_label="on", start_label="go", paths="src/\n!*.md", bots="robo")
    admin.post("/repositories/add", given)
    repository = Repository.objects.get()
    assert repository.paths == ["src/", "!*.md"]
    assert (repository.start_label, repository.bots) == ("go", ["robo"])
    page = admin.post("/repositories/add", given | {"full_name": "a/b", "paths": "# x"})
    assert "is no pattern such as gitignore" in page.content.decode()
    assert Repository.objects.count() == 1
