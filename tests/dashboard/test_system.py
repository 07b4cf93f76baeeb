"""How Edaha itself is: parts, comparisons, what is left over."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import health
from deployments.adapters import wakeups
from deployments.models import Orphan, Reconciliation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_ask_redis", lambda: None)


def system(client: Client) -> str:
    return client.get("/system").content.decode()


def a_pass(**fields: Any) -> Reconciliation:
    now = timezone.now()
    return Reconciliation.objects.create(**({"started_at": now, "beat_at": now} | fields))


def test_where_nothing_happened_yet_the_page_says_what_to_do(deployer: Client) -> None:
    page = system(deployer)
    assert "Nothing has been compared yet." in page
    assert "Nothing is left over." in page
    assert page.count("It works.") == 5


def test_a_pass_shows_what_it_found_and_did(deployer: Client) -> None:
    a_pass(
        asked_by="ada",
        finished_at=timezone.now(),
        counts={"services": 14},
        findings=[{"what": "The service <x> was deleted.", "done": "It is deployed again."}],
        problems=["GitHub did not answer."],
    )
    page = system(deployer)
    for part in (
        "1 difference",
        "ada",
        "services 14",
        "The service &lt;x&gt; was deleted.",
        "It is deployed again.",
        "GitHub did not answer.",
    ):
        assert part in page
    assert 'hx-trigger="every 15s"' in page


def test_while_a_pass_runs_the_page_looks_more_often(deployer: Client) -> None:
    a_pass()
    page = system(deployer)
    assert "Comparing" in page
    assert 'hx-trigger="every 2s"' in page


def test_what_is_left_over_says_when_it_goes(deployer: Client) -> None:
    seen = timezone.now()
    Orphan.objects.create(kind="ecs_service", arn="arn:aws:x", first_seen_at=seen, error="Denied.")
    Orphan.objects.create(kind="image", arn="gone", first_seen_at=seen, removed_at=seen)
    page = system(deployer)
    assert "arn:aws:x" in page
    assert (seen + timedelta(hours=1)).isoformat() in page
    assert "Denied." in page
    assert "gone" not in page


def test_the_button_asks_for_one_pass(deployer: Client, woken: list[tuple[Any, ...]]) -> None:
    first = deployer.post("/system/compare", follow=True).content.decode()
    assert "Everything is being compared." in first
    second = deployer.post("/system/compare", follow=True).content.decode()
    assert "That is being done already." in second
    asked = Reconciliation.objects.get()
    assert asked.asked_by == "mika"
    assert woken == [(wakeups.RECONCILE, asked.pk)]


def test_a_pass_whose_worker_died_does_not_stand_in_the_way(
    deployer: Client, woken: list[tuple[Any, ...]]
) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    a_pass(started_at=long_ago, beat_at=long_ago)
    deployer.post("/system/compare")
    assert len(woken) == 1


def test_a_link_compares_nothing(deployer: Client) -> None:
    assert deployer.get("/system/compare").status_code == 405


def test_viewers_are_told_what_is_ill_but_not_more(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Redis" not in viewer.get("/system/banner").content.decode()

    def away() -> None:
        raise ConnectionError("redis://secret@host")

    monkeypatch.setattr(health, "_ask_redis", away)
    banner = viewer.get("/system/banner").content.decode()
    assert "Redis" in banner
    assert "secret" not in banner
    assert "/system" not in banner
    assert viewer.get("/system").status_code == 403
