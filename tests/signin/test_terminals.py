"""`edaha login`: a terminal asks, its person lets it in, and it may do what the person may."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.access import EVERYTHING, Role
from dashboard.models import Membership, Terminal, TerminalRequest
from dashboard.terminals import asking, holding
from deployments.models import AuditEntry, Repository
from tests.dashboard.rows import a_branch, a_person, a_repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def mika() -> Client:
    client = Client()
    client.force_login(a_person("deployer", "mika"))
    return client


def ask(name: str = "laptop") -> dict[str, Any]:
    answer: dict[str, Any] = Client().post("/terminal/begin", {"name": name}).json()
    return answer


def fetch(asked: dict[str, Any]) -> Any:
    return Client().post("/terminal/redeem", {"device_code": asked["device_code"]})


def let_in(person: Client, asked: dict[str, Any], **more: str) -> Any:
    form = {"code": asked["user_code"], "answer": "allow", "days": "7"} | more
    return person.post("/terminal/decided", form, follow=True)


def get(token: str, path: str = "/branches") -> Any:
    return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


def test_the_whole_way(mika: Client) -> None:
    a_branch()
    asked = ask("mika's laptop")
    assert fetch(asked).json() == {"error": "authorization_pending"}
    page = mika.get("/terminal", {"code": asked["user_code"]}).content.decode()
    assert asked["user_code"] in page
    assert "mika&#x27;s laptop" in page
    assert "127.0.0.1" in page
    done = let_in(mika, asked)
    assert "mika&#x27;s laptop is signed in" in done.content.decode()
    given = fetch(asked).json()
    assert given["person"] == "mika"
    assert len(get(given["access_token"]).json()) == 1
    row = Terminal.objects.get()
    assert timedelta(days=6) < row.expires_at - timezone.now() <= timedelta(days=7)
    assert given["access_token"] not in str(vars(row))
    assert row.last_used_at


def test_what_is_done_there_is_noted_as_the_persons(mika: Client) -> None:
    branch = a_branch()
    asked = ask()
    let_in(mika, asked)
    bearer = {"Authorization": f"Bearer {fetch(asked).json()['access_token']}"}
    assert Client().put(f"/api/v1/branches/{branch.pk}/pin", headers=bearer).status_code == 200
    actors = dict(AuditEntry.objects.values_list("action", "actor"))
    assert actors["terminal.allow"] == "mika"
    assert actors["preview.pin"] == "mika in a terminal (API)"


def test_who_refuses_lets_nobody_in(mika: Client) -> None:
    asked = ask()
    page = let_in(mika, asked, answer="refuse").content.decode()
    assert "laptop was not let in." in page
    assert fetch(asked).json() == {"error": "access_denied"}
    assert not Terminal.objects.exists()
    assert AuditEntry.objects.filter(action="terminal.refuse", actor="mika").exists()


def test_a_code_is_understood_as_people_type_it(mika: Client) -> None:
    code = ask()["user_code"]
    for typed in (code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert code in mika.get("/terminal", {"code": typed}).content.decode()


def test_one_signs_out_from_the_terminal_or_from_the_page(mika: Client) -> None:
    tokens = []
    for name in ("laptop", "desktop"):
        asked = ask(name)
        let_in(mika, asked)
        tokens.append(fetch(asked).json()["access_token"])
    assert "desktop" in mika.get("/me").content.decode()
    bearer = {"Authorization": f"Bearer {tokens[0]}"}
    assert Client().post("/terminal/leave", headers=bearer).status_code == 204
    assert get(tokens[0]).status_code == 401
    mika.post(f"/terminals/{Terminal.objects.get().pk}/end")
    assert get(tokens[1]).status_code == 401
    assert AuditEntry.objects.filter(action="terminal.end", actor="mika").count() == 2
    assert "laptop" not in mika.get("/me").content.decode()


def a_terminal_of(role: str | None) -> Terminal:
    user = a_person(role, "vera")
    ends = timezone.now() + timedelta(days=1)
    return Terminal.objects.create(user=user, name="laptop", digest="0", expires_at=ends)


def test_it_may_what_its_person_may_at_that_moment() -> None:
    shop, secret = a_repository(), a_repository("acme/secret")
    Repository.objects.filter(pk=secret.pk).update(is_private=True)
    terminal = a_terminal_of("viewer")
    access = holding.access_by(terminal)
    assert (access.inside(shop.pk), access.inside(secret.pk)) == (Role.VIEWER, None)
    Membership.objects.create(user=terminal.user, repository=secret, role="admin")
    access = holding.access_by(Terminal.objects.get())
    assert (access.inside(shop.pk), access.inside(secret.pk)) == (Role.VIEWER, Role.DEPLOYER)
    Membership.objects.all().delete()
    assert holding.access_by(Terminal.objects.get()).inside(secret.pk) is None


def test_an_administrator_sees_everything_and_administers_nothing() -> None:
    shop, secret = a_repository(), a_repository("acme/secret")
    Repository.objects.filter(pk=secret.pk).update(is_private=True)
    access = holding.access_by(a_terminal_of("admin"))
    assert access.inside(shop.pk) == access.inside(secret.pk) == Role.DEPLOYER
    assert access.highest == Role.DEPLOYER
    assert access.visible(Repository.objects.all()).count() == 2
    assert access.sight != EVERYTHING or access.role != Role.ADMIN


def test_questions_are_forgotten_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    a_terminal_of("viewer")
    ask()
    for rows in (TerminalRequest.objects, Terminal.objects):
        rows.update(expires_at=timezone.now() - timedelta(seconds=1))
    ask()
    assert (TerminalRequest.objects.count(), Terminal.objects.count()) == (1, 0)
    monkeypatch.setattr(asking, "MOST", 1)
    answer = Client().post("/terminal/begin", {"name": "one more"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
