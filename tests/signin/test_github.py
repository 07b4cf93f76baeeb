"""GitHub: organisations and teams, asked of a server that answers like GitHub's."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.contrib.auth.models import User
from django.test import Client

from dashboard.access import Role, role_of

from .conftest import Use

ANSWERS: dict[str, Any] = {
    "/login/oauth/access_token": {"access_token": "gho_x", "token_type": "bearer"},
    "/user": {"id": 583231, "login": "octocat", "name": "Octo Cat", "email": "spoof@acme.example"},
    "/user/emails": [
        {"email": "octo@acme.example", "primary": True, "verified": False},
        {"email": "octo@home.example", "primary": False, "verified": True},
    ],
    "/user/memberships/orgs": [
        {"state": "active", "organization": {"login": "acme"}},
        {"state": "pending", "organization": {"login": "evil"}},
    ],
    "/user/teams": [{"slug": "platform", "organization": {"login": "acme"}}],
}


class GitHub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(ANSWERS[urlsplit(self.path).path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture(scope="module")
def github() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), GitHub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def here(github: str, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    for name, path in (
        ("access_token_url", "/login/oauth/access_token"),
        ("profile_url", "/user"),
        ("emails_url", "/user/emails"),
    ):
        monkeypatch.setattr(GitHubOAuth2Adapter, name, github + path)


def _sign_in(use: Use, github: str, mapping: dict[str, str], **more: Any) -> Any:
    use(
        github_client_id="id",
        github_client_secret="secret",
        github_api_url=github,
        role_mapping=mapping,
        **more,
    )
    client = Client()
    began = urlsplit(client.post("/sign-in/github")["Location"])
    assert began.netloc == "github.com"
    asked = parse_qs(began.query)
    assert set(asked["scope"][0].split()) == {"read:user", "user:email", "read:org"}
    assert asked["code_challenge_method"] == ["S256"]
    return client.get(f"/sign-in/github/callback?code=1&state={asked['state'][0]}")


@pytest.mark.parametrize(
    ("mapping", "role"),
    [
        ({"github:acme": "viewer"}, Role.VIEWER),
        ({"github:acme": "viewer", "github:acme/platform": "admin"}, Role.ADMIN),
        ({"github:evil": "admin"}, None),
        ({"github:evil/platform": "admin"}, None),
        ({"okta:acme": "admin"}, None),
    ],
)
def test_organisations_and_teams_give_roles(
    use: Use, github: str, mapping: dict[str, str], role: Role | None
) -> None:
    answer = _sign_in(use, github, mapping)
    if role is None:
        assert (answer.status_code, User.objects.count()) == (403, 0)
    else:
        assert answer["Location"] == "/"
        assert role_of(User.objects.get(username="octocat")) is role


@pytest.mark.parametrize(("domain", "status"), [("home.example", 302), ("acme.example", 403)])
def test_only_addresses_that_github_verified_count(
    use: Use, github: str, domain: str, status: int
) -> None:
    answer = _sign_in(use, github, {}, allowed_email_domains=[domain])
    assert answer.status_code == status


def test_somebody_who_takes_a_freed_login_is_somebody_else(
    use: Use, github: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sign_in(use, github, {"github:acme": "viewer"})
    monkeypatch.setitem(ANSWERS["/user"], "id", 999)
    _sign_in(use, github, {"github:acme": "viewer"})
    assert User.objects.count() == 2
