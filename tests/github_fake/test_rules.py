"""The fake itself: what it knows of GitHub's rules, of which no test of the product has all."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from django.utils import timezone

from tests.github import product
from tests.github.fake import Fake, Transport
from tests.github.fake.hooks import add_delivery, add_hook

R = "https://api.github.com/repos/acme/shop"


@pytest.fixture
def fake() -> Iterator[Fake]:
    with product.checked(product.a_fake()) as fake:
        fake.state.personal_token = product.TOKEN
        yield fake


@pytest.fixture
def client(fake: Fake) -> Iterator[httpx.Client]:
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": f"Bearer {product.TOKEN}",
    }
    with httpx.Client(transport=Transport(fake), headers=headers) as client:
        yield client


def deploy(client: httpx.Client, **more: Any) -> httpx.Response:
    return client.post(f"{R}/deployments", json={"ref": "a" * 40} | more)


def test_links_lead_through_all_pages_by_the_repositorys_number(
    fake: Fake, client: httpx.Client
) -> None:
    for number in range(1, 6):
        fake.state.branches[f"b{number}"] = "a" * 40
    answer = client.get(f"{R}/branches", params={"per_page": 2})
    names = [each["name"] for each in answer.json()]
    assert "/repositories/" in answer.links["next"]["url"]
    assert answer.links["last"]["url"].endswith("page=3")
    while following := answer.links.get("next"):
        answer = client.get(following["url"])
        names += [each["name"] for each in answer.json()]
    assert names == ["b1", "b2", "b3", "b4", "b5"]
    assert set(answer.links) == {"prev", "first"}


def test_deliveries_are_read_by_a_cursor_for_three_days(fake: Fake, client: httpx.Client) -> None:
    add_hook(fake.state, 9, "https://edaha.example.com/webhooks/github")
    for hours in (1, 2, 3, 80):
        ago = timedelta(hours=hours)
        add_delivery(fake.state, 9, f"{hours:08}", 502, ago=ago, event="push")
    answer = client.get(f"{R}/hooks/9/deliveries", params={"per_page": 2})
    assert [each["id"] for each in answer.json()] == [1, 2]
    rest = client.get(answer.links["next"]["url"])
    assert ([each["id"] for each in rest.json()], "next" in rest.links) == ([3], False)
    assert client.post(f"{R}/hooks/9/deliveries/1/attempts").status_code == 202
    assert client.post(f"{R}/hooks/9/deliveries/7/attempts").status_code == 404
    assert client.get(f"{R}/hooks/9/deliveries", params={"cursor": "v1_7"}).status_code == 422


def test_what_conflicts_is_refused(fake: Fake, client: httpx.Client) -> None:
    commit = "a" * 40
    assert deploy(client).status_code == 201
    fake.state.conflicting.add(commit)
    assert "Conflict merging" in deploy(client).json()["message"]
    assert deploy(client, auto_merge=False).status_code == 201
    client.post(f"{R}/statuses/{commit}", json={"state": "failure", "context": "tests"})
    refused = deploy(client, auto_merge=False)
    assert (refused.status_code, "status checks failed" in refused.text) == (409, True)
    assert deploy(client, auto_merge=False, required_contexts=[]).status_code == 201


def test_commits_that_there_are_not_are_refused(fake: Fake, client: httpx.Client) -> None:
    fake.state.commits = {"b" * 40}
    assert deploy(client).status_code == 422
    status = {"state": "success", "context": "x"}
    assert client.post(f"{R}/statuses/{'a' * 40}", json=status).status_code == 422
    assert client.post(f"{R}/statuses/{'b' * 40}", json=status).status_code == 201


def test_where_issues_are_off_or_locked(fake: Fake, client: httpx.Client) -> None:
    fake.state.add_pull(5)
    fake.state.has_issues = False
    said = {"body": "hello"}
    assert client.post(f"{R}/issues/6/comments", json=said).status_code == 410
    assert client.post(f"{R}/issues/5/comments", json=said).status_code == 201
    fake.state.locked.add(5)
    assert client.post(f"{R}/issues/5/comments", json=said).status_code == 403


def test_what_is_deleted_is_gone(fake: Fake, client: httpx.Client) -> None:
    number = fake.state.add_comment("hello", "mona")
    for status in (204, 404):
        assert client.delete(f"{R}/issues/comments/{number}").status_code == status
    known = deploy(client).json()["id"]
    for status in (204, 404):
        assert client.delete(f"{R}/deployments/{known}").status_code == status
    told = {"state": "success"}
    assert client.post(f"{R}/deployments/{known}/statuses", json=told).status_code == 404


def test_too_many_changes_in_a_minute_are_a_secondary_limit(
    fake: Fake, client: httpx.Client
) -> None:
    fake.limits.most_changes = 2
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert [deploy(client).status_code for _ in range(3)] == [201, 201, 403]
        refused = deploy(client)
        assert "secondary rate limit" in refused.text
        clock.shift(int(refused.headers["Retry-After"]))
        assert deploy(client).status_code == 201


def test_the_limit_is_counted_for_each_and_asked_for_at_no_cost(
    fake: Fake, client: httpx.Client
) -> None:
    fake.limits.leave("person", 1)
    for _ in range(2):
        rate = client.get("https://api.github.com/rate_limit").json()["rate"]
        assert rate["remaining"] == 1
    assert client.get(f"{R}/branches").status_code == 200
    refused = client.get(f"{R}/branches")
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (403, "0")
    other = client.get(f"{R}/branches", headers={"Authorization": ""})
    assert other.status_code == 200


def test_files_and_comparisons_are_those_that_there_are(fake: Fake, client: httpx.Client) -> None:
    fake.state.add_pull(5)
    fake.state.files[5] = ["web/index.html", "README.md"]
    found = client.get(f"{R}/pulls/5/files").json()
    assert [each["filename"] for each in found] == fake.state.files[5]
    fake.state.branches |= {"main": "a" * 40, "same": "a" * 40, "other": "b" * 40}
    assert client.get(f"{R}/compare/main...same").json()["status"] == "identical"
    assert client.get(f"{R}/compare/main...other").json()["status"] != "identical"
    assert client.get(f"{R}/compare/main...none").status_code == 404


def test_the_repository_that_was_renamed_leads_to_its_new_name(
    fake: Fake, client: httpx.Client
) -> None:
    fake.state.moved["acme/shop"] = "acme/store"
    fake.state.hidden.add("acme/secret")
    moved = client.get(f"{R}/branches")
    assert (moved.status_code, "/repositories/" in moved.headers["Location"]) == (301, True)
    assert client.get("https://api.github.com/repos/acme/secret/branches").status_code == 404
