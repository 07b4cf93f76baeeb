"""In whose name GitHub is asked: tokens are made once, narrowed, renewed, and never told."""

import logging
import threading
from datetime import timedelta

import pytest
import structlog
import time_machine
from django.utils import timezone

from deployments.adapters import gitcommand, github
from deployments.adapters.github import permissions, tokens
from deployments.adapters.github.app import known_app
from deployments.errors import PlatformError
from deployments.models import GitHubApp, MadeApp, Repository
from tests.github.fake import Fake, Installation
from tests.github.product import TOKEN, configured, private_key

R = "/repos/acme/shop"

MAKING = "/app/installations/11/access_tokens"


def made(hub: Fake) -> list[str]:
    """The tokens that GitHub has made, in order."""
    return [each.answer["token"] for each in hub.seen if each.path.endswith("/access_tokens")]


def test_a_token_is_made_once_and_used_for_the_repository(hub: Fake, shop: Repository) -> None:
    for _ in range(2):
        assert github.request(shop, "GET", "/pulls/5").json()["number"] == 5
    assert [each.path for each in hub.seen] == [
        f"{R}/installation",
        MAKING,
        f"{R}/pulls/5",
        f"{R}/pulls/5",
    ]
    assert hub.seen[1].body == {"repositories": ["shop"], "permissions": permissions.NEEDED}
    assert hub.seen[2].token == made(hub)[0]


def test_a_path_below_the_api_is_asked_with_the_same_token(hub: Fake, shop: Repository) -> None:
    github.request(shop, "GET", "//rate_limit")
    assert (hub.seen[-1].path, hub.seen[-1].token) == ("/rate_limit", made(hub)[0])


def test_a_token_is_not_made_for_more_than_was_granted(hub: Fake, shop: Repository) -> None:
    given = {"contents": "read", "metadata": "read", "pull_requests": "read"}
    hub.state.installations["acme/shop"].permissions = given
    github.request(shop, "GET", "/pulls")
    assert hub.seen[1].body["permissions"] == given


def test_git_gets_a_token_that_can_only_read(hub: Fake, shop: Repository) -> None:
    setting = gitcommand._authorization(shop)
    assert list(setting) == ["http.https://github.com/.extraHeader"]
    assert hub.seen[1].body == {
        "repositories": ["shop"],
        "permissions": {"contents": "read", "metadata": "read"},
    }


@pytest.mark.parametrize(("minutes", "count"), [(54, 1), (56, 2)])
def test_a_token_is_renewed_five_minutes_before_its_end(
    hub: Fake, shop: Repository, minutes: int, count: int
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        github.request(shop, "GET", "/pulls")
        clock.shift(timedelta(minutes=minutes))
        github.request(shop, "GET", "/pulls")
    assert hub.count(f"POST {MAKING}") == count


def test_threads_that_come_at_once_share_one_token(hub: Fake, shop: Repository) -> None:
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
    assert texts == made(hub) * 8
    assert hub.count(f"POST {MAKING}") == 1


def test_a_token_that_was_revoked_is_dropped_and_asked_for_once_more(
    hub: Fake, shop: Repository
) -> None:
    github.request(shop, "GET", "/pulls")
    hub.state.tokens.clear()
    github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
    assert [each.token for each in hub.seen if each.path.endswith("/comments")] == made(hub)
    assert len(made(hub)) == 2


def test_whoever_is_refused_twice_is_told(hub: Fake, shop: Repository) -> None:
    hub.refuse(f"GET {R}/pulls", 401)
    with pytest.raises(github.Unauthorised) as caught:
        github.request(shop, "GET", "/pulls")
    assert caught.value.hint
    assert hub.count(f"GET {R}/pulls") == 2


def test_where_the_app_is_not_installed_the_token_is_used(hub: Fake) -> None:
    other = Repository(full_name="acme/other", clone_url="https://github.com/acme/other")
    with configured(github_token=TOKEN):
        github.request(other, "GET", "/pulls")
        github.request(other, "GET", "/pulls")
    assert [each.token for each in hub.seen[1:]] == [TOKEN, TOKEN]
    assert hub.count("GET /repos/acme/other/installation") == 1


def test_an_app_that_was_installed_anew_is_found(hub: Fake, shop: Repository) -> None:
    github.request(shop, "GET", "/pulls")
    given = hub.state.installations["acme/shop"].permissions
    hub.state.installations["acme/shop"] = Installation(12, given)
    hub.state.tokens.clear()
    github.request(shop, "GET", "/pulls")
    paths = [each.path for each in hub.seen]
    assert paths[-2:] == ["/app/installations/12/access_tokens", f"{R}/pulls"]


def test_a_token_reaches_no_other_repository(hub: Fake, shop: Repository) -> None:
    hub.state.installations["acme/api"] = hub.state.installations["acme/shop"]
    with pytest.raises(github.NotFound):
        github.request(shop, "GET", "//repos/acme/api/pulls")


def test_a_repository_that_was_renamed_is_not_followed(hub: Fake, shop: Repository) -> None:
    github.request(shop, "GET", "/pulls")
    hub.state.moved["acme/shop"] = "acme/store"
    with pytest.raises(github.NotFound, match="301"):
        github.request(shop, "GET", "/pulls")


def test_a_suspended_installation_is_told(hub: Fake, shop: Repository) -> None:
    hub.state.installations["acme/shop"].suspended_at = "2026-11-28T00:00:00Z"
    with pytest.raises(PlatformError, match="has been suspended"):
        github.request(shop, "GET", "/pulls")


def test_the_app_that_the_set_up_has_stored_is_used(hub: Fake, shop: Repository) -> None:
    app = MadeApp(
        4711, "edaha", "Edaha", "acme", "https://github.com/apps/edaha", "Iv1.x", private_key(),
        "whsec", "clsec",
    )  # fmt: skip
    row = GitHubApp.keep(app, actor="root")
    assert "PRIVATE KEY" not in row.sealed_private_key
    with configured(github_app_id=""):
        github.request(shop, "GET", "/pulls")
    assert hub.seen[-1].token == made(hub)[0]


def test_nothing_that_is_secret_is_ever_told(
    hub: Fake, shop: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with structlog.testing.capture_logs() as logs:
        github.request(shop, "GET", "/pulls")
        said.append(repr(tokens._memory) + repr(tokens.caller_for(shop)) + repr(known_app()))
        for status in (401, 403, 404, 409, 422, 500):
            hub.refuse(f"POST {R}/statuses/x", status)
            with pytest.raises(PlatformError) as caught:
                github.request(shop, "POST", "/statuses/x", {"state": "success"})
            said.append(f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}")
        hub.refuse(f"POST {MAKING}", 201, {"token": "ghs_Sesame9"})
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
def test_a_key_that_is_none_is_told_without_it(hub: Fake, shop: Repository, key: str) -> None:
    with (
        configured(github_app_id="4711", github_app_private_key=key),
        pytest.raises(
            PlatformError, match="private key of the GitHub App cannot be read"
        ) as caught,
    ):
        github.request(shop, "GET", "/pulls")
    assert key not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"
