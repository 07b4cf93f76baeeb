"""The guided set-up: to GitHub with a manifest, and back with an App that works."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from deployments import connecting
from deployments.adapters.github import permissions
from deployments.models import AuditEntry, GitHubApp, Repository
from deployments.secrets import key_id, key_ids_for
from tests.dashboard.rows import a_person
from tests.github.fake import Fake
from tests.github.product import configured, private_key

CONVERSION = "POST /app-manifests/{code}/conversions"


def made(**changed: Any) -> dict[str, Any]:
    """What the App has, beside GitHub's example, that is made of a manifest."""
    return {
        "slug": "edaha-acme",
        "name": "Edaha acme",
        "html_url": "https://github.com/apps/edaha-acme",
        "client_secret": "clientSesame",
        "webhook_secret": "hookSesame",
        "pem": private_key(),
        "permissions": permissions.NEEDED,
        "events": permissions.EVENTS,
    } | changed


@pytest.fixture
def set_up(hub: Fake) -> Any:
    """No App is named by the settings; GitHub makes one of any manifest."""
    hub.state.manifest_codes["c0de"] = made()
    with configured(github_app_id="", base_url="https://edaha.example.com"):
        yield hub


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(a_person("admin", "ada"))
    return client


def form_of(page: str) -> tuple[str, dict[str, Any]]:
    """Where the manifest goes, and the manifest."""
    action = re.search(r'<form[^>]* action="([^"]*settings/apps/new[^"]*)"', page)
    manifest = re.search(r'name="manifest"\s+value="([^"]*)"', page)
    assert action
    assert manifest
    return unescape(action[1]), json.loads(unescape(manifest[1]))


def begin(client: Client, **given: str) -> tuple[str, dict[str, Any], Any]:
    answer: Any = client.get("/github/begin", {"kind": "organization", "account": "acme"} | given)
    assert answer.status_code == 200, answer.content
    return *form_of(answer.content.decode()), answer


def state_of(address: str) -> str:
    return address.partition("?state=")[2].replace("%3A", ":")


def come_back(client: Client, state: str, code: str = "c0de") -> str:
    answer: Any = client.get("/github/made", {"code": code, "state": state}, follow=True)
    assert answer.redirect_chain == [("/github", 302)]
    return answer.content.decode()  # type: ignore[no-any-return]


def test_the_manifest_asks_for_the_least(set_up: Fake, admin: Client) -> None:
    address, manifest, answer = begin(admin)
    assert address.startswith("https://github.com/organizations/acme/settings/apps/new?state=")
    assert manifest["default_permissions"] == permissions.NEEDED
    assert "administration" not in manifest["default_permissions"]
    assert manifest["public"] is False
    assert manifest["hook_attributes"]["url"] == "https://edaha.example.com/webhooks/github"
    assert manifest["redirect_url"] == "https://edaha.example.com/github/made"
    assert len(manifest["name"]) <= 34
    policy = answer["Content-Security-Policy"]
    assert "form-action 'self' https://github.com" in policy
    assert "https://github.com" not in admin.get("/github")["Content-Security-Policy"]


def test_it_may_be_a_persons_own(set_up: Fake, admin: Client) -> None:
    address, *_ = begin(admin, kind="personal", account="ignored")
    assert address.startswith("https://github.com/settings/apps/new?state=")


@pytest.mark.parametrize("account", ["", "a/b", "-x", "x" * 40, "a?b", "../x"])
def test_an_organisation_that_is_none_is_told(set_up: Fake, admin: Client, account: str) -> None:
    answer = admin.get("/github/begin", {"kind": "organization", "account": account})
    assert b'role="alert"' in answer.content
    assert b"settings/apps/new" not in answer.content


def test_a_github_of_the_companys_own(set_up: Fake, admin: Client) -> None:
    with configured(github_app_id="", github_url="https://git.acme.example/"):
        address, _, answer = begin(admin)
    assert address.startswith("https://git.acme.example/organizations/acme/settings/apps/new?")
    assert "https://git.acme.example" in answer["Content-Security-Policy"]


def test_the_app_is_kept_and_works_at_once(set_up: Fake, admin: Client, shop: Repository) -> None:
    address, *_ = begin(admin)
    page = come_back(admin, state_of(address))
    app = GitHubApp.objects.get()
    assert (app.app_id, app.slug, app.made_by) == (4711, "edaha-acme", "ada")
    assert app.webhook_secret() == "hookSesame"
    assert "https://github.com/apps/edaha-acme/installations/new" in page
    assert connecting.hears_of(shop)
    assert key_id("hookSesame") in key_ids_for(shop)
    stored = str(GitHubApp.objects.values().get()) + page + str(list(AuditEntry.objects.values()))
    assert "Sesame" not in stored
    assert "PRIVATE KEY" not in stored
    assert AuditEntry.objects.filter(action="github.connect", actor="ada").count() == 1


def test_a_code_is_taken_only_with_the_state_of_this_session(set_up: Fake, admin: Client) -> None:
    other = Client()
    other.force_login(a_person("admin", "eve"))
    theirs = state_of(begin(other)[0])
    ours = state_of(begin(admin)[0])
    for state in ("", "x", theirs, ours[:-1] + ("A" if ours[-1] != "A" else "B")):
        assert "was not expected here" in come_back(admin, state)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert "was not expected here" in come_back(admin, ours)
    assert "was not expected here" in come_back(admin, ours, code="../../x")
    assert not GitHubApp.objects.exists()
    assert set_up.count(CONVERSION) == 0


def test_a_state_is_good_once(set_up: Fake, admin: Client) -> None:
    state = state_of(begin(admin)[0])
    come_back(admin, state)
    assert "was not expected here" in come_back(admin, state)
    assert set_up.count(CONVERSION) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, None), "GitHub shows no"),
        ((422, None), "GitHub does not take"),
        ((201, {"id": 1, "pem": "SesameKey"}), "something is missing in it"),
    ],
)
def test_what_github_refuses_is_told(set_up: Fake, admin: Client, answer: Any, said: str) -> None:
    set_up.refuse("/app-manifests/", *answer)
    page = come_back(admin, state_of(begin(admin)[0]))
    assert said in page
    assert "Sesame" not in page
    assert not GitHubApp.objects.exists()


def look(hub: Fake, admin: Client) -> str:
    """The part of the page that GitHub is asked for; the App reaches two repositories."""
    for name in ("acme/shop", "acme/api"):
        hub.state.installations[name] = hub.state.installations["acme/shop"]
        hub.state.repositories[name] = {"default_branch": "trunk", "private": True}
    hub.limits.leave("installation 11", 4322)
    return admin.get("/github/seen").content.decode()


def test_the_page_shows_what_the_app_reaches(hub: Fake, admin: Client, shop: Repository) -> None:
    Repository.objects.create(full_name="acme/old", clone_url="https://github.com/acme/old")
    page = look(hub, admin)
    assert f'href="/repositories/{shop.pk}"' in page
    assert "4321 of 5000 requests are left" in page
    assert "Not reached by the App" in page
    assert "acme/old" in page
    assert "Permissions are missing" not in page
    link = re.search(r'href="(/repositories/add\?[^"]*)"', page)
    assert link
    form = admin.get(unescape(link[1])).content.decode()
    for value in ("acme/api", "https://github.com/acme/api.git", "trunk"):
        assert f'value="{value}"' in form
    assert re.search(r'name="is_private"[^>]*checked', form)


def test_what_is_missing_is_told(hub: Fake, admin: Client) -> None:
    granted = {name: level for name, level in permissions.NEEDED.items() if name != "checks"}
    hub.state.installations["acme/shop"].permissions = granted | {"issues": "read"}
    page = look(hub, admin)
    assert "checks: write" in page
    assert "issues: write" in page
    assert "contents: read" not in page


def test_a_suspended_installation_is_told(hub: Fake, admin: Client) -> None:
    hub.state.installations["acme/shop"].suspended_at = "2026-11-28T00:00:00Z"
    page = look(hub, admin)
    assert "Suspended" in page
    assert hub.count("GET /installation/repositories") == 0


def test_a_github_that_is_away_is_told(hub: Fake, admin: Client) -> None:
    hub.refuse("GET /app/installations", 503)
    page = admin.get("/github/seen").content.decode()
    assert "GitHub answered 503" in page


def test_a_repository_that_the_app_tells_of_needs_no_webhook(hub: Fake, admin: Client) -> None:
    from tests.dashboard.test_repositories import values

    with configured(
        github_app_id="4711", github_app_private_key=private_key(), webhook_secret="of the App"
    ):
        page = admin.post("/repositories/add", values(), follow=True).content.decode()
    assert Repository.objects.get().webhook_secret == ""
    assert "it needs none of its own" in page


def test_forgetting_it_ends_what_it_signs(set_up: Fake, admin: Client, shop: Repository) -> None:
    come_back(admin, state_of(begin(admin)[0]))
    assert "Forget Edaha acme?" in admin.get("/github/forget").content.decode()
    admin.post("/github/forget")
    assert not GitHubApp.objects.exists()
    assert key_ids_for(shop) == set()
    assert AuditEntry.objects.filter(action="github.forget").count() == 1
