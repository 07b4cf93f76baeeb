"""People, tokens and the audit log, as administrators use them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.access import Role, access_of, role_of
from dashboard.models import Membership
from deployments.models import ApiToken, AuditEntry, Subscription
from tests.access.test_every_route import GUARDED
from tests.access.test_matrix import is_endless
from tests.dashboard.rows import a_branch, a_delivery, a_deployment, a_person, a_repository


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(a_person("admin", "root"))
    return client


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def acts() -> list[str]:
    """What was done, the newest first, apart from coming in."""
    entries = AuditEntry.objects.exclude(action__startswith="person.signed")
    return list(entries.values_list("action", flat=True))


def test_a_new_person_gets_a_password_that_is_shown_once(admin: Client) -> None:
    page = admin.post("/people/add", {"name": "vera", "role": "viewer"}, follow=True)
    password = re.search(r"<code>([\w-]{16})</code>", page.content.decode())
    assert password
    assert Client().login(username="vera", password=password[1])
    assert password[1] not in admin.get("/people").content.decode()
    assert role_of(User.objects.get(username="vera")) is Role.VIEWER
    assert acts() == ["person.role", "person.add"]
    assert not any(password[1] in str(vars(entry)) for entry in AuditEntry.objects.all())


@pytest.mark.parametrize("name", ["", "two words", "root", "x" * 151, "<b>"])
def test_a_name_that_cannot_be_one_is_told(admin: Client, name: str) -> None:
    page = admin.post("/people/add", {"name": name, "role": "viewer"}, follow=True)
    assert said(page)
    assert User.objects.count() == 1


def test_a_role_is_given_and_taken(admin: Client) -> None:
    vera = a_person("viewer", "vera")
    admin.post(f"/people/{vera.pk}", {"role": "deployer"})
    assert role_of(User.objects.get(pk=vera.pk)) is Role.DEPLOYER
    admin.post(f"/people/{vera.pk}", {"role": ""})
    assert role_of(User.objects.get(pk=vera.pk)) is None
    last = AuditEntry.objects.first()
    assert last
    assert (last.actor, last.before, last.after) == ("root", {"role": "deployer"}, {"role": ""})


def test_who_is_locked_out_is_out_at_once(admin: Client) -> None:
    vera = a_person("viewer", "vera")
    theirs = Client()
    theirs.force_login(vera)
    assert theirs.get("/").status_code == 200
    admin.post(f"/people/{vera.pk}", {"is_active": "0"})
    assert theirs.get("/").status_code == 302
    admin.post(f"/people/{vera.pk}", {"is_active": "1"})
    assert theirs.get("/").status_code == 200


@pytest.mark.parametrize("form", [{"role": "viewer"}, {"role": ""}, {"is_active": "0"}])
def test_one_administrator_stays(admin: Client, form: dict[str, str]) -> None:
    root = User.objects.get(username="root")
    page = admin.post(f"/people/{root.pk}", form, follow=True)
    assert "last administrator" in said(page)
    assert role_of(User.objects.get(pk=root.pk)) is Role.ADMIN


def test_a_role_inside_one_repository(admin: Client) -> None:
    shop, vera = a_repository(), a_person(None, "vera")
    admin.post(f"/repositories/{shop.pk}/members", {"name": "vera", "role": "deployer"})
    assert access_of(User.objects.get(pk=vera.pk)).inside(shop.pk) is Role.DEPLOYER
    assert "vera" in admin.get(f"/repositories/{shop.pk}").content.decode()
    admin.post(f"/repositories/{shop.pk}/members", {"name": "vera", "role": ""})
    assert not Membership.objects.exists()
    page = admin.post(f"/repositories/{shop.pk}/members", {"name": "no", "role": ""}, follow=True)
    assert "Nobody here is called" in said(page)


def test_a_token_is_shown_once_and_works(admin: Client) -> None:
    shop = a_repository()
    form = {"name": "ci", "role": "deployer", "days": "30", "repositories": [str(shop.pk)]}
    page = admin.post("/tokens/add", form, follow=True).content.decode()
    [token] = re.findall(r"<code>(edaha_[\w-]{43})</code>", page)
    assert token not in admin.get("/tokens").content.decode()
    row = ApiToken.objects.get()
    assert row.created_by == "root"
    assert row.expires_at
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/branches", headers=headers).status_code == 200
    admin.post(f"/tokens/{row.pk}/revoke")
    assert Client().get("/api/v1/branches", headers=headers).status_code == 401
    assert acts() == ["token.revoke", "token.issue"]
    assert not any(token in str(vars(entry)) for entry in AuditEntry.objects.all())


def test_a_token_whose_time_is_over_opens_nothing(db: None) -> None:
    ends = timezone.now() - timedelta(seconds=1)
    token = ApiToken.issue("old", "admin", expires_at=ends)
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/branches", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "form", [{"name": "", "role": "viewer"}, {"name": "ci", "role": "king"}, {"name": "x" * 101}]
)
def test_a_token_that_cannot_be_one_is_told(admin: Client, form: dict[str, str]) -> None:
    assert said(admin.post("/tokens/add", form, follow=True))
    assert not ApiToken.objects.exists()


#: What changes nothing that anybody is asked about later: people's own settings, and questions.
UNAUDITED = {
    "favourite",
    "unfavourite",
    "save_preferences",
    "change_person",
    "add_person",
    "member",
    "issue_token",
    "add_repository",
    "edit_repository",
    "remove_repository",
    "revoke_token",
    # Each message has an entry in the subscription's own log.
    "test_subscription",
    "tell_subscription_again",
}


#: About something else than a plain preview: see the test below.
OF_OTHER_ROWS = {"replay", "compare", "roll_back", "rotate_secret", "approve", "reject"} | {
    "unshare",
    "make_bypass",
    "revoke_bypass",
    "rotate_subscription",
    "remove_subscription",
    "decide_terminal",
    "end_terminal",
}


def test_acts_on_other_things_are_written_down_too(admin: Client) -> None:
    fork = a_branch("pull:7", is_fork=True, waiting_commit="a" * 40, wanted_commit="")
    shop, delivery = fork.repository, a_delivery()
    hook = Subscription.objects.create(name="hook", address="https://hook.example.com", sealed="")
    for path, form, action in [
        (f"/branches/{fork.pk}/approval/refused", {"commit": "a" * 40}, "fork.reject"),
        (f"/repositories/{shop.pk}/secret", {}, "repository.change"),
        (f"/repositories/{shop.pk}/bypass", {}, "repository.make_bypass"),
        (f"/repositories/{shop.pk}/bypass/revoke", {}, "repository.revoke_bypass"),
        (f"/branches/{fork.pk}/shares", {"lasts": "1h"}, "preview.share"),
        (f"/deliveries/{delivery.pk}/replay", {}, "delivery.replay"),
        ("/system/compare", {}, "installation.compare"),
        (f"/subscriptions/{hook.pk}/secret", {}, "subscription.rotate"),
        (f"/subscriptions/{hook.pk}/remove", {}, "subscription.remove"),
    ]:
        admin.post(path, form)
        assert acts()[0] == action, path
    admin.post(f"/shares/{fork.shares.get().pk}/revoke")
    assert acts()[0] == "preview.unshare"


def test_every_act_on_a_preview_is_written_down(admin: Client) -> None:
    posts = [
        route
        for route in GUARDED
        if route.name not in UNAUDITED
        and not is_endless(route)
        and admin.get(route.path).status_code == 405
    ]
    assert len(posts) > 6
    assert {route.name for route in posts} >= {"redeploy", "destroy", "pin", "cancel", "extend"}
    for route in posts:
        if route.name in OF_OTHER_ROWS:
            continue
        before = AuditEntry.objects.count()
        branch = a_branch(f"for-{route.name}")
        deployment = a_deployment(branch, is_live=True)
        pk = deployment.pk if route.path.startswith("/deployments") else branch.pk
        form = {"generation": branch.generation, "reason": "for the record"}
        admin.post(route.path.replace("4711", str(pk)), form)
        assert AuditEntry.objects.count() == before + 1, route.name
        entry = AuditEntry.objects.first()
        assert entry
        assert (entry.actor, entry.origin) == ("root", "127.0.0.1"), route.name


def test_the_audit_log_can_be_read_searched_and_taken_away(admin: Client) -> None:
    branch = a_branch(title="<script>alert(1)</script>")
    a_deployment(branch, is_live=True)
    admin.post(f"/branches/{branch.pk}/pin", {"reason": "<img src=x>"})
    page = admin.get("/audit").content.decode()
    assert "preview.pin" in page
    assert "<img src=x>" not in page
    assert "preview.pin" in admin.get("/audit?q=root").content.decode()
    assert "preview.pin" not in admin.get("/audit?q=nobody").content.decode()
    exported = b"".join(admin.get("/audit.jsonl")).decode()
    assert '"action": "preview.pin"' in exported


class TestOpenReading:
    """Everybody who reaches the dashboard may read, where the installation says so."""

    @pytest.fixture(autouse=True)
    def _open(self, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings.EDAHA, "open_reading", True)

    def test_lists_and_pages_are_open_without_signing_in(self) -> None:
        branch = a_branch(title="Evening mode")
        page = Client().get("/").content.decode()
        assert "Evening mode" in page
        assert "/sign-in?next=" in page
        assert Client().get(f"/branches/{branch.pk}").status_code == 200

    def test_it_says_so_on_the_page(self) -> None:
        assert "Everybody may read here" in Client().get("/").content.decode()

    def test_private_repositories_stay_so(self) -> None:
        secret = a_repository("acme/secret")
        secret.is_private = True
        secret.save()
        branch = a_branch("hush", repository=secret)
        assert "hush" not in Client().get("/").content.decode()
        assert Client().get(f"/branches/{branch.pk}").status_code == 404

    @pytest.mark.parametrize("path", ["/me", "/people", "/deliveries", "/system", "/audit"])
    def test_the_rest_is_not(self, path: str) -> None:
        assert Client().get(path)["Location"].startswith("/sign-in?next=")

    def test_nothing_can_be_done(self) -> None:
        branch = a_branch()
        assert Client().post(f"/branches/{branch.pk}/pin").status_code == 302
        assert Client().post(f"/branches/{branch.pk}/favourite").status_code == 302
        assert not AuditEntry.objects.exists()
