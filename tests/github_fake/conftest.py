from collections.abc import Iterator

import pytest

from deployments.adapters.github import limits, permissions, wire
from deployments.models import Repository
from tests.github import product
from tests.github.fake import Fake, running


@pytest.fixture
def github_fake(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """A GitHub that is talked to over HTTP; at its end, every request has to have been valid."""
    monkeypatch.setattr(limits, "clock", product.Clock())
    product.forget()
    with running(product.a_fake()) as fake, product.as_app(github_api_url=fake.url):
        yield fake
    product.forget()
    wire.client().close()
    wire.client.cache_clear()
    assert fake.violations == []


@pytest.fixture
def as_person(github_fake: Fake) -> Iterator[None]:
    """By a token instead of the App: a fine-grained one, with what docs/github.md tells to give."""
    given = {name: level for name, level in permissions.NEEDED.items() if name != "checks"}
    github_fake.state.personal_permissions = given
    with product.as_person():
        yield


@pytest.fixture
def shop(db: None) -> Repository:
    return Repository.objects.create(
        full_name=product.SHOP, clone_url=f"https://github.com/{product.SHOP}.git"
    )
