"""Workflows of GitHub Actions that say to be another repository's."""

from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory
from ninja.errors import AuthorizationError

from dashboard.access import Access
from dashboard.api.runs import check_own_branch
from dashboard.api.tokens import Caller
from deployments.adapters import github
from deployments.adapters.identity import Workflow
from deployments.models import Repository
from deployments.payloads import found_pull_request
from tests import github as examples
from tests.api.test_workflows import Make, ask, issuer, shop, token

__all__ = ["issuer", "shop", "token"]


@pytest.mark.parametrize(
    ("host", "url"),
    [("git", "https://github.com/acme/shop.git"), ("", "https://git.example.com/acme/shop.git")],
)
def test_repojacking_a_name_at_github_is_nothing_at_another_host(
    shop: Repository, token: Make, host: str, url: str
) -> None:
    """acme/shop is kept at a host of its own; somebody else has taken that name at GitHub."""
    assert ask(token()).status_code == 200
    Repository.objects.update(host=host, clone_url=url, workflow_repository_id="")
    answer = ask(token())
    assert answer.status_code == 403
    assert "may do nothing here" in answer.json()["detail"]
    assert Repository.objects.get().workflow_repository_id == ""


def test_confused_deputy_github_com_does_not_vouch_for_an_enterprise_server(
    shop: Repository, token: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sets up EDAHA_GITHUB_URL, and leaves the issuer as it is, trusted anybody's acme/shop."""
    public = "https://token.actions.githubusercontent.com"
    known: Any = settings.EDAHA
    made = token()
    monkeypatch.setattr(known, "github_url", "https://github.acme.example")
    monkeypatch.setattr(known, "github_oidc_issuer", public)
    Repository.objects.update(clone_url="https://github.acme.example/acme/shop.git")
    answer = ask(made)
    assert answer.status_code == 403
    assert "Workflows at github.com are not those of" in answer.json()["detail"]


def asks(ref: str) -> Any:
    """A request of a workflow that runs for that ref."""
    request: Any = RequestFactory().post("/api/v1/deployments")
    run = Workflow(repository="acme/shop", repository_id="74", ref=ref, actor="eve")
    request.auth = Caller("eve in a workflow", Access(), run)
    return request


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("refs/heads/eve", "main"),
        ("refs/heads/main", "feature"),
        ("refs/heads/eve", "pull:7"),
        ("refs/tags/main", "main"),
        ("refs/heads/refs/heads/main", "main"),
        ("main", "main"),
        ("refs/pull/7/merge", "main"),
        ("refs/pull/7/merge", "feature"),
        ("refs/pull/7/merge\n", "pull:7"),
    ],
)
def test_pwn_request_a_workflow_brings_its_images_to_no_other_branch(
    shop: Repository, monkeypatch: pytest.MonkeyPatch, ref: str, name: str
) -> None:
    """Pull request 7 comes from a fork, whose branch is called main as well."""
    pull = examples.pull_request("opened", "acme/shop", "main", "a" * 40, number=7, fork=True)
    event = found_pull_request("acme/shop", pull["pull_request"])
    monkeypatch.setattr(github, "pull_request", lambda *_: event)
    with pytest.raises(AuthorizationError, match="hands nothing over"):
        check_own_branch(asks(ref), shop, name)


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("refs/heads/feature", "feature"),
        ("refs/pull/8/merge", "feature"),
        ("refs/heads/main", "pull:7"),
    ],
)
def test_to_its_own_branch_it_does(
    shop: Repository, monkeypatch: pytest.MonkeyPatch, ref: str, name: str
) -> None:
    pull = examples.pull_request("opened", "acme/shop", "feature", "a" * 40, number=8)
    event = found_pull_request("acme/shop", pull["pull_request"])
    monkeypatch.setattr(github, "pull_request", lambda *_: event)
    check_own_branch(asks(ref), shop, name)


def test_whoever_has_a_token_of_edahas_own_names_any_branch(shop: Repository) -> None:
    request: Any = RequestFactory().post("/api/v1/deployments")
    request.auth = Caller("deploy bot", Access())
    check_own_branch(request, shop, "main")
