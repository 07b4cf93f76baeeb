import pytest
from django.utils import timezone

from deployments.models import Reconciliation
from deployments.reconcile import drift
from deployments.reconcile.notebook import Notebook
from tests.deployments.conftest import (
    _account,
    _nothing_remembered,
    _switch,
    buildx,
    cloud,
    ears,
    origin,
    repository,
    router,
    world,
)

#: The same world as that of the deployments.
__all__ = [
    "_account",
    "_nothing_remembered",
    "_switch",
    "buildx",
    "cloud",
    "ears",
    "origin",
    "repository",
    "router",
    "world",
]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited for a second look; nobody does wait here."""
    waited: list[float] = []
    monkeypatch.setattr(drift, "pause", waited.append)
    return waited


@pytest.fixture
def notebook(db: None) -> Notebook:
    now = timezone.now()
    return Notebook(Reconciliation.objects.create(started_at=now, beat_at=now))


def told(notebook: Notebook) -> tuple[list[tuple[str, str]], list[str]]:
    """The findings and the problems so far."""
    findings = [(each["what"], each["done"]) for each in notebook._findings]
    return findings, notebook._problems
