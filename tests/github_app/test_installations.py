"""What the App's webhook tells of the App: each delivery gets a decision that says it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.utils import timezone

from deployments import deliveries, safekeeping
from deployments.models import Delivery, GitHubApp, MadeApp, Repository
from deployments.secrets import installation_secrets, key_id
from tests import github as examples
from tests.github.product import configured, private_key


@pytest.fixture(autouse=True)
def app(db: None) -> Iterator[None]:
    with configured(github_app_id=""):
        GitHubApp.keep(
            MadeApp(1, "edaha", "Edaha", "acme", "https://github.com/apps/edaha", "Iv1",
                    private_key(), "hookSesame", "x"), actor="root",
        )  # fmt: skip
        yield


def decided(kind: str, body: dict[str, Any], secret: str = "hookSesame") -> str:
    row = Delivery.objects.create(
        guid=str(uuid4()),
        event=kind,
        payload=orjson.dumps(body),
        key_id=key_id(secret),
        received_at=timezone.now(),
    )
    deliveries.decide_pending()
    row.refresh_from_db()
    return row.decision


def about(action: str, **more: Any) -> dict[str, Any]:
    account = {"id": 1, "account": {"login": "acme", "id": 2}}
    return {"action": action, "installation": account, "sender": {"login": "ada"}} | more


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("created", "noted: acme installed the GitHub App"),
        ("deleted", "noted: acme removed the GitHub App"),
        ("suspend", "noted: acme suspended the GitHub App"),
        ("unsuspend", "noted: acme lets the GitHub App work again"),
        ("something_new", "ignored: something_new changes nothing"),
    ],
)
def test_each_change_of_an_installation_is_noted(action: str, said: str) -> None:
    assert decided("installation", about(action)) == said


def test_repositories_that_come_and_go_are_counted() -> None:
    body = about("added", repositories_added=[{"id": 1}, {"id": 2}], repositories_removed=[])
    said = "noted: acme gave the GitHub App 2 repositories, and took 0 away"
    assert decided("installation_repositories", body) == said


def test_only_the_apps_own_webhook_is_believed() -> None:
    Repository.objects.create(
        full_name="acme/shop", clone_url="https://github.com/acme/shop", webhook_secret="its own"
    )
    said = decided("installation", about("deleted"), secret="its own")
    assert said == "ignored: it is signed with another repository's secret"


def test_a_payload_without_an_account_is_told() -> None:
    said = decided("installation", {"action": "created", "installation": {}})
    assert said == "failed: malformed payload, installation without a proper 'account'"


def test_the_app_tells_of_repositories_with_and_without_a_secret_of_their_own() -> None:
    for name, secret in (("acme/shop", "its own"), ("acme/api", "")):
        Repository.objects.create(
            full_name=name, clone_url=f"https://github.com/{name}", webhook_secret=secret
        )
        payload = examples.pull_request("assigned", name, "feature", "a" * 40, number=7)
        assert decided("pull_request", payload) == "ignored: assigned changes nothing"


def test_new_keys_take_the_app_along() -> None:
    before = GitHubApp.objects.get()
    old, new = ["A" * 43 + "="], ["B" * 42 + "A="]
    with configured(github_app_id="", secrets_keys=[*new]):
        assert safekeeping.rotate() == (1, [])
    after = GitHubApp.objects.get()
    assert after.made_at == before.made_at
    assert after.sealed_private_key != before.sealed_private_key
    with configured(github_app_id="", secrets_keys=new, secret_key="x" * 50):
        assert after.private_key() == private_key()
    with configured(github_app_id="", secrets_keys=old, secret_key="x" * 50):
        assert safekeeping.rotate() == (0, ["the GitHub App edaha"])
        assert not installation_secrets()
