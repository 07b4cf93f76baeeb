"""What people keep: favourites, language, colours, and who they are at GitHub."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.models import Favourite, Preferences

from .rows import a_branch, a_live_branch

pytestmark = pytest.mark.django_db


def test_a_star_is_set_once_and_taken_away_once(viewer: Client) -> None:
    branch = a_branch()
    for _ in range(2):
        answer = viewer.post(f"/branches/{branch.pk}/favourite", {"next": "/?q=x"})
        assert answer.headers["Location"] == "/?q=x"
    assert Favourite.objects.get().user == User.objects.get()
    for _ in range(2):
        viewer.post(f"/branches/{branch.pk}/unfavourite")
    assert not Favourite.objects.exists()


def test_a_script_hears_only_that_it_is_done(viewer: Client) -> None:
    headers = {"X-Requested-With": "fetch"}
    answer = viewer.post(f"/branches/{a_branch().pk}/favourite", headers=headers)
    assert answer.status_code == 204


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_a_star_leads_nowhere_else(viewer: Client, address: str) -> None:
    answer = viewer.post(f"/branches/{a_branch().pk}/favourite", {"next": address})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("verb", ["favourite", "unfavourite"])
def test_there_is_no_star_for_what_is_not_there(viewer: Client, verb: str) -> None:
    assert viewer.post(f"/branches/4711/{verb}").status_code == 404
    assert viewer.get(f"/branches/{a_branch().pk}/{verb}").status_code == 405


def test_settings_are_kept(viewer: Client) -> None:
    wanted = {"theme": "dark", "language": "ja", "github_login": " @vera-k "}
    page = viewer.post("/me/saved", wanted, follow=True).content.decode()
    kept = Preferences.objects.get()
    assert (kept.language, kept.github_login) == ("ja", "vera-k")
    assert 'data-theme="dark"' in page
    assert '<html lang="ja"' in page
    assert 'value="vera-k"' in page


def test_settings_can_be_taken_back(viewer: Client) -> None:
    viewer.post("/me/saved", {"theme": "dark", "language": "ja", "github_login": "x"})
    page = viewer.post("/me/saved", {}, follow=True).content.decode()
    assert 'lang="en"' in page
    assert "data-theme=" not in page
    assert Preferences.objects.get().github_login == ""


@pytest.mark.parametrize(
    "wrong", [{"theme": "pink"}, {"language": "xx"}, {"github_login": "x" * 101}]
)
def test_wrong_settings_are_told(viewer: Client, wrong: dict[str, str]) -> None:
    answer = viewer.post("/me/saved", wrong)
    assert 'role="alert"' in answer.content.decode()
    assert not Preferences.objects.exists()


def test_the_headers_language_is_the_persons(viewer: Client) -> None:
    viewer.post("/language", {"language": "ja", "next": "/"})
    assert Preferences.objects.get().language == "ja"
    elsewhere = Client()
    elsewhere.force_login(User.objects.get())
    page = elsewhere.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="ja"' in page


def test_whoever_is_not_signed_in_can_choose_a_language_too(client: Client) -> None:
    client.post("/language", {"language": "ja", "next": "/sign-in"})
    assert '<html lang="ja"' in client.get("/sign-in").content.decode()
    assert not Preferences.objects.exists()


@pytest.mark.parametrize("language", ["xx", "", "../en"])
def test_a_language_that_nobody_speaks_changes_nothing(viewer: Client, language: str) -> None:
    viewer.post("/language", {"language": language, "next": "/"})
    assert not Preferences.objects.exists()
    Preferences.objects.create(user=User.objects.get(), language=language)
    assert viewer.get("/").status_code == 200


def test_the_palette_finds_previews_and_pages(viewer: Client) -> None:
    a_live_branch(title="Coupons")
    page = viewer.get("/palette", {"q": "coup"}).content.decode()
    assert "Coupons" in page
    assert "/?q=coup" in page
    assert "Your settings" not in page
    page = viewer.get("/palette", {"q": "settings"}).content.decode()
    assert 'href="/me"' in page
    assert "Coupons" not in page


def test_the_palette_leads_nowhere_one_may_not_go(viewer: Client, deployer: Client) -> None:
    assert "Deliveries" not in viewer.get("/palette").content.decode()
    assert "Deliveries" in deployer.get("/palette").content.decode()
