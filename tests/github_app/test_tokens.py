"""In whose name GitHub is asked: tokens are made once, narrowed, renewed, and never told."""

import logging
import threading
from datetime import timedelta

import httpx
import pytest
import structlog
import time_machine
from django.utils import timezone

from deployments.adapters import gitcommand, github
from deployments.adapters.github import permissions, tokens
from deployments.adapters.github.app import known_app
from deployments.errors import PlatformError
from deployments.models import GitHubApp, MadeApp, Repository

from .conftest import configured
from .hub import Hub, private_key, says

MAKING = "/app/installations/11/access_tokens"


def test_a_token_is_made_once_and_used_for_the_repository(hub: Hub, shop: Repository) -> None:
    for _ in range(2):
        assert github.request(shop, "GET", "/issues/5").json() == {"ok": True}
    assert hub.paths() == [
        "/repos/acme/shop/installation",
        MAKING,
        "/repos/acme/shop/issues/5",
        "/repos/acme/shop/issues/5",
    ]
    assert hub.asked[1].body == {"repositories": ["shop"], "permissions": permissions.NEEDED}
    assert hub.asked[2].token == "ghs_Sesame0"


def test_a_path_below_the_api_is_asked_with_the_same_token(hub: Hub, shop: Repository) -> None:
    github.request(shop, "GET", "//rate_limit")
    assert (hub.asked[-1].path, hub.asked[-1].token) == ("/rate_limit", "ghs_Sesame0")


def test_a_token_is_not_made_for_more_than_was_granted(hub: Hub, shop: Repository) -> None:
    hub.permissions = {"contents": "read", "metadata": "read", "pull_requests": "read"}
    github.request(shop, "GET", "/pulls")
    assert hub.asked[1].body["permissions"] == hub.permissions


def test_git_gets_a_token_that_can_only_read(hub: Hub, shop: Repository) -> None:
    setting = gitcommand._authorization(shop)
    assert list(setting) == ["http.https://github.com/.extraHeader"]
    assert hub.asked[1].body == {
        "repositories": ["shop"],
        "permissions": {"contents": "read", "metadata": "read"},
    }


@pytest.mark.parametrize(("minutes", "made"), [(54, 1), (56, 2)])
def test_a_token_is_renewed_five_minutes_before_its_end(
    hub: Hub, shop: Repository, minutes: int, made: int
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        github.request(shop, "GET", "/pulls")
        clock.shift(timedelta(minutes=minutes))
        github.request(shop, "GET", "/pulls")
    assert hub.paths().count(MAKING) == made


def test_threads_that_come_at_once_share_one_token(hub: Hub, shop: Repository) -> None:
    app = known_app()
    assert app is not None
    found = tokens.installation_of(app, shop.full_name)
    assert found is not None
    barrier, texts = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        texts.append(tokens._token(app, found, "shop", {"contents": "read"}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["ghs_Sesame0"] * 8
    assert hub.paths().count(MAKING) == 1


def test_a_token_that_was_revoked_is_dropped_and_asked_for_once_more(
    hub: Hub, shop: Repository
) -> None:
    github.request(shop, "GET", "/pulls")
    hub.tokens.clear()
    hub.tokens["a later one"] = timezone.now()
    assert github.request(shop, "POST", "/issues/5/comments", {"body": "x"}).json() == {"ok": True}
    assert [each.token for each in hub.asked if each.path.endswith("/comments")] == [
        "ghs_Sesame0",
        "ghs_Sesame1",
    ]


def test_whoever_is_refused_twice_is_told(hub: Hub, shop: Repository) -> None:
    hub.answers["GET /repos/acme/shop/pulls"] = says(401)
    with pytest.raises(github.Unauthorised) as caught:
        github.request(shop, "GET", "/pulls")
    assert caught.value.hint
    assert hub.paths().count("/repos/acme/shop/pulls") == 2


def test_where_the_app_is_not_installed_the_token_is_used(hub: Hub) -> None:
    other = Repository(full_name="acme/other", clone_url="https://github.com/acme/other")
    hub.tokens["pat"] = timezone.now() + timedelta(days=1)
    with configured(github_app_id="4711", github_app_private_key=private_key(), github_token="pat"):
        github.request(other, "GET", "/pulls")
        github.request(other, "GET", "/pulls")
    assert [each.token for each in hub.asked[1:]] == ["pat", "pat"]
    assert hub.paths().count("/repos/acme/other/installation") == 1


def test_an_app_that_was_installed_anew_is_found(hub: Hub, shop: Repository) -> None:
    github.request(shop, "GET", "/pulls")
    hub.installations["acme/shop"] = 12
    hub.tokens = {"another": timezone.now()}
    github.request(shop, "GET", "/pulls")
    assert hub.paths()[-2:] == ["/app/installations/12/access_tokens", "/repos/acme/shop/pulls"]


def test_the_app_that_the_set_up_has_stored_is_used(hub: Hub, shop: Repository) -> None:
    made = MadeApp(
        4711, "edaha", "Edaha", "acme", "https://github.com/apps/edaha", "Iv1.x", private_key(),
        "whsec", "clsec",
    )  # fmt: skip
    row = GitHubApp.keep(made, actor="root")
    assert "PRIVATE KEY" not in row.sealed_private_key
    with configured(github_app_id=""):
        github.request(shop, "GET", "/pulls")
    assert hub.asked[-1].token == "ghs_Sesame0"


def test_nothing_that_is_secret_is_ever_told(
    hub: Hub, shop: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with structlog.testing.capture_logs() as logs:
        github.request(shop, "GET", "/pulls")
        said.append(repr(tokens._memory) + repr(tokens.caller_for(shop)) + repr(known_app()))
        for status in (401, 403, 404, 409, 422, 500):
            hub.answers["POST /repos/acme/shop/statuses/x"] = says(status)
            with pytest.raises(PlatformError) as caught:
                github.request(shop, "POST", "/statuses/x", {"state": "success"})
            said.append(f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}")
        hub.answers[f"POST {MAKING}"] = lambda _: httpx.Response(201, json={"token": "ghs_Sesame9"})
        tokens.forget()
        with pytest.raises(PlatformError) as caught:
            github.request(shop, "GET", "/pulls")
        said.append(f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}")
    text = "".join([*said, caplog.text, str(logs)])
    assert "Sesame" not in text
    assert "eyJ" not in text  # a JWT begins like this
    assert "PRIVATE KEY" not in text
    assert "acme/shop" in text


@pytest.mark.parametrize("key", ["nonsense", "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n"])
def test_a_key_that_is_none_is_told_without_it(hub: Hub, shop: Repository, key: str) -> None:
    with (
        configured(github_app_id="4711", github_app_private_key=key),
        pytest.raises(
            PlatformError, match="private key of the GitHub App cannot be read"
        ) as caught,
    ):
        github.request(shop, "GET", "/pulls")
    assert key not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"
