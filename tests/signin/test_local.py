"""Local accounts: sessions, second factors, guessing, and ways out of the site."""

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from deployments.config import config
from tests.dashboard.rows import a_person

from .conftest import Use


def sign_in(client: Client, password: str = "leaves", name: str = "mika", **more: Any) -> Any:
    return client.post("/sign-in", {"login": name, "password": password} | more)


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def set_up(client: Client) -> str:
    """Turn an authenticator app on; its secret."""
    client.post("/me/confirm", {"password": "leaves"})
    page = client.get("/me/second-factor/app")
    secret: str = page.context["form"].secret
    answer = client.post("/me/second-factor/app", {"code": code_of(secret)})
    assert answer["Location"] == "/me/second-factor/codes", answer.content
    return secret


def test_a_name_and_its_password_sign_in_with_a_new_session_key(db: None) -> None:
    a_person()
    client = Client()
    client.get("/sign-in")
    session = client.session
    session["planted"] = 1
    session.save()
    before = session.session_key
    assert before is not None
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    assert sign_in(client)["Location"] == "/"
    assert client.session.session_key != before
    assert not Client().session.exists(before)


@pytest.mark.parametrize("name", ["mika", "nobody"])
def test_wrong_names_and_wrong_passwords_get_the_same_answer(db: None, name: str) -> None:
    a_person()
    answer = sign_in(Client(), "wrong", name)
    assert answer.status_code == 200
    assert "do not go together" in answer.content.decode()


def test_an_unknown_name_takes_the_time_of_a_password(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = User.set_password

    def set_password(self: User, raw: str) -> None:
        hashed.append(raw)
        real(self, raw)

    monkeypatch.setattr(User, "set_password", set_password)
    sign_in(Client(), "wrong", "nobody")
    assert hashed == ["wrong"]


def test_guessing_one_persons_password_ends_after_five_tries(db: None) -> None:
    a_person()
    answers = [sign_in(Client(), f"wrong {each}").content.decode() for each in range(6)]
    assert "do not go together" in answers[4]
    assert "Too many tries" in answers[5]
    assert "Too many tries" in sign_in(Client()).content.decode()
    later = timezone.now() + timedelta(minutes=6)
    with time_machine.travel(later):
        assert sign_in(Client()).status_code == 302


def test_guessing_names_from_one_address_ends(db: None) -> None:
    answers = [sign_in(Client(), "x", f"name{each}").content.decode() for each in range(21)]
    assert "do not go together" in answers[19]
    assert "Too many tries" in answers[20]


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "///x.y"],
)
def test_nobody_is_led_out_of_the_site(db: None, address: str) -> None:
    a_person()
    assert sign_in(Client(), next=address)["Location"] == "/"
    client = Client()
    sign_in(client)
    assert client.get(f"/sign-in?next={address}")["Location"] == "/"
    assert client.post("/sign-out", {"next": address})["Location"] == "/sign-in"


def test_the_way_back_inside_is_kept(db: None) -> None:
    a_person()
    assert sign_in(Client(), next="/overview?days=7")["Location"] == "/overview?days=7"


def test_a_session_ends_however_busy_it_is(db: None) -> None:
    a_person()
    client = Client()
    sign_in(client)
    began = timezone.now()
    for hours in (5, 11):
        with time_machine.travel(began + timedelta(hours=hours)):
            assert client.get("/").status_code == 200
            session = client.session
            session["busy"] = hours
            session.save()
    with time_machine.travel(began + timedelta(hours=config().session_hours, minutes=1)):
        assert client.get("/").status_code == 302


def test_a_new_password_signs_every_other_browser_out(db: None) -> None:
    a_person()
    here, there = Client(), Client()
    sign_in(here)
    sign_in(there)
    new = "a much longer password"
    form = {"oldpassword": "leaves", "password1": new, "password2": new}
    assert here.post("/me/password", form).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert sign_in(Client(), new).status_code == 302


@pytest.mark.parametrize("path", ["/sign-up", "/signup", "/accounts/signup/", "/password/reset/"])
def test_nobody_makes_an_account_or_resets_a_password(db: None, path: str) -> None:
    assert Client().get(path).status_code == 404


def test_a_second_factor_is_asked_for_and_its_codes_count_once(db: None) -> None:
    a_person()
    client = Client()
    sign_in(client)
    secret = set_up(client)
    codes = client.get("/me/second-factor/codes").context["unused_codes"]
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored

    begun = Client()
    assert sign_in(begun)["Location"] == "/sign-in/code"
    assert begun.get("/").status_code == 302
    assert "Enter your code" in begun.get("/sign-in/code").content.decode()
    assert begun.post("/sign-in/code", {"code": "000000"}).status_code == 200
    with time_machine.travel(time.time() + 31):
        now = code_of(secret)
        assert begun.post("/sign-in/code", {"code": now})["Location"] == "/"
        assert begun.get("/").status_code == 200
        replayed = Client()
        sign_in(replayed)
        assert replayed.post("/sign-in/code", {"code": now}).status_code == 200
        recovered = Client()
        sign_in(recovered)
        assert recovered.post("/sign-in/code", {"code": codes[0]})["Location"] == "/"
        again = Client()
        sign_in(again)
        assert again.post("/sign-in/code", {"code": codes[0]}).status_code == 200


def test_who_needs_a_second_factor_sees_nothing_before(db: None, use: Use) -> None:
    use(mfa_required="deployer")
    a_person("deployer")
    a_person("viewer", "vera")
    other = Client()
    sign_in(other, name="vera")
    assert other.get("/").status_code == 200
    client = Client()
    sign_in(client)
    for path in ("/", "/me", "/overview", "/me/password", "/me/connections"):
        assert client.get(path)["Location"] == "/me/second-factor/app"
    set_up(client)
    assert client.get("/").status_code == 200
    # Whoever removes it is back where they were.
    client.post("/me/second-factor/app/remove")
    assert client.get("/")["Location"] == "/me/second-factor/app"


def test_the_second_factor_is_not_removed_by_who_only_has_the_browser(db: None) -> None:
    a_person()
    client = Client()
    sign_in(client)
    set_up(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        answer = client.post("/me/second-factor/app/remove")
        assert answer["Location"].startswith("/me/confirm")
    assert Authenticator.objects.filter(type="totp").exists()


@pytest.mark.parametrize(
    "path",
    [
        "/me/password",
        "/me/second-factor",
        "/me/second-factor/codes/new",
        "/me/second-factor/app/remove",
        "/me/connections",
        "/me/confirm",
        "/me/confirm/code",
        "/sign-in/inactive",
        "/me/password/none",
    ],
)
def test_the_pages_have_edahas_look(db: None, path: str) -> None:
    a_person()
    client = Client()
    sign_in(client)
    set_up(client)
    page = client.get(path)
    assert page.status_code in (200, 404)
    assert 'href="/static/app.css"' in page.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in/github",
        "/sign-in/github/callback",
        "/sign-in/oidc/no",
        "/sign-in/oidc/no/callback",
    ],
)
def test_a_way_that_is_not_set_up_does_not_exist(db: None, path: str) -> None:
    assert Client().get(path).status_code == 404
    assert Client().post(path).status_code in (404, 405)
