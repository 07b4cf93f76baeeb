"""Workflows of GitHub Actions use the API by GitHub's own token, without a stored secret.

The claims are those of GitHub's example:
https://docs.github.com/en/actions/reference/security/oidc
"""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from pytest_httpserver import HTTPServer

from deployments.adapters import identity
from deployments.models import AuditEntry, Repository
from tests.dashboard.rows import a_branch, a_deployment, a_repository

KEY = rsa.generate_private_key(65537, 2048)
STRANGERS = rsa.generate_private_key(65537, 2048)
AUDIENCE = "http://localhost:8000"


@pytest.fixture
def issuer(httpserver: HTTPServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    address = httpserver.url_for("").rstrip("/")
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    keys = {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}
    httpserver.expect_request("/.well-known/openid-configuration").respond_with_json(
        {"issuer": address, "jwks_uri": f"{address}/jwks"}
    )
    httpserver.expect_request("/jwks").respond_with_json(keys)
    monkeypatch.setattr(settings.EDAHA, "github_oidc_issuer", address)
    identity.forget()
    yield address
    identity.forget()


@pytest.fixture
def shop(db: None) -> Repository:
    repository = a_repository()
    repository.workflow_role, repository.is_private = "deployer", True
    repository.save()
    return repository


Make = Callable[..., str]


@pytest.fixture
def token(issuer: str) -> Make:
    def make(*, key: Any = KEY, kid: str = "one", algorithm: str = "RS256", **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": issuer,
            "aud": AUDIENCE,
            "sub": "repo:acme/shop:ref:refs/heads/main",
            "repository": "acme/shop",
            "repository_id": "74",
            "ref": "refs/heads/main",
            "actor": "octocat",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
        } | changes
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid})

    return make


def ask(token: str, path: str = "/api/v1/branches", method: str = "GET") -> Any:
    return Client().generic(method, path, headers={"Authorization": f"Bearer {token}"})


def test_a_workflow_redeploys_its_own_branch(shop: Repository, token: Make) -> None:
    branch = a_branch(repository=shop)
    a_deployment(branch, is_live=True)
    answer = ask(token(), f"/api/v1/branches/{branch.pk}/deployments", "POST")
    assert answer.status_code == 202
    entry = AuditEntry.objects.get()
    assert entry.actor == "octocat in a workflow of acme/shop (API)"


def test_it_sees_its_own_repository_and_no_other(shop: Repository, token: Make) -> None:
    a_branch(repository=shop)
    other = a_branch(repository=a_repository("acme/other"))
    assert [row["repository"] for row in ask(token()).json()] == ["acme/shop"]
    assert ask(token(), f"/api/v1/branches/{other.pk}").status_code == 404


def test_what_concerns_everything_is_not_for_it(shop: Repository, token: Make) -> None:
    assert ask(token(), "/api/v1/reconciliations", "POST").status_code == 403


WRONG: dict[str, dict[str, Any]] = {
    "for somebody else": {"aud": "https://github.com/acme"},
    "of somebody else": {"iss": "https://evil.example"},
    "old": {"exp": int(time.time()) - 600},
    "of tomorrow": {"nbf": int(time.time()) + 86400},
    "without an end": {"exp": None},
    "without a repository": {"repository": None},
    "without its number": {"repository_id": None},
    "without a ref": {"ref": None},
    "signed by a stranger": {"key": STRANGERS},
    "signed with an unknown key": {"kid": "two"},
    "signed with no key": {"kid": ""},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_is_not_to_be_believed(shop: Repository, token: Make, wrong: str) -> None:
    answer = ask(token(**WRONG[wrong]))
    assert answer.status_code == 403
    assert "The token is" in answer.json()["detail"]


def test_a_token_without_a_signature(shop: Repository, issuer: str, token: Make) -> None:
    claims = token().split(".")[1]
    header = _base64(b'{"alg":"none","kid":"one"}')
    assert ask(f"{header}.{claims}.").status_code == 403


def test_a_public_key_is_no_shared_secret(shop: Repository, token: Make) -> None:
    """Algorithm confusion: HMAC with the public key's text, as in CVE-2016-10555."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = _base64(b'{"alg":"HS256","typ":"JWT","kid":"one"}')
    signed = f"{header}.{token().split('.')[1]}"
    signature = _base64(hmac.digest(public, signed.encode(), "sha256"))
    assert ask(f"{signed}.{signature}").status_code == 403


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_another_repository_under_the_same_name(shop: Repository, token: Make) -> None:
    assert ask(token()).status_code == 200
    shop.refresh_from_db()
    assert shop.workflow_repository_id == "74"
    answer = ask(token(repository_id="99"))
    assert answer.status_code == 403
    assert "another repository" in answer.json()["detail"]


def test_only_the_refs_that_may(shop: Repository, token: Make) -> None:
    Repository.objects.update(workflow_refs=["refs/heads/main", "refs/tags/*"])
    assert ask(token()).status_code == 200
    assert ask(token(ref="refs/tags/v1")).status_code == 200
    assert ask(token(ref="refs/heads/main-2")).status_code == 403
    assert ask(token(ref="refs/pull/1/merge")).status_code == 403


def test_a_repository_that_lets_none_in_is_like_one_that_nobody_knows(
    shop: Repository, token: Make
) -> None:
    Repository.objects.update(workflow_role="")
    known, unknown = ask(token()), ask(token(repository="acme/unknown"))
    assert known.status_code == unknown.status_code == 403
    assert known.json()["detail"] == unknown.json()["detail"].replace("unknown", "shop")


def test_keys_that_do_not_exist_are_not_asked_for_again_and_again(
    shop: Repository, token: Make, httpserver: HTTPServer
) -> None:
    for number in range(20):
        ask(token(kid=f"made up {number}"))
    assert len(httpserver.log) == 2


def test_keys_that_cannot_be_had_are_told(
    shop: Repository, token: Make, httpserver: HTTPServer
) -> None:
    shown = token()
    httpserver.clear()
    assert ask(shown).status_code == 503
