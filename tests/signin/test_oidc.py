"""Signing in at an OpenID Connect provider, and becoming somebody else there."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client

from dashboard.access import Role, role_of
from tests.dashboard.rows import a_person

from .conftest import Issuer, Use


@pytest.fixture(autouse=True)
def okta(db: None, use: Use, issuer: Issuer) -> None:
    mapping = {"okta:sre": "admin", "okta:dev": "deployer", "okta:everybody": "viewer"}
    use(oidc_providers=[issuer.setting()], role_mapping=mapping)


def _role(name: str) -> Role | None:
    return role_of(User.objects.get(username=name))


def test_a_group_gives_its_role(issuer: Issuer) -> None:
    issuer.tell("1", preferred_username="mika", groups=["dev", "everybody", "football"])
    client = Client()
    answer = issuer.sign_in(client, "1")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    assert _role("mika") is Role.DEPLOYER
    assert not User.objects.get().has_usable_password()


def test_each_sign_in_sets_the_role_anew_and_takes_it_away(issuer: Issuer) -> None:
    for groups, role in ([["dev"], Role.DEPLOYER], [["sre"], Role.ADMIN], [["everybody"], 1]):
        issuer.tell("1", preferred_username="mika", groups=groups)
        issuer.sign_in(Client(), "1")
        assert _role("mika") == role
    issuer.tell("1", preferred_username="mika", groups=["football"])
    answer = issuer.sign_in(Client(), "1")
    assert (answer.status_code, _role("mika")) == (403, None)


@pytest.mark.parametrize("process", ["login", "anything", "signup"])
def test_no_way_in_goes_past_the_mapping(issuer: Issuer, process: str) -> None:
    issuer.tell("1", preferred_username="mika", groups=["dev"])
    issuer.sign_in(Client(), "1")
    issuer.tell("1", groups=[])
    client = Client()
    assert issuer.sign_in(client, "1", process=process).status_code == 403
    assert _role("mika") is None


def test_a_role_given_by_hand_stays(issuer: Issuer) -> None:
    issuer.tell("1", preferred_username="mika", groups=["dev"])
    issuer.sign_in(Client(), "1")
    call_command("user", "ensure", "mika", "--role", "deployer")
    issuer.tell("1", groups=[])
    assert issuer.sign_in(Client(), "1").status_code == 302
    assert _role("mika") is Role.DEPLOYER


def test_a_mapped_role_that_was_there_by_hand_is_not_taken_away(issuer: Issuer) -> None:
    issuer.tell("1", preferred_username="mika", groups=["dev"])
    issuer.sign_in(Client(), "1")
    User.objects.get().groups.set([Group.objects.get_or_create(name="admin")[0]])
    issuer.tell("1", groups=["everybody"])
    issuer.sign_in(Client(), "1")
    assert _role("mika") is Role.ADMIN


def test_nothing_that_gives_a_role_is_a_page_that_says_what_to_do(issuer: Issuer) -> None:
    issuer.tell("1", email="mika@acme.example", email_verified=True, groups=["football"])
    client = Client()
    answer = issuer.sign_in(client, "1")
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "Ask an administrator" in text
    assert "football" in text
    assert not User.objects.exists()
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "mika@acme.example", "email_verified": True}, 302),
        ({"email": "mika@ACME.example", "email_verified": True}, 302),
        ({"email": "mika@acme.example", "email_verified": False}, 403),
        ({"email": "mika@acme.example"}, 403),
        ({"email": "mika@acme.example.evil.example", "email_verified": True}, 403),
        ({"email": "mika@evil.example@acme.example", "email_verified": True}, 403),
        ({"email": ["mika@acme.example"] * 2, "email_verified": 1}, 403),
    ],
)
def test_only_a_verified_address_of_the_domain_counts(
    use: Use, issuer: Issuer, claims: dict[str, object], status: int
) -> None:
    use(allowed_email_domains=["acme.example"], role_mapping={})
    issuer.tell("7", **claims)
    assert issuer.sign_in(Client(), "7").status_code == status


def test_cve_2025_65431_the_same_name_or_address_is_not_the_same_person(
    issuer: Issuer,
) -> None:
    """In allauth before 65.13, Okta's and NetIQ's people were known by preferred_username."""
    admin = a_person("admin", "boss")
    admin.email = "boss@acme.example"
    admin.save()
    claims = {"preferred_username": "boss", "email": "boss@acme.example", "email_verified": True}
    issuer.tell("1", groups=["everybody"], **claims)
    issuer.tell("2", groups=["everybody"], **claims)
    for sub in ("1", "2"):
        client = Client()
        assert issuer.sign_in(client, sub).status_code == 302
        assert client.session["_auth_user_id"] != str(admin.pk)
    assert User.objects.count() == 3
    assert role_of(User.objects.get(pk=admin.pk)) is Role.ADMIN
    assert [role_of(each) for each in User.objects.exclude(pk=admin.pk)] == [Role.VIEWER] * 2


def test_a_person_who_is_renamed_stays_the_same(issuer: Issuer) -> None:
    issuer.tell("1", preferred_username="mika", email="mika@acme.example", groups=["dev"])
    issuer.sign_in(Client(), "1")
    issuer.tell("1", preferred_username="miku", email="miku@acme.example", groups=["dev"])
    issuer.sign_in(Client(), "1")
    assert SocialAccount.objects.count() == User.objects.count() == 1


def test_the_same_subject_at_another_issuer_is_somebody_else(
    use: Use, issuer: Issuer, other_issuer: Issuer
) -> None:
    """Also where the second issuer takes the place of the first one, under its id."""
    both = [issuer.setting(), other_issuer.setting("entra")]
    use(oidc_providers=both, role_mapping={"okta:dev": "admin", "entra:dev": "viewer"})
    for each in (issuer, other_issuer):
        each.tell("1", preferred_username="mika", groups=["dev"])
    issuer.sign_in(Client(), "1")
    other_issuer.sign_in(Client(), "1", "entra")
    use(oidc_providers=[other_issuer.setting("okta")])
    other_issuer.sign_in(Client(), "1", "okta")
    assert User.objects.count() == 3


def test_a_provider_that_calls_itself_otherwise_is_not_believed(
    use: Use, issuer: Issuer, other_issuer: Issuer
) -> None:
    setting = issuer.setting().model_copy(update={"issuer": f"{issuer.url}/"})
    use(oidc_providers=[setting])
    issuer.tell("1", groups=["dev"])
    assert issuer.sign_in(Client(), "1").status_code == 403
    assert not User.objects.exists()


def test_an_answer_that_nobody_asked_for_signs_nobody_in(issuer: Issuer) -> None:
    """Login CSRF: the state belongs to the browser that began."""
    began = Client().post("/sign-in/oidc/okta")
    state = began["Location"].partition("state=")[2].partition("&")[0]
    stranger = Client()
    answer = stranger.get(f"/sign-in/oidc/okta/callback?code=1&state={state}")
    assert answer.status_code == 403
    assert "_auth_user_id" not in stranger.session


def test_the_way_to_a_provider_begins_by_a_form_only(issuer: Issuer) -> None:
    assert "Sign in with okta" in Client().get("/sign-in/oidc/okta").content.decode()
    assert Client(enforce_csrf_checks=True).post("/sign-in/oidc/okta").status_code == 403


def test_an_unknown_provider_is_not_found() -> None:
    assert Client().post("/sign-in/oidc/evil").status_code == 404


def test_an_account_is_connected_by_its_own_person_only(issuer: Issuer) -> None:
    issuer.tell("1", preferred_username="mika", groups=["dev"])
    client = Client()
    person = a_person("viewer")
    client.post("/sign-in", {"login": "mika", "password": "leaves"})
    assert issuer.sign_in(client, "1", process="connect")["Location"].startswith("/me/confirm")
    client.post("/me/confirm", {"password": "leaves"})
    issuer.sign_in(client, "1", process="connect")
    assert SocialAccount.objects.get().user == person
    page = client.get("/me/connections").content.decode()
    assert "Disconnect okta" in page
    # Somebody else cannot take it over.
    other = Client()
    a_person("viewer", "vera")
    other.post("/sign-in", {"login": "vera", "password": "leaves"})
    other.post("/me/confirm", {"password": "leaves"})
    issuer.sign_in(other, "1", process="connect")
    assert SocialAccount.objects.get().user == person


def test_who_has_no_password_is_told_that_the_provider_asks_for_the_second_factor(
    issuer: Issuer,
) -> None:
    issuer.tell("1", preferred_username="mika", groups=["dev"])
    client = Client()
    issuer.sign_in(client, "1")
    page = client.get("/me/second-factor").content.decode()
    assert "the provider where you sign in asks for a second factor" in page
    assert "your password alone" not in page
    # Nothing could confirm that it is them, so it is not offered.
    assert "/me/second-factor/app" not in page
    assert client.get("/me/second-factor/app").status_code == 403


def test_an_app_from_when_there_was_a_password_is_asked_for_after_the_provider(
    issuer: Issuer,
) -> None:
    issuer.tell("1", preferred_username="mika", groups=["dev"])
    client = Client()
    issuer.sign_in(client, "1")
    TOTP.activate(User.objects.get(username="mika"), generate_totp_secret())
    page = client.get("/me/second-factor").content.decode()
    assert "after your provider has let you in, Edaha asks for a code" in page
    again = Client()
    assert issuer.sign_in(again, "1")["Location"].startswith("/sign-in/code")
    assert again.get("/").status_code == 302
