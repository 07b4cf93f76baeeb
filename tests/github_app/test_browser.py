"""The whole set-up in Chromium: the page, GitHub, back, installed, and a repository added."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from deployments.adapters.github import wire
from deployments.models import GitHubApp, Repository
from tests.dashboard.conftest import (
    _is_serious,
    _redis_socket,
    browser,
    dashboard,
    redis_server,
    woken,
)
from tests.dashboard.rows import a_person
from tests.github import product
from tests.github.fake import running
from tests.github.fake.web import browsed

from .test_set_up import made

__all__ = ["_redis_socket", "browser", "dashboard", "redis_server", "woken"]

# WhiteNoise hands static files out by synchronous iterators.
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous")


def forget() -> None:
    product.forget()
    wire.client().close()
    wire.client.cache_clear()


def sign_in(page: Page) -> None:
    a_person("admin", "ada")
    page.goto("/sign-in")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("leaves")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_from_the_page_to_a_repository(
    browser: Browser, dashboard: str, monkeypatch: pytest.MonkeyPatch, javascript: bool
) -> None:
    fake = product.a_fake()
    fake.state.repositories["acme/shop"] = {"default_branch": "trunk", "private": True}
    problems: list[str] = []
    forget()
    with browsed(fake.state) as web, running(fake, "/api/v3"):
        more: dict[str, Any] = {
            "base_url": dashboard,
            "github_url": web.address,
            "github_api_url": fake.url,
        }
        monkeypatch.setattr(settings, "EDAHA", settings.EDAHA.model_copy(update=more))
        web.app = made(html_url=f"{web.address}/apps/edaha-acme")
        context = browser.new_context(
            base_url=dashboard, locale="en", java_script_enabled=javascript
        )
        page = context.new_page()
        page.on("console", lambda it: problems.append(it.text) if _is_serious(it.text) else None)
        sign_in(page)

        page.goto("/github")
        page.get_by_label("Organisation", exact=True).fill("acme")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Continue at GitHub").click()
        page.get_by_role("button", name="Create GitHub App").click()
        expect(page.get_by_text("GitHub has made the App Edaha acme.")).to_be_visible()
        page.get_by_role("link", name="Install it at GitHub").click()
        page.get_by_role("button", name="Install").click()
        if not javascript:
            page.get_by_role("link", name="Installations and repositories").click()
        page.get_by_role("link", name="Add acme/shop").click()
        expect(page.get_by_label("Main line")).to_have_value("trunk")
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("heading", name="acme/shop")).to_be_visible()
        context.close()
    forget()
    assert problems == []
    assert fake.violations == []
    assert GitHubApp.objects.get().private_key() == made()["pem"]
    assert web.manifest["hook_attributes"]["url"] == f"{dashboard}/webhooks/github"
    assert Repository.objects.get().is_private
