"""Workflows of GitHub Actions that say to be another repository's."""

from typing import Any

import pytest
from django.conf import settings

from deployments.models import Repository
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
