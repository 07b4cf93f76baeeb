from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments import outbox
from deployments.models import Branch, Repository
from tests.deployments.conftest import ears
from tests.deployments.ears import Ears
from tests.github import product
from tests.github.fake import Fake

__all__ = ["Ears", "ears"]

BASE = "https://edaha.example.com"


@pytest.fixture
def hub() -> Iterator[Fake]:
    """GitHub, known by a token; at its end, every request has to have been valid."""
    fake = product.a_fake()
    fake.state.add_pull(5)
    with (
        product.checked(fake),
        product.connected(fake),
        product.as_person(base_url=BASE),
    ):
        yield fake


@pytest.fixture
def app(hub: Fake) -> Iterator[Fake]:
    """The same by the App."""
    with product.as_app(base_url=BASE):
        yield hub


@pytest.fixture
def shop(db: None) -> Repository:
    return Repository.objects.create(
        full_name=product.SHOP,
        clone_url=f"https://github.com/{product.SHOP}.git",
        policy=Repository.Policy.ALL,
    )


@pytest.fixture
def branch(shop: Repository) -> Branch:
    branch = Branch.for_name(shop, "feature/x")
    branch.pull_request = 5
    branch.save()
    return branch


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Deliver at a later time: `later(minutes=20)`; without, until nothing is due."""
    moved = timedelta(0)

    def deliver(**by: float) -> None:
        nonlocal moved
        moved += timedelta(**by)
        with time_machine.travel(timezone.now() + moved, tick=True):
            for repository in outbox.waiting(timezone.now()):
                outbox.deliver(repository)

    yield deliver
