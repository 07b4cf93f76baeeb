"""Too many refused requests get 429, and good ones never do for somebody else's sake."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import AsyncClient, Client

from dashboard import limits
from dashboard.webhooks.receiver import PATH, WebhookReceiver
from deployments.adapters.cache import Cache
from deployments.models import ApiToken

from .conftest import Use

LIST = "/api/v1/branches"


def _client(token: str = "", address: str = "192.0.2.1") -> Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(REMOTE_ADDR=address, headers=headers)


@pytest.fixture
def token(db: None) -> str:
    return ApiToken.issue("ci", "viewer")


def test_an_address_without_a_valid_token_is_slowed_down(use: Use, token: str) -> None:
    use(refusals_per_minute=3)
    statuses = [_client(f"edaha_wrong{each}").get(LIST).status_code for each in range(4)]
    assert statuses == [401, 401, 401, 429]
    answer = _client().get(LIST)
    assert answer["Content-Type"] == "application/problem+json"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert answer.json()["status"] == 429
    # Neither another address nor a valid token suffers from it.
    assert _client(address="192.0.2.2").get(LIST).status_code == 401
    assert _client(token).get(LIST).status_code == 200


def test_a_token_has_a_limit_of_its_own(use: Use, token: str) -> None:
    use(api_requests_per_minute=2)
    other = ApiToken.issue("other", "viewer")
    statuses = [_client(token, f"192.0.2.{each}").get(LIST).status_code for each in range(3)]
    assert statuses == [200, 200, 429]
    assert _client(other).get(LIST).status_code == 200


def test_nought_means_no_limit(use: Use, token: str) -> None:
    use(api_requests_per_minute=0, refusals_per_minute=0)
    assert {_client(token).get(LIST).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_a_network_of_ipv6_is_one_caller(use: Use, first: str, second: str, same: bool) -> None:
    use(refusals_per_minute=1)
    limits.wait_after_refusal("api", first)
    assert bool(limits.wait_after_refusal("api", second)) == same


def test_forwarded_addresses_count_behind_a_proxy_only_and_the_last_one(use: Use) -> None:
    headers = [(b"x-forwarded-for", b"198.51.100.9, 203.0.113.5")]
    assert limits.address_in(("192.0.2.1", 1), headers) == "192.0.2.1"
    use(behind_proxy=True)
    assert limits.address_in(("192.0.2.1", 1), headers) == "203.0.113.5"


async def _deliver(signature: str) -> dict[str, object]:
    sent: list[dict[str, object]] = []
    body = json.dumps({"zen": "x"}).encode()
    headers = [
        (b"x-github-delivery", b"6f0e8b1c-0000-4000-8000-000000000001"),
        (b"x-github-event", b"ping"),
        (b"x-hub-signature-256", signature.encode()),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "headers": headers,
        "client": ("192.0.2.1", 1),
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await WebhookReceiver(None)(scope, receive, send)  # type: ignore[arg-type]
    return sent[0]


@pytest.mark.django_db(transaction=True)
async def test_unsigned_deliveries_are_slowed_down_and_signed_ones_are_not(use: Use) -> None:
    use(refusals_per_minute=2, webhook_secret="s" * 32)
    statuses = [(await _deliver(""))["status"] for _ in range(2)]
    assert statuses == [401, 401]
    refused = await _deliver("sha256=" + "0" * 64)
    assert refused["status"] == 429
    assert b"retry-after" in dict(refused["headers"])  # type: ignore[call-overload]
    digest = hmac.new(b"s" * 32, json.dumps({"zen": "x"}).encode(), hashlib.sha256).hexdigest()
    assert (await _deliver(f"sha256={digest}"))["status"] == 202


@pytest.mark.django_db
async def test_asynchronous_pages_carry_the_headers_too() -> None:
    answer = await AsyncClient().get("/healthz")
    assert "camera=()" in answer["Permissions-Policy"]


def test_counts_hold_across_processes_and_never_as_pickles(_redis_socket: Path) -> None:
    address = f"unix://{_redis_socket}"
    one, other = (Cache(address, {"KEY_PREFIX": "t"}) for _ in range(2))
    one.set("list", [1.5, "x"], 60)
    assert other.get("list") == [1.5, "x"]
    assert one.add("n", 1, 60)
    assert not other.add("n", 1, 60)
    assert other.incr("n") == 2
    raw = one._cache.get_client("list").get(one.make_key("list"))
    assert raw == b'[1.5, "x"]'


def test_a_redis_that_is_away_keeps_nobody_out(use: Use) -> None:
    use(refusals_per_minute=1)
    assert cache.add("x", 1)
    assert not limits.wait_after_refusal("api", "192.0.2.1")
    assert limits.wait_after_refusal("api", "192.0.2.1")
