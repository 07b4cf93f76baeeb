"""Deliveries that somebody else sent, or that were made to exhaust or confuse the receiver."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from dashboard.webhooks.request import Body
from deployments import deliveries
from deployments.adapters import git
from deployments.models import Branch, Delivery, Repository
from deployments.secrets import key_id
from tests import github
from tests.webhooks.conftest import SECRET, Request, Webhook, set_config, signed

from .watching import Watch


def test_cve_2022_36885_signatures_are_compared_in_constant_time(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jenkins told by its answer's time how much of a signature was right."""
    compared: list[tuple[Any, Any]] = []
    compare = hmac.compare_digest

    def noting(a: Any, b: Any) -> bool:
        compared.append((a, b))
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", noting)
    body = json.dumps(github.push("acme/shop", "x", "a" * 40)).encode()
    good = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    for known in (0, 32, 63):
        request = signed(body)
        forged = good[:known] + "".join("0" if c != "0" else "1" for c in good[known:])
        request.having(X_Hub_Signature_256=f"sha256={forged}")
        assert webhook.post(request).status == 401
    assert len(compared) >= 3
    assert {len(a) for pair in compared for a in pair} <= {32, 64}


@pytest.mark.parametrize("secret", ["", " ", "None", "undefined", "\x00"])
def test_hiveloop_32_without_a_secret_nothing_is_believed(
    webhook: Webhook, settings: Settings, secret: str
) -> None:
    set_config(settings, webhook_secret="", webhook_secret_previous="")
    Repository.objects.create(full_name="acme/shop", clone_url="https://x/y")
    for request in (signed(secret=secret), signed(secret=secret).without("X-Hub-Signature-256")):
        assert webhook.post(request).status == 401
    assert not Delivery.objects.exists()


def test_cve_2026_42294_a_body_is_measured_while_it_is_read(
    webhook: Webhook, settings: Settings
) -> None:
    """Argo held whatever came before it looked at its size or signature."""
    limit = settings.EDAHA.webhook_max_bytes
    piece = b"x" * (1024 * 1024)
    request = signed()
    request.body = [piece] * (limit // len(piece) + 50)
    for length in (None, "10"):
        if length is not None:
            request.having(Content_Length=length)
        assert webhook.post(Request(dict(request.headers), list(request.body))).status == 413
    assert Body.held_by_all == 0


def test_cve_2026_42294_nobody_without_the_secret_fills_the_database(webhook: Webhook) -> None:
    for number in range(50):
        assert webhook.post(signed(secret=f"guess {number}")).status == 401
    assert not Delivery.objects.exists()
    assert webhook.heard == []


def test_a_delivery_that_is_sent_again_is_the_same_delivery(webhook: Webhook) -> None:
    """A replayed delivery, also in another spelling of its number, changes nothing."""
    guid = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    for spelling in (guid, guid.upper(), guid):
        assert webhook.post(signed(guid=spelling)).status in (200, 202)
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("algorithm", ["sha1", "md5", "none", "SHA256", "sha512"])
def test_no_weaker_algorithm_is_taken(webhook: Webhook, algorithm: str) -> None:
    request = signed()
    digest = request.headers.pop("X-Hub-Signature-256").partition("=")[2]
    request.having(X_Hub_Signature=f"{algorithm}={digest}")
    assert webhook.post(request).status == 401
    request.having(X_Hub_Signature_256=f"{algorithm}={digest}")
    assert webhook.post(request).status == 401


def test_another_repositorys_secret_opens_nothing(
    webhook: Webhook,
) -> None:
    """Who knows one repository's secret must not deploy another one."""
    Repository.objects.create(
        full_name="acme/shop", clone_url="/nowhere", webhook_secret="the shop's", policy="all"
    )
    Repository.objects.create(
        full_name="acme/wiki", clone_url="/nowhere", webhook_secret="the wiki's", policy="all"
    )
    forged = github.push("acme/shop", "main", "a" * 40)
    assert webhook.post(signed(forged, secret="the wiki's")).status == 202
    deliveries.decide_pending()
    assert "another repository's secret" in Delivery.objects.get().decision
    assert not Branch.objects.exists()


def test_what_a_payload_says_of_addresses_is_not_used(
    shop: Repository, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where code comes from stands in the settings; a payload only says that something happened."""
    asked: list[str] = []
    read = git.read_head

    def noting(repository: Repository, name: str) -> str | None:
        asked.append(repository.clone_url)
        return read(repository, name)

    monkeypatch.setattr(git, "read_head", noting)
    Repository.objects.update(policy="all", webhook_secret="s")
    payload = github.push("acme/shop", "main", "a" * 40)
    for key in ("clone_url", "git_url", "ssh_url", "url", "svn_url", "html_url"):
        payload["repository"][key] = "ext::sh -c 'touch /tmp/edaha-was-here'"
    Delivery.objects.create(
        guid="1",
        event="push",
        payload=json.dumps(payload).encode(),
        key_id=key_id("s"),
        received_at=timezone.now(),
    )
    deliveries.decide_pending()
    assert asked == [shop.clone_url]
    assert not any("ext::" in part for command in watch.started for part in command)
    watch.assert_nothing_unexpected()


def test_deep_and_odd_json_takes_no_time(webhook: Webhook) -> None:
    for body in (
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"a": ' + b"9" * 1_000_000 + b"}",
        b'{"' + b"\\u0041" * 200_000 + b'": 1}',
        b"{" + b",".join(b'"%d": 1' % n for n in range(100_000)) + b"}",
    ):
        assert webhook.post(signed(body)).status in (202, 400)
