"""Filters, labels and pins: the reconciler decides as a delivery would have."""

from typing import Any

import pytest

from deployments import intake
from deployments.adapters import git
from deployments.models import Repository
from deployments.reconcile.notebook import Notebook
from deployments.states import Wanted

from .hub import NEW, SHOP, Hub

pytestmark = pytest.mark.django_db


@pytest.fixture
def hub(repository: Repository, notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> Hub:
    repository.policy = Repository.Policy.PULL_REQUESTS
    repository.full_name = SHOP
    repository.save()
    return Hub(repository, notebook, {"feature": NEW}).install(monkeypatch)


def change(hub: Hub, **values: Any) -> None:
    for name, value in values.items():
        setattr(hub.repository, name, value)
    hub.repository.save()


def into(hub: Hub, base: str) -> None:
    hub.pull()
    hub.pulls[1]["base"]["ref"] = base


FILTERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"only_with_label": True}, {}),
    ({"skip_label": "no"}, {"labels": ("no",)}),
    ({"deploy_bots": False, "bots": ["Codertocat"]}, {}),
    ({"base_branches": ["release/*"]}, {}),
    ({"deploy_drafts": False}, {"draft": True}),
]


@pytest.mark.parametrize(("settings", "more"), FILTERS)
def test_what_is_to_have_none_gets_none(
    hub: Hub, settings: dict[str, Any], more: dict[str, Any]
) -> None:
    change(hub, **settings)
    hub.pull(**more)
    assert hub.compare() == []
    assert hub.compare() == []
    assert not hub.repository.branches.filter(wanted=Wanted.PRESENT).exists()


@pytest.mark.parametrize(("settings", "more"), FILTERS[:1] + FILTERS[2:])
def test_the_label_starts_one_that_nobody_told_of(
    hub: Hub, settings: dict[str, Any], more: dict[str, Any]
) -> None:
    change(hub, **settings)
    hub.pull(**more)
    hub.compare()
    hub.pull(labels=("preview",), **more)
    assert hub.compare() == ["deploying bbbbbbb to feature"]


def test_a_label_that_was_taken_away_unheard_ends_it(hub: Hub) -> None:
    change(hub, only_with_label=True)
    hub.pull(labels=("preview",))
    hub.tell("labeled")
    hub.pull()
    assert hub.compare() == ["destroying feature: it has no label preview"]


def test_a_base_that_was_changed_unheard_ends_it(hub: Hub) -> None:
    change(hub, base_branches=["master"])
    hub.pull()
    hub.tell("opened")
    assert hub.branch().base_branch == "master"
    into(hub, "develop")
    assert hub.compare() == [
        "destroying feature: its base develop matches none of the repository's base branches"
    ]


def test_what_a_person_brought_in_spite_of_a_filter_stays(hub: Hub) -> None:
    hub.pull()
    hub.tell("opened")
    intake.destroy(hub.branch(), actor="ada", reason="x")
    intake.redeploy(hub.branch(), actor="ada")
    change(hub, only_with_label=True)
    hub.pull()  # somebody commented: its time is another one
    hub.compare()
    assert hub.branch().wanted == Wanted.PRESENT


def test_a_label_that_pins_is_seen(hub: Hub) -> None:
    hub.pull()
    hub.tell("opened")
    hub.pull(labels=("preview-pin",))
    hub.compare()
    assert hub.branch().pinned_by == "label preview-pin"
    hub.pull()
    hub.compare()
    assert hub.branch().pinned_at is None


def test_files_that_nobody_asked_for_are_found_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def changed_files(*about: object) -> list[str]:
        asked.append(about)
        return ["README.md"]

    monkeypatch.setattr(git, "changed_files", changed_files)
    change(hub, paths=["src/"])
    hub.pull()
    assert hub.compare() == hub.compare() == []
    assert len(asked) == 1
    assert hub.branch().wanted == Wanted.ABSENT
