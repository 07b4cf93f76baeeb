from collections.abc import Iterator

import pytest

from deployments.adapters.github import limits
from deployments.models import Repository
from tests.github import product
from tests.github.fake import Fake
from tests.github.product import Clock


@pytest.fixture
def hub(db: None) -> Iterator[Fake]:
    """GitHub, where the App is installed; at its end, every request has to have been valid."""
    fake = product.a_fake()
    fake.state.add_pull(5)
    with product.checked(fake), product.connected(fake), product.as_app():
        yield fake


@pytest.fixture
def clock(hub: Fake) -> Clock:
    """The one of the waits between requests."""
    assert isinstance(limits.clock, Clock)
    return limits.clock


@pytest.fixture
def shop(db: None) -> Repository:
    return Repository.objects.create(
        full_name=product.SHOP, clone_url=f"https://github.com/{product.SHOP}.git"
    )
