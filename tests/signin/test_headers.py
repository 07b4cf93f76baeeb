"""Who a load balancer's token or a proxy's header names, and who only says so."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from django.test import Client

from dashboard.access import Role, role_of
from deployments.adapters import albkeys

from .conftest import Use

SIGNER = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/edaha/50dc6c495c0c9188"
)
KID = "dc8d5a3b-8d5f-4d3a-9d41-0a1b2c3d4e5f"
KEY = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
ISSUER = "https://acme.okta.example"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Keys that AWS was asked for."""
    found: list[tuple[str, str]] = []

    def public_key(region: str, kid: str) -> bytes:
        found.append((region, kid))
        return PEM

    monkeypatch.setattr(albkeys, "public_key", public_key)
    return found


@pytest.fixture
def balancer(db: None, use: Use, asked: list[Any]) -> None:
    use(
        alb_signer=SIGNER,
        alb_issuer=ISSUER,
        alb_client_id="edaha",
        role_mapping={"alb:dev": "deployer"},
    )


def token(
    *, key: Any = KEY, alg: str = "ES256", head: Any = None, sub: str = "1", **more: Any
) -> str:
    ends = int(time.time()) + 120
    claims = {"sub": sub, "iss": ISSUER, "exp": ends, "groups": ["dev"], "email": "m@x.example"}
    headers = {"kid": KID, "signer": SIGNER, "iss": ISSUER, "client": "edaha", "exp": ends}
    return jwt.encode(claims | more, key, algorithm=alg, headers=headers | (head or {}))


def ask(text: str, client: Client | None = None) -> Any:
    return (client or Client()).get("/", headers={"X-Amzn-Oidc-Data": text})


def test_a_signed_token_signs_in(balancer: None, asked: list[Any]) -> None:
    client = Client()
    assert ask(token(), client).status_code == 200
    assert asked == [("eu-west-1", KID)]
    assert role_of(User.objects.get()) is Role.DEPLOYER
    assert not User.objects.get().has_usable_password()


def test_aws_pads_its_tokens(balancer: None) -> None:
    """Other than the standard says; their signature is over the padded text."""
    parts = token().split(".")[:2]
    padded = [part + "=" * (-len(part) % 4) for part in parts]
    signing = ".".join(padded)
    signature = jwt.get_algorithm_by_name("ES256").sign(signing.encode(), KEY)
    text = f"{signing}.{base64.urlsafe_b64encode(signature).decode()}"
    assert "=" in text
    assert ask(text).status_code == 200


def _changed_payload() -> str:
    head, payload, signature = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["sub"] = "2"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


OLD = int(time.time()) - 10
ATTACKS: dict[str, Callable[[], str]] = {
    "algorithm none": lambda: token(key=None, alg="none"),
    # The public key as a shared secret: PyJWT itself refuses to make this one.
    "HS256": lambda: token(key=b"x" * 32, alg="HS256"),
    "RS256": lambda: token(key=RSA, alg="RS256"),
    "another key": lambda: token(key=ec.generate_private_key(ec.SECP256R1())),
    "another signer": lambda: token(head={"signer": SIGNER.replace("/edaha/", "/evil/")}),
    "no signer": lambda: token(head={"signer": None}),
    "expired payload": lambda: token(exp=OLD),
    "expired head": lambda: token(head={"exp": OLD}),
    "never expires": lambda: token(exp=None, head={"exp": None}),
    "another issuer": lambda: token(iss="https://evil.example"),
    "another issuer in the head": lambda: token(head={"iss": "https://evil.example"}),
    "another client": lambda: token(head={"client": "evil"}),
    "kid with a path": lambda: token(head={"kid": f"../../evil.example/{KID}"}),
    "kid with a host": lambda: token(head={"kid": f"@evil.example/{KID}"}),
    "kid with a line": lambda: token(head={"kid": f"{KID}\n"}),
    "no subject": lambda: token(sub=""),
    "a replay with another payload": _changed_payload,
    "no token at all": lambda: "x",
    "three dots": lambda: "...",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_load_balancer_did_not_say_is_refused(balancer: None, attack: str) -> None:
    client = Client()
    answer = ask(ATTACKS[attack](), client)
    assert answer.status_code == 403
    assert "is not believed" in answer.content.decode()
    assert not User.objects.exists()
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("kid", [f"../../evil.example/{KID}", f"{KID}\n", "", "KEY"])
def test_nothing_but_a_uuid_is_asked_for(balancer: None, asked: list[Any], kid: str) -> None:
    assert ask(token(head={"kid": kid})).status_code == 403
    assert asked == []


def test_a_person_is_the_issuers_subject_and_nobody_else(balancer: None) -> None:
    for sub in ("1", "1", "2"):
        ask(token(sub=sub, email="same@acme.example", preferred_username="same"))
    assert User.objects.count() == 2


def test_the_session_follows_the_header(balancer: None) -> None:
    client = Client()
    ask(token(sub="1"), client)
    first = client.session["_auth_user_id"]
    key = client.session.session_key
    ask(token(sub="2"), client)
    assert client.session["_auth_user_id"] != first
    assert client.session.session_key != key
    # Signed out at the load balancer is signed out here.
    assert client.get("/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_who_has_no_role_is_told_so(balancer: None) -> None:
    answer = ask(token(groups=["football"]))
    assert answer.status_code == 403
    assert "no access yet" in answer.content.decode()
    assert not User.objects.exists()


def test_who_is_in_no_group_any_more_loses_the_role(balancer: None) -> None:
    ask(token())
    assert ask(token(groups=[])).status_code == 403
    assert role_of(User.objects.get()) is None


def test_who_may_no_longer_sign_in_does_not(balancer: None) -> None:
    ask(token())
    User.objects.update(is_active=False)
    assert ask(token()).status_code == 403


HEADERS = {"X-Amzn-Oidc-Data": "x", "X-Forwarded-User": "admin", "X-Edaha-Proxy-Secret": "x"}


def test_headers_do_nothing_where_they_are_off(db: None) -> None:
    User.objects.create_superuser("admin")
    for headers in (HEADERS, HEADERS | {"X-Amzn-Oidc-Data": token(), "Remote-User": "admin"}):
        client = Client()
        answer = client.get("/", headers=headers)
        assert answer.status_code == 302
        assert "_auth_user_id" not in client.session


SECRET = "a secret that only the proxy knows, too"


@pytest.fixture
def proxy(db: None, use: Use) -> None:
    use(
        trusted_user_header="X-Forwarded-User",
        trusted_groups_header="X-Forwarded-Groups",
        trusted_proxy_secret=SECRET,
        role_mapping={"proxy:dev": "deployer"},
        allowed_email_domains=["acme.example"],
    )


def test_a_proxy_that_knows_the_secret_names_people(proxy: None) -> None:
    headers = {"X-Forwarded-User": "mika", "X-Forwarded-Groups": "football, dev"}
    known = headers | {"X-Edaha-Proxy-Secret": SECRET}
    assert Client().get("/", headers=known).status_code == 200
    assert role_of(User.objects.get()) is Role.DEPLOYER
    by_address = {"X-Forwarded-User": "vera@acme.example", "X-Edaha-Proxy-Secret": SECRET}
    assert Client().get("/", headers=by_address).status_code == 200


@pytest.mark.parametrize("secret", [None, "", SECRET[:-1], SECRET + "x", "é"])
def test_whoever_does_not_know_it_is_refused(proxy: None, secret: str | None) -> None:
    headers = {"X-Forwarded-User": "mika", "X-Forwarded-Groups": "dev"}
    if secret is not None:
        headers["X-Edaha-Proxy-Secret"] = secret
    assert Client().get("/", headers=headers).status_code == 403
    assert not User.objects.exists()


def test_a_local_account_is_not_taken_over_by_its_name(proxy: None) -> None:
    admin = User.objects.create_superuser("admin")
    headers = {"X-Forwarded-User": "admin", "X-Forwarded-Groups": "dev"}
    client = Client()
    client.get("/", headers=headers | {"X-Edaha-Proxy-Secret": SECRET})
    assert client.session["_auth_user_id"] != str(admin.pk)


@pytest.mark.parametrize(("address", "status"), [("10.1.2.3", 200), ("10.2.2.3", 403), ("", 403)])
def test_a_proxy_is_known_by_where_it_calls_from(
    db: None, use: Use, address: str, status: int
) -> None:
    use(
        trusted_user_header="X-Forwarded-User",
        trusted_proxy_addresses="10.1.0.0/16",
        allowed_email_domains="acme.example",
    )
    # What the caller says of its own address counts for nothing.
    headers = {"X-Forwarded-User": "mika@acme.example", "X-Forwarded-For": "10.1.2.3"}
    assert Client(REMOTE_ADDR=address).get("/", headers=headers).status_code == status
