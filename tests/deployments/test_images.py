"""Whose image is deleted at the end of a branch, and whose is not."""

from typing import Any

import pytest

from deployments import intake, names
from deployments.adapters import ecr
from deployments.models import Branch, Build, Deployment, Repository
from deployments.pipeline import clean

COMMIT = "c" * 40
IMAGE = "registry/edaha/acme-shop@sha256:" + "1" * 64


@pytest.fixture
def deleted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(ecr, "delete_images", lambda name, **ids: calls.append(ids))
    return calls


def ended(repository: Repository, name: str) -> Branch:
    """A branch that ran IMAGE and is to be destroyed."""
    branch = running(repository, name)
    intake.destroy(branch, actor="ada", reason="")
    return branch


def running(repository: Repository, name: str) -> Branch:
    branch = Branch.for_name(repository, name)
    made = intake.want_commit(branch, COMMIT, trigger=Deployment.Trigger.PUSH)
    assert made is not None
    Build.objects.create(deployment=made, name="app", reference=IMAGE)
    return branch


def test_a_branchs_own_image_goes_with_it(
    repository: Repository, deleted: list[dict[str, Any]]
) -> None:
    branch = ended(repository, "alone")
    clean._remove_images(branch)
    assert deleted[0]["digests"] == ["sha256:" + "1" * 64]
    assert names.image_tag("alone", COMMIT, "app") in deleted[0]["tags"]


def test_an_image_that_another_branch_runs_stays_with_its_tag(
    repository: Repository, deleted: list[dict[str, Any]]
) -> None:
    running(repository, "other")
    branch = ended(repository, "one")
    clean._remove_images(branch)
    assert deleted == [{"tags": [names.cache_tag("one", "app")], "digests": []}]
