"""What somebody may try at `edaha login` (RFC 8628, 5: security considerations)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard.models import Terminal, TerminalRequest
from deployments.models import AuditEntry
from tests.dashboard.rows import a_person
from tests.signin.test_terminals import ask, fetch, get, let_in

pytestmark = pytest.mark.django_db


def a_client(name: str, role: str | None = "deployer", *, checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=checks)
    client.force_login(a_person(role, name))
    return client


def test_codes_cannot_be_tried_one_after_another() -> None:
    mallory = a_client("mallory")
    answers = [mallory.get("/terminal", {"code": f"BBBB-BBB{x}"}) for x in "BCDFGHJKLMN"]
    assert {answer.status_code for answer in answers[:10]} == {404}
    assert answers[10].status_code == 429
    asked = ask()
    assert let_in(mallory, asked).status_code == 429
    assert fetch(asked).json() == {"error": "authorization_pending"}


def test_secrets_of_terminals_cannot_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.EDAHA, "refusals_per_minute", 3)
    guesses = [Client().post("/terminal/redeem", {"device_code": str(n)}) for n in range(4)]
    assert [guess.status_code for guess in guesses] == [400, 400, 400, 429]
    assert guesses[3]["Retry-After"]


def test_nobody_fills_the_database_with_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.EDAHA, "refusals_per_minute", 3)
    assert [Client().post("/terminal/begin").status_code for _ in range(4)] == [200] * 3 + [429]
    assert TerminalRequest.objects.count() == 3


def test_a_code_alone_gives_no_token() -> None:
    asked = ask()
    let_in(a_client("mika"), asked)
    for guess in (asked["user_code"], asked["user_code"].replace("-", ""), ""):
        answer = Client().post("/terminal/redeem", {"device_code": guess})
        assert answer.json() == {"error": "expired_token"}


def test_a_token_is_given_once() -> None:
    asked = ask()
    let_in(a_client("mika"), asked)
    assert fetch(asked).status_code == 200
    assert fetch(asked).json() == {"error": "expired_token"}
    assert Terminal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_token_is_given_once_to_all_who_ask_at_the_same_time() -> None:
    asked = ask()
    let_in(a_client("mika"), asked)

    def try_it(_number: int) -> int:
        try:
            return int(fetch(asked).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(try_it, range(4)))
    assert given.count(200) == 1
    assert Terminal.objects.count() == 1


def test_a_code_is_answered_once_and_by_one_person() -> None:
    mika, mallory = a_client("mika"), a_client("mallory")
    asked = ask()
    let_in(mika, asked)
    assert let_in(mallory, asked).status_code == 404
    assert let_in(mallory, asked, answer="refuse").status_code == 404
    assert fetch(asked).json()["person"] == "mika"


def test_a_code_whose_time_is_over_lets_nobody_in() -> None:
    mika, asked = a_client("mika"), ask()
    over = timezone.now() - timedelta(seconds=1)
    TerminalRequest.objects.update(expires_at=over)
    assert let_in(mika, asked).status_code == 404
    late = ask()
    let_in(mika, late)
    TerminalRequest.objects.update(expires_at=over)
    assert fetch(late).json() == {"error": "expired_token"}
    assert not Terminal.objects.exists()


def test_a_link_alone_lets_nobody_in_and_another_site_cannot_press_the_button() -> None:
    mika, asked = a_client("mika", checks=True), ask()
    mika.get("/terminal", {"code": asked["user_code"], "answer": "allow", "days": "90"})
    answer = let_in(mika, asked)
    assert answer.status_code == 403
    assert fetch(asked).json() == {"error": "authorization_pending"}


def test_who_is_not_signed_in_or_has_no_role_lets_nobody_in() -> None:
    asked = ask()
    assert let_in(a_client("nobody", None), asked).status_code == 403
    assert Client().post("/terminal/decided", {"code": asked["user_code"]}).status_code == 302
    assert fetch(asked).json() == {"error": "authorization_pending"}


@pytest.mark.parametrize("days", ["", "0", "-1", "36500", "9" * 5000, "7; DROP", "７"])
def test_no_token_lives_longer_than_the_page_offers(days: str) -> None:
    asked = ask()
    let_in(a_client("mika"), asked, days=days)
    fetch(asked)
    assert Terminal.objects.get().expires_at <= timezone.now() + timedelta(days=30)


def test_who_is_locked_out_is_out_of_the_terminal_too() -> None:
    mika, asked = a_client("mika"), ask()
    let_in(mika, asked)
    token = fetch(asked).json()["access_token"]
    user = Terminal.objects.get().user
    user.is_active = False
    user.save()
    assert get(token).status_code == 401


def test_a_token_whose_time_is_over_opens_nothing() -> None:
    asked = ask()
    let_in(a_client("mika"), asked)
    token = fetch(asked).json()["access_token"]
    Terminal.objects.update(expires_at=timezone.now())
    assert get(token).status_code == 401


def test_an_administrators_terminal_makes_no_tokens_and_no_people() -> None:
    asked = ask()
    let_in(a_client("root", "admin"), asked)
    token = fetch(asked).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for path, body in (("/tokens", {"name": "x", "role": "admin"}), ("/people", {"name": "x"})):
        answer = Client().post(
            f"/api/v1{path}", body, content_type="application/json", headers=bearer
        )
        assert answer.status_code == 403


def test_nobody_signs_anothers_terminal_out() -> None:
    asked = ask()
    let_in(a_client("mika"), asked)
    token = fetch(asked).json()["access_token"]
    row = Terminal.objects.get()
    assert a_client("root", "admin").post(f"/terminals/{row.pk}/end").status_code == 404
    for wrong in ("", "Bearer", f"Basic {token}", "Bearer edaha_terminal_x"):
        Client().post("/terminal/leave", headers={"Authorization": wrong})
    assert get(token).status_code == 200


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\u202egnp.exe\x00\x1b[2J", "x" * 99999]
)
def test_a_machines_name_does_no_harm(name: str) -> None:
    mika, asked = a_client("mika"), ask(name)
    page: Any = mika.get("/terminal", {"code": asked["user_code"]})
    assert page.status_code == 200
    assert not [
        bad for bad in ("<script>alert", "\u202e", "\x1b", "\x00") if bad in page.content.decode()
    ]
    assert len(TerminalRequest.objects.get().name) <= 100


def test_tokens_and_secrets_are_kept_nowhere() -> None:
    asked = ask()
    let_in(a_client("mika"), asked)
    token = fetch(asked).json()["access_token"]
    rows = [*Terminal.objects.all(), *TerminalRequest.objects.all(), *AuditEntry.objects.all()]
    kept = " ".join(str(vars(row)) for row in rows)
    assert token not in kept
    assert asked["device_code"] not in kept
