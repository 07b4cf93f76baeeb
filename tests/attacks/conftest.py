"""Real git, a real nginx, a real Valkey; the fixtures of those who test the parts themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from deployments.models import Branch, Repository
from tests.api.conftest import Caller
from tests.dashboard.conftest import _redis_socket, deployer, redis_server, viewer, woken
from tests.dashboard.rows import a_person
from tests.deployments.conftest import _nothing_remembered, origin, repository
from tests.deployments.world import Origin
from tests.router.conftest import router
from tests.webhooks.conftest import webhook

from .watching import Watch, watched

__all__ = [
    "_nothing_remembered",
    "_redis_socket",
    "deployer",
    "origin",
    "redis_server",
    "repository",
    "router",
    "viewer",
    "webhook",
    "woken",
]


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(a_person("admin", "ada"))
    return client


@pytest.fixture
def caller(db: None) -> Caller:
    """Asks the API with a token that may deploy."""
    return Caller("deployer")


@pytest.fixture
def shop(db: None, origin: Origin) -> Repository:
    return Repository.objects.create(full_name="acme/shop", clone_url=str(origin.path))


@pytest.fixture
def main(shop: Repository) -> Branch:
    return Branch.for_name(shop, "main")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Sees every program that is started and every file that is written meanwhile."""
    with watched(tmp_path) as watch:
        yield watch
