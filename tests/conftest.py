"""The environment of every test, set before Django reads it."""

import os
import tempfile
from collections.abc import Iterator

import django
import pytest
from pytest_django.plugin import DjangoDbBlocker

_DATA = tempfile.TemporaryDirectory(prefix="edaha-tests-")

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "dashboard.settings",
    "EDAHA_SECRET_KEY": "only for tests, and of no value anywhere else",
    "EDAHA_DATA": _DATA.name,
    # Nothing listens there: wake-ups are collected by a test's own fixture, or lost.
    "EDAHA_REDIS_URL": "redis://127.0.0.1:1/0",
    "EDAHA_DATABASE_POOL": "0",
    "EDAHA_ALLOW_LOCAL_CLONE": "1",
    "EDAHA_SUBNETS": "subnet-1,subnet-2",
    "EDAHA_LOG_LEVEL": "ERROR",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
}
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
    os.environ.pop(name, None)

django.setup()

from django.conf import settings  # noqa: E402

# What makes a password slow to guess makes a person slow to make: 0.7 s each, in hundreds of
# tests. How they are hashed is Django's own business, and its default elsewhere.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

from deployments.adapters import budget  # noqa: E402  (Django's settings come first)

from . import templates  # noqa: E402  (as above)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None):
        # Or else pytest-django would read the settings in each process before this file is read
        # there, and all of them would share this process's folder.
        del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, django_db_modify_db_settings: None) -> bool:
    """Begin with a copy of what was migrated before, by the same migrations."""
    return templates.put() or django_db_keepdb


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_keepdb: bool, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    from django.contrib.auth.management import create_permissions
    from django.contrib.contenttypes.management import create_contenttypes
    from django.db import connections
    from django.db.models.signals import post_migrate

    templates.keep()
    # Each test that commits empties the database, and Django would enter these anew each time:
    # twenty times the work, for rows that nothing in Edaha reads.
    uid = f"{create_permissions.__module__}.{create_permissions.__name__}"
    assert post_migrate.disconnect(dispatch_uid=uid)
    assert post_migrate.disconnect(create_contenttypes)
    yield
    if django_db_keepdb:
        # Nobody else does where the database is kept.
        with django_db_blocker.unblock():
            connections.close_all()


@pytest.fixture(autouse=True)
def _queue_not_remembered() -> None:
    """Where deployments stood in the test before says nothing about this one's."""
    from dashboard.facets import kept
    from dashboard.waiting import looks

    looks.forget()
    kept.forget()


class Clock(budget.Clock):
    """Waiting for a call's turn takes no time in tests."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture(autouse=True)
def budget_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Each test begins with full buckets, as it does with an account of its own."""
    clock = Clock()
    monkeypatch.setattr(budget, "clock", clock)
    budget.forget()
    return clock


@pytest.fixture(autouse=True)
def _limits_anew() -> None:
    """Nobody is kept out by what another test tried."""
    from django.core.cache import cache

    cache.clear()
