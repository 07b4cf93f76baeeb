"""Second factors go along when the keys of everything at rest change."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from dashboard.signin import sealing
from tests.commands.test_secrets import keyed
from tests.dashboard.rows import a_person

from .test_local import set_up, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys() -> tuple[str, str]:
    return Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def client() -> Client:
    a_person()
    client = Client()
    sign_in(client)
    return client


def stored(kind: str, name: str) -> str:
    text: str = Authenticator.objects.get(type=kind).data[name]
    return text


def rotate() -> str:
    said: str = call_command("secrets", "rotate")
    return said


def test_app_and_codes_work_after_the_old_key_is_gone(
    client: Client, keys: tuple[str, str]
) -> None:
    old, new = keys
    with keyed(old):
        secret = set_up(client)
        codes = client.get("/me/second-factor/codes").context["unused_codes"]
    with keyed(new, old):
        assert rotate() == "2 re-encrypted with the first key."
    opened = Fernet(new).decrypt(stored("totp", "secret").encode()).decode()
    assert opened == secret
    with keyed(new):
        again = Client()
        sign_in(again)
        assert again.post("/sign-in/code", {"code": codes[0]})["Location"] == "/"


def test_what_was_sealed_by_its_own_key_before_is_opened_and_goes_along(
    client: Client, keys: tuple[str, str], settings: Settings
) -> None:
    secret = set_up(client)
    row = Authenticator.objects.get(type="totp")
    before = sealing._box(settings.EDAHA.secret_key)
    row.data = {"secret": before.encrypt(secret.encode()).decode()}
    row.save()
    assert sealing.open_(stored("totp", "secret")) == secret
    with keyed(keys[0]):
        rotate()
    assert Fernet(keys[0]).decrypt(stored("totp", "secret").encode()).decode() == secret
    with keyed(keys[0]):
        assert sealing.open_(stored("totp", "secret")) == secret


def test_whose_second_factor_no_key_opens_is_told(client: Client, keys: tuple[str, str]) -> None:
    with keyed(keys[0]):
        set_up(client)
    before = stored("totp", "secret")
    with keyed(keys[1]), pytest.raises(CommandError, match=r"the second factor of mika \(totp\)"):
        rotate()
    assert stored("totp", "secret") == before
    assert is_mfa_enabled(User.objects.get())
