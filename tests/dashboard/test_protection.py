"""Protected previews, asked as the router asks: who is let in, by what, and for how long."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.signing import TimestampSigner
from django.test import Client
from django.utils import timezone

from deployments import sharing
from deployments.adapters.screenshot import PICTURE_SALT
from deployments.models import Branch, Bypass, Repository, Share
from deployments.states import BranchState

from .rows import a_branch, a_live_branch, a_person, a_repository, a_service

pytestmark = pytest.mark.django_db

HOST = "feature-x.localhost"


@pytest.fixture(autouse=True)
def _protected(db: None) -> None:
    a_repository()
    Repository.objects.update(protection=Repository.Protection.MEMBERS)


@pytest.fixture
def branch() -> Branch:
    return a_live_branch()


def gate(host: str = HOST, **headers: str) -> int:
    told = {"X-Edaha-Host": host} | {f"X-Edaha-{k.title()}": v for k, v in headers.items()}
    return Client().get("/router/gate", headers=told).status_code


def door(name: str, host: str = HOST, **headers: str) -> Any:
    told = {"X-Edaha-Host": host} | {k.replace("_", "-"): v for k, v in headers.items()}
    return Client().get(f"/router/{name}", headers=told)


def code_of(client: Client, to: str = f"http://{HOST}/") -> str:
    page = client.get("/previews/enter", {"to": to}).content.decode()
    found = re.search(r"_edaha/enter\?code=([^\"]+)\"", page)
    assert found, page
    return found[1]


def cookie(response: Any) -> str:
    return str(response.cookies["edaha"].value)


@pytest.fixture(autouse=True)
def _on_http(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings.EDAHA.model_copy(update={"preview_scheme": "http"})
    monkeypatch.setattr(settings, "EDAHA", chosen)


@pytest.fixture
def entered(deployer: Client, branch: Branch) -> str:
    """The pass of a member who has come in."""
    return cookie(door("enter", X_Edaha_Code=code_of(deployer)))


def test_who_shows_nothing_is_not_let_in(branch: Branch) -> None:
    assert gate() == 401


def test_an_unprotected_preview_is_open_whatever_the_installation_says(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings.EDAHA.model_copy(update={"preview_protection": "members"})
    monkeypatch.setattr(settings, "EDAHA", chosen)
    Repository.objects.update(protection="public")
    assert gate() == 204
    Repository.objects.update(protection="")
    assert gate() == 401


def test_where_previews_are_protected_nobody_learns_which_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert gate("nobody.localhost") == 403
    chosen = settings.EDAHA.model_copy(update={"preview_protection": "members"})
    monkeypatch.setattr(settings, "EDAHA", chosen)
    assert gate("nobody.localhost") == 401


def test_what_a_protected_status_page_tells_is_not_for_everybody(deployer: Client) -> None:
    a_branch(state=BranchState.BUILDING)
    assert gate() == 401
    entered = cookie(door("enter", X_Edaha_Code=code_of(deployer)))
    assert gate(**{"pass": entered}) == 403  # the status page


def test_a_member_is_led_in_and_comes_out_where_he_wanted(deployer: Client, branch: Branch) -> None:
    code = code_of(deployer, f"http://{HOST}/a/b?c=d&e=%20f")
    answer = door("enter", X_Edaha_Code=code)
    assert (answer.status_code, answer["Location"]) == (302, "/a/b?c=d&e=%20f")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    made = answer.cookies["edaha"]
    assert (made["httponly"], made["samesite"], made["path"]) == (True, "Lax", "/")
    assert (made["domain"], made["max-age"]) == ("", 12 * 60 * 60)
    assert gate(**{"pass": made.value}) == 204


def test_with_https_the_pass_is_one_that_no_other_host_can_set(
    deployer: Client, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings.EDAHA.model_copy(update={"preview_scheme": "https"})
    monkeypatch.setattr(settings, "EDAHA", chosen)
    answer = door("enter", X_Edaha_Code=code_of(deployer, f"https://{HOST}/"))
    made = answer.cookies["__Host-edaha"]
    assert (made["secure"], made["path"], made["domain"]) == (True, "/", "")


def test_who_is_not_signed_in_does_so_first(branch: Branch) -> None:
    answer = Client().get("/previews/enter", {"to": f"http://{HOST}/"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?next=/previews/enter%3Fto%3D")


def test_who_has_no_role_is_not_led_in(branch: Branch) -> None:
    client = Client()
    client.force_login(a_person(None))
    assert client.get("/previews/enter", {"to": f"http://{HOST}/"}).status_code == 403


@pytest.mark.parametrize(
    "to",
    [
        "",
        "/",
        "http://evil.test/",
        "//evil.test/",
        "https://feature-x.localhost/",
        "http://feature-x.localhost:81/",
        "http://feature-x.localhost.evil.test/",
        "http://feature-x.localhost@evil.test/",
        "http://evil.test\\@feature-x.localhost/",
        "http://feature-x.localhost\\.evil.test/",
        "http://me@feature-x.localhost/",
        "http://a.feature-x.localhost/",
        "http://localhost/",
        "http://nobody.localhost/",
        "http://[feature-x.localhost/",
        "javascript://feature-x.localhost/%0aalert(1)",
        "http://feature-x.localhost\n.evil.test/",
    ],
)
def test_nobody_is_led_anywhere_but_to_a_preview(deployer: Client, branch: Branch, to: str) -> None:
    answer = deployer.get("/previews/enter", {"to": to})
    assert answer.status_code == 404
    assert b"http-equiv" not in answer.content


@pytest.mark.parametrize(
    "path", ["//evil.test/", "/\\evil.test", "/\\/evil.test", "/\tx", "/ü", "/" + "x" * 2100]
)
def test_a_path_that_leads_elsewhere_becomes_the_first_page(
    deployer: Client, branch: Branch, path: str
) -> None:
    code = code_of(deployer, f"http://{HOST}{path}")
    assert door("enter", X_Edaha_Code=code)["Location"] in ("/", "/x")


def test_a_code_is_good_once(deployer: Client, branch: Branch) -> None:
    code = code_of(deployer)
    assert door("enter", X_Edaha_Code=code).status_code == 302
    again = door("enter", X_Edaha_Code=code)
    assert again.status_code == 403
    assert not again.cookies
    assert "used before" in again.content.decode()
    assert code_of(deployer) != code_of(deployer)


def test_a_code_is_good_at_its_own_host_alone(deployer: Client, branch: Branch) -> None:
    a_live_branch("feature-y")
    answer = door("enter", "feature-y.localhost", X_Edaha_Code=code_of(deployer))
    assert (answer.status_code, dict(answer.cookies)) == (403, {})


def test_a_code_is_good_for_a_minute(deployer: Client, branch: Branch) -> None:
    code = code_of(deployer)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert door("enter", X_Edaha_Code=code).status_code == 403


@pytest.mark.parametrize("code", ["", "x", "a:b:c", "WyJhIl0:1:x", "x" * 5000])
def test_what_is_no_code_opens_nothing(branch: Branch, code: str) -> None:
    assert door("enter", X_Edaha_Code=code).status_code == 403


def test_a_pass_opens_no_other_preview(entered: str) -> None:
    a_live_branch("feature-y")
    assert gate("feature-y.localhost", **{"pass": entered}) == 401


def test_another_service_of_the_preview_is_protected_as_well(entered: str, branch: Branch) -> None:
    assert branch.live
    a_service(branch.live, "api")
    assert gate("api--feature-x.localhost") == 401
    assert gate("api--feature-x.localhost", **{"pass": entered}) == 401


@pytest.mark.parametrize("place", [0, 10, -20, -1])
def test_a_pass_that_was_tampered_with_opens_nothing(entered: str, place: int) -> None:
    letters = list(entered)
    letters[place] = "A" if letters[place] != "A" else "B"
    assert gate(**{"pass": "".join(letters)}) == 401


def test_a_code_is_no_pass(deployer: Client, branch: Branch) -> None:
    assert gate(**{"pass": code_of(deployer)}) == 401


def test_a_pass_ends_after_twelve_hours(entered: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=11, minutes=59)):
        assert gate(**{"pass": entered}) == 204
    with time_machine.travel(timezone.now() + timedelta(hours=12, seconds=1)):
        assert gate(**{"pass": entered}) == 401


def test_who_loses_the_role_is_out(entered: str) -> None:
    Group.objects.get(name="deployer").user_set.clear()
    assert gate(**{"pass": entered}) == 401


def test_who_may_no_longer_sign_in_is_out(entered: str) -> None:
    User.objects.update(is_active=False)
    assert gate(**{"pass": entered}) == 401


def test_a_new_password_ends_the_passes_of_before(entered: str) -> None:
    person = User.objects.get()
    person.set_password("roots")
    person.save()
    assert gate(**{"pass": entered}) == 401


def test_a_person_who_looks_is_sent_to_sign_in(branch: Branch) -> None:
    for headers in (
        {"Accept": "text/html,*/*"},
        {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document", "Accept": "*/*"},
    ):
        answer = door("refused", X_Edaha_Method="GET", X_Edaha_Uri="/a?b=c", **headers)
        assert answer.status_code == 302
        assert answer["Location"] == (
            "http://localhost:8000/previews/enter?to=http%3A%2F%2Ffeature-x.localhost%2Fa%3Fb%3Dc"
        )


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Edaha_Method": "POST", "Accept": "text/html"},
        {"X_Edaha_Method": "GET", "Accept": "application/json"},
        {"X_Edaha_Method": "GET", "Accept": "text/html", "X_Requested_With": "XMLHttpRequest"},
        {"X_Edaha_Method": "GET", "Accept": "text/html", "Sec_Fetch_Mode": "cors"},
        {"X_Edaha_Method": "GET", "Accept": "text/html", "Sec_Fetch_Mode": "websocket"},
        {"X_Edaha_Method": "GET", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
    ],
)
def test_a_script_is_told_in_words(branch: Branch, headers: dict[str, str]) -> None:
    answer = door("refused", X_Edaha_Uri="/a", **headers)
    assert answer.status_code == 401
    assert answer["Content-Type"].startswith("text/plain")
    assert "X-Edaha-Bypass" in answer.content.decode()


# Share links


def a_link(branch: Branch, lasts: str = "1h") -> str:
    link = sharing.share(branch, sharing.LASTS[lasts], note="Client", actor="mika")
    return link.rpartition("/")[2]


def test_a_share_link_opens_its_preview_and_ends(branch: Branch) -> None:
    answer = door("share", X_Edaha_Share=a_link(branch))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert 3590 < answer.cookies["edaha"]["max-age"] <= 3600
    shared = cookie(answer)
    assert gate(**{"pass": shared}) == 204
    assert Share.objects.get().used_at
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=2)):
        assert gate(**{"pass": shared}) == 401


def test_a_revoked_share_link_opens_nothing_any_more(branch: Branch) -> None:
    token = a_link(branch)
    shared = cookie(door("share", X_Edaha_Share=token))
    assert sharing.unshare(Share.objects.get(), actor="mika")
    assert gate(**{"pass": shared}) == 401
    closed = door("share", X_Edaha_Share=token)
    assert closed.status_code == 410
    assert "revoked" in closed.content.decode()
    assert not sharing.unshare(Share.objects.get(), actor="mika")


def test_a_share_link_opens_no_other_preview(branch: Branch) -> None:
    token = a_link(branch)
    shared = cookie(door("share", X_Edaha_Share=token))
    a_live_branch("feature-y")
    assert door("share", "feature-y.localhost", X_Edaha_Share=token).status_code == 410
    assert door("share", "nobody.localhost", X_Edaha_Share=token).status_code == 410
    assert gate("feature-y.localhost", **{"pass": shared}) == 401


def test_a_share_link_is_not_kept(branch: Branch) -> None:
    token = a_link(branch)
    assert token not in str(Share.objects.values().get())


def test_a_deployer_makes_lists_and_revokes_links(deployer: Client, branch: Branch) -> None:
    answer = deployer.post(
        f"/branches/{branch.pk}/shares", {"lasts": "7d", "note": "<b>ACME"}, follow=True
    )
    page = answer.content.decode()
    assert f"http://{HOST}/_edaha/share/" in page
    assert "&lt;b&gt;ACME" in page
    share = Share.objects.get()
    assert timedelta(days=6.9) < share.expires_at - timezone.now() < timedelta(days=7)
    assert "/_edaha/share/" not in deployer.get(f"/branches/{branch.pk}/shares").content.decode()
    gone = deployer.post(f"/shares/{share.pk}/revoke", follow=True).content.decode()
    assert "Revoked by mika" in gone


def test_a_link_lasts_as_long_as_the_form_offers(deployer: Client, branch: Branch) -> None:
    deployer.post(f"/branches/{branch.pk}/shares", {"lasts": "900d"})
    assert not Share.objects.exists()


# The token for tests


def test_the_bypass_token_opens_the_repositorys_previews_alone(branch: Branch) -> None:
    token = sharing.make_bypass(branch.repository, actor="root")
    other = a_live_branch("other", repository=a_repository("acme/other"))
    Repository.objects.update(protection="members")
    assert gate(bypass=token) == 204
    assert gate("other.localhost", bypass=token) == 401
    assert gate("other.localhost", bypass="") == 401
    assert other.repository.pk != branch.repository.pk
    assert token not in str(Bypass.objects.values().get())


def test_in_the_address_it_becomes_a_pass_and_goes(branch: Branch) -> None:
    token = sharing.make_bypass(branch.repository, actor="root")
    answer = door("bypass", X_Edaha_Uri=f"/a?b=c&x-edaha-bypass={token}&d=e+f")
    assert (answer.status_code, answer["Location"]) == (302, "/a?b=c&d=e+f")
    assert gate(**{"pass": cookie(answer)}) == 204


def test_a_replaced_or_revoked_token_opens_nothing(branch: Branch) -> None:
    first = sharing.make_bypass(branch.repository, actor="root")
    inside = cookie(door("bypass", X_Edaha_Uri=f"/?x-edaha-bypass={first}"))
    second = sharing.make_bypass(branch.repository, actor="root")
    assert gate(bypass=first) == gate(**{"pass": inside}) == 401
    assert door("bypass", X_Edaha_Uri=f"/?x-edaha-bypass={first}").status_code == 403
    assert gate(bypass=second) == 204
    assert sharing.revoke_bypass(branch.repository, actor="root")
    assert gate(bypass=second) == 401


def test_an_admin_makes_and_revokes_it_on_the_repositorys_page(branch: Branch) -> None:
    client = Client()
    client.force_login(a_person("admin", "root"))
    address = f"/repositories/{branch.repository_id}"
    assert "edaha_bypass_" in client.post(f"{address}/bypass", follow=True).content.decode()
    again = client.get(address).content.decode()
    assert "edaha_bypass_" not in again
    assert "Made by root" in again
    assert "revoked" in client.post(f"{address}/bypass/revoke", follow=True).content.decode()
    assert not Bypass.objects.exists()


# Edaha's own looks


def test_a_look_for_a_picture_is_let_in_for_its_own_preview(branch: Branch) -> None:
    a_live_branch("feature-y")
    token = TimestampSigner(salt=PICTURE_SALT).sign("feature-x")
    assert gate(picture=token) == 204
    assert gate("feature-y.localhost", picture=token) == 401
    assert gate(picture=token + "x") == 401
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert gate(picture=token) == 401


def test_a_probe_is_let_in(branch: Branch) -> None:
    assert gate(probe=TimestampSigner(salt="edaha.probe").sign(str(branch.live_id))) == 204


@pytest.mark.parametrize(("protection", "words"), [("members", "Protected"), ("public", "Not pro")])
def test_the_pages_say_who_may_open_it(
    deployer: Client, branch: Branch, protection: str, words: str
) -> None:
    Repository.objects.update(protection=protection)
    for address in (f"/branches/{branch.pk}", f"/repositories/{branch.repository_id}"):
        page = deployer.get(address).content.decode()
        assert words in page
    assert ("Share…" in deployer.get(f"/branches/{branch.pk}").content.decode()) == (
        protection == "members"
    )
