"""Pull requests of forks that no delivery told of wait like those that one told of."""

import pytest

from deployments import intake
from deployments.models import Branch, Deployment, Repository
from deployments.reconcile.notebook import Notebook
from deployments.states import Wanted

from .conftest import told
from .hub import NEW, OLD, Hub

pytestmark = pytest.mark.django_db


@pytest.fixture
def hub(repository: Repository, notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> Hub:
    return Hub(repository, notebook, {"main": OLD}).install(monkeypatch)


def push(hub: Hub, commit: str) -> None:
    hub.pull(7, fork=True)
    hub.pulls[7]["head"]["sha"] = commit


def fork() -> Branch:
    return Branch.objects.get(is_fork=True)


def test_an_open_one_that_nobody_told_of_waits(hub: Hub) -> None:
    hub.push("main")
    hub.pull(7, fork=True)
    assert hub.compare() == ["waiting for an approval of bbbbbbb for pr-7"]
    assert fork().waiting_commit == NEW
    assert told(hub.notebook)[0][0][0] == (
        "Pull request #7 of acme/shop (pull:7) is open, and no delivery has told of it"
    )
    assert hub.compare() == []
    assert hub.asked_for == []
    assert not Deployment.objects.filter(branch=fork()).exists()


def test_a_push_that_nobody_told_of_waits_again(hub: Hub) -> None:
    hub.push("main")
    hub.pull(7, fork=True)
    hub.tell("opened", 7)
    intake.approve(fork(), NEW, actor="mika")
    push(hub, OLD)
    assert hub.compare() == ["waiting for an approval of aaaaaaa for pr-7"]
    assert fork().waiting_commit == OLD
    assert Deployment.objects.filter(branch=fork()).count() == 1


def test_a_close_that_nobody_told_of_ends_it_whatever_the_policy(hub: Hub) -> None:
    hub.push("main")
    hub.pull(7, fork=True)
    hub.tell("opened", 7)
    hub.pull(7, fork=True, is_open=False)
    assert hub.compare() == ["destroying pr-7: pull request #7 was closed"]
    assert (fork().wanted, fork().waiting_commit) == (Wanted.ABSENT, "")
    assert hub.compare() == []


def test_a_repository_of_a_head_that_is_gone_is_no_error(hub: Hub) -> None:
    hub.push("main")
    hub.pull(7, fork=True)
    hub.tell("opened", 7)
    hub.pulls[7]["head"]["repo"] = None
    hub.time += 1
    assert hub.compare() == []
    assert told(hub.notebook)[1] == []
    assert (fork().waiting_commit, fork().wanted) == (NEW, Wanted.PRESENT)


def test_no_head_of_the_repository_is_taken_for_the_row_or_ends_it(hub: Hub) -> None:
    hub.pull(7, fork=True)
    hub.tell("opened", 7)
    hub.heads |= {"pr-7": OLD, "pull/7/head": OLD}
    done = hub.compare()
    slugs = Branch.objects.filter(is_fork=False).values_list("slug", flat=True)
    assert len(slugs) == 3
    assert sorted(done) == sorted(f"deploying aaaaaaa to {slug}" for slug in slugs)
    assert (fork().waiting_commit, fork().generation) == (NEW, 1)


def test_a_rejected_one_stays_away_until_a_push(hub: Hub) -> None:
    hub.push("main")
    hub.pull(7, fork=True)
    hub.tell("opened", 7)
    intake.reject(fork(), NEW, actor="mika")
    assert hub.compare() == []
    push(hub, OLD)
    assert hub.compare() == ["waiting for an approval of aaaaaaa for pr-7"]


def test_where_forks_are_left_out_nothing_is_asked(hub: Hub) -> None:
    Repository.objects.update(forks=Repository.Forks.OFF)
    hub.push("main")
    hub.pull(7, fork=True)
    assert hub.compare() == []
    assert hub.asked_for == []
    assert not Branch.objects.filter(is_fork=True).exists()


def test_a_label_leaves_it_out(hub: Hub) -> None:
    hub.push("main")
    hub.pull(7, fork=True)
    hub.tell("opened", 7)
    hub.pull(7, fork=True, labels=("skip-preview",))
    hub.pulls[7]["head"]["sha"] = OLD
    assert hub.compare() == ["destroying pr-7: label skip-preview"]
    assert hub.compare() == []
