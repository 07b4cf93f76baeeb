"""GitHub's endpoints for Apps, as far as one process needs them: what is asked is remembered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from deployments.adapters.github import permissions

API = "https://api.github.com"
Answer = Callable[[httpx.Request], httpx.Response]


@cache
def private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@cache
def public_key() -> rsa.RSAPublicKey:
    key = serialization.load_pem_private_key(private_key().encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key()


@dataclass
class Asked:
    method: str
    path: str
    body: Any
    token: str


@dataclass
class Hub:
    """A token is as good as its time, and refused where it was revoked."""

    #: Repository → the installation that has it.
    installations: dict[str, int] = field(default_factory=lambda: {"acme/shop": 11})
    permissions: dict[str, str] = field(default_factory=lambda: dict(permissions.NEEDED))
    asked: list[Asked] = field(default_factory=list)
    #: Token → its end.
    tokens: dict[str, datetime] = field(default_factory=dict)
    #: "GET /path" → what is answered instead.
    answers: dict[str, Answer] = field(default_factory=dict)
    #: Sent with each answer.
    headers: dict[str, str] = field(default_factory=dict)

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = orjson.loads(request.content) if request.content else None
        self.asked.append(Asked(request.method, path, body, token))
        if (found := self.answers.get(f"{request.method} {path}")) is not None:
            return found(request)
        if path.startswith("/app") or path.endswith("/installation"):
            return self._as_app(request.method, path, token, body)
        if self.tokens.get(token, timezone.now()) <= timezone.now():
            return self._answer(401, {"message": "Bad credentials"})
        return self._answer(200, {"ok": True})

    def _as_app(self, method: str, path: str, token: str, body: Any) -> httpx.Response:
        # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        claims = jwt.decode(token, public_key(), ["RS256"], options={"verify_exp": False})
        now = timezone.now().timestamp()
        assert claims["iss"] == "4711"
        assert claims["iat"] <= now - 59
        assert now < claims["exp"] <= now + 600
        if path.endswith("/installation"):
            name = path.removeprefix("/repos/").removesuffix("/installation")
            number = self.installations.get(name)
            if number is None:
                return self._answer(404, {"message": "Not Found"})
            return self._answer(200, {"id": number, "permissions": self.permissions})
        if path.endswith("/access_tokens"):
            return self._make(body)
        return self._answer(404, {"message": "Not Found"})

    def _make(self, body: Any) -> httpx.Response:
        for name in body["permissions"]:
            if name not in self.permissions:
                return self._answer(422, {"message": f"{name} is not granted"})
        token = f"ghs_Sesame{len(self.tokens)}"
        self.tokens[token] = timezone.now() + timedelta(hours=1)
        ends = self.tokens[token].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._answer(201, {"token": token, "expires_at": ends})

    def _answer(self, status: int, body: Any) -> httpx.Response:
        return httpx.Response(status, json=body, headers=self.headers)

    def paths(self, method: str = "") -> list[str]:
        return [each.path for each in self.asked if each.method == (method or each.method)]


def says(status: int, body: Any = None, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, json=body or {"message": "no"}, headers=names)
