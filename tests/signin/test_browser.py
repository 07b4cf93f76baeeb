"""The whole way in Chromium: the button, the provider, the way back, and the way out."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, expect

from dashboard.signin import configuring
from tests.dashboard.conftest import _is_serious as is_serious

from .conftest import Issuer, Use

# WhiteNoise hands static files out by synchronous iterators.
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous")


@pytest.fixture
def okta(use: Use, issuer: Issuer) -> Issuer:
    use(oidc_providers=[issuer.setting()], role_mapping={"okta:dev": "deployer"})
    return issuer


def test_a_person_signs_in_at_their_company_and_out_again(
    browser: Browser, okta: Issuer, dashboard: str, settings: Any
) -> None:
    okta.tell("42", preferred_username="mika", groups=["dev"])
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    # The settings did the same when they were read.
    targets = ["'self'", *configuring.origins(settings.EDAHA)]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy | {"form-action": targets}}
    problems: list[str] = []
    context = browser.new_context(base_url=dashboard, locale="en")
    page = context.new_page()
    page.on("console", lambda said: problems.append(said.text) if is_serious(said.text) else None)

    page.goto("/overview")
    page.get_by_role("button", name="Sign in with okta").click()
    page.get_by_placeholder("sub").fill("42")
    page.get_by_role("button", name="Authorize", exact=True).click()
    page.wait_for_url("**/overview")
    assert User.objects.get().username == "mika"
    page.goto("/me")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.get_by_role("button", name="Sign in with okta").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", name="Signing in did not work")).to_be_visible()
    context.close()
    assert problems == []
