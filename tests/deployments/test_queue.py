"""Which deployment begins, how many at a time, and where the others stand."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from deployments import intake, reconcile
from deployments.adapters import wakeups
from deployments.models import Branch, Deployment, Repository
from deployments.models.lease import Lease
from deployments.pipeline import queue
from deployments.states import DeploymentState, Wanted

from .ears import Ears
from .threads import together
from .world import World

pytestmark = pytest.mark.django_db
#: For tests with several workers, each of which has a connection of its own.
at_once = pytest.mark.django_db(transaction=True)

_D = DeploymentState


def a_repository(name: str = "acme/shop", **limits: int) -> Repository:
    return Repository.objects.create(full_name=name, clone_url="/nowhere", **limits)


def wish(repository: Repository, name: str) -> Deployment:
    branch = Branch.for_name(repository, name)
    made = intake.want_commit(branch, "a" * 40, trigger=Deployment.Trigger.PUSH)
    assert made is not None
    return made


def wishes(repository: Repository, count: int, first: int = 1) -> list[Deployment]:
    return [wish(repository, f"b{number}") for number in range(first, first + count)]


def begun() -> list[str]:
    """Everything that may begin does; the branches in their order."""
    names = []
    while (lease := queue.begin_next()) is not None:
        names.append(f"{lease.deployment.branch.repository} {lease.deployment.branch.name}")
    return names


def put(deployment: Deployment, state: DeploymentState, *, is_live: bool = False) -> None:
    fields: dict[str, Any] = {"started_at": timezone.now(), "lease_owner": "", "lease_until": None}
    Deployment.objects.filter(pk=deployment.pk).update(state=state, **fields)
    if is_live:
        Branch.objects.filter(pk=deployment.branch_id).update(live=deployment)


def limit(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    monkeypatch.setattr(settings, "EDAHA", settings.EDAHA.model_copy(update=values))


def test_what_begins_is_held_and_is_being_built() -> None:
    deployment = wish(a_repository(), "x")
    lease = queue.begin_next()
    assert lease is not None
    lease.beat()
    deployment.refresh_from_db()
    assert (deployment.state, deployment.lease_owner) == (_D.BUILDING, lease.owner)
    assert deployment.started_at is not None
    assert queue.begin_next() is None


def test_a_crowd_of_one_repository_does_not_keep_the_only_branch_of_another_waiting() -> None:
    wishes(a_repository("acme/crowd"), 5)
    wish(a_repository("acme/lonely"), "only")
    assert begun()[:3] == ["acme/crowd b1", "acme/lonely only", "acme/crowd b2"]


def test_a_repository_builds_as_many_as_its_own_limit_says() -> None:
    repository = a_repository(max_builds=2)
    wishes(repository, 4)
    assert begun() == ["acme/shop b1", "acme/shop b2"]
    put(Deployment.objects.get(branch__name="b1"), _D.RELEASING)
    assert begun() == ["acme/shop b3"]


def test_the_installations_limit_counts_where_a_repository_has_none_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit(monkeypatch, max_builds_per_repository=1)
    wishes(a_repository("acme/one"), 2)
    wishes(a_repository("acme/two", max_builds=0), 3)
    assert sorted(begun()) == ["acme/one b1", "acme/two b1", "acme/two b2", "acme/two b3"]


def test_all_together_build_as_many_as_the_installation_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit(monkeypatch, max_builds=3)
    for name in ("acme/one", "acme/two"):
        wishes(a_repository(name), 3)
    assert len(begun()) == 3


@pytest.mark.parametrize("state", [_D.BUILDING, _D.RELEASING, _D.VERIFYING])
def test_a_preview_on_its_way_takes_a_place(state: DeploymentState) -> None:
    repository = a_repository(max_previews=1)
    put(wish(repository, "first"), state)
    wish(repository, "second")
    assert begun() == []


@pytest.mark.parametrize("end", [_D.FAILED, _D.SUPERSEDED, _D.CANCELLED])
def test_one_that_never_came_up_gives_its_place_back(end: DeploymentState) -> None:
    repository = a_repository(max_previews=1)
    put(wish(repository, "first"), end)
    wish(repository, "second")
    assert begun() == ["acme/shop second"]


def test_a_redeploy_never_waits_for_a_place_among_the_previews() -> None:
    repository = a_repository(max_previews=1)
    put(wish(repository, "served"), _D.LIVE, is_live=True)
    wish(repository, "new")
    wish(repository, "served")
    assert begun() == ["acme/shop served"]


def test_the_end_of_a_preview_lets_the_next_one_begin_and_wakes_a_worker(ears: Ears) -> None:
    repository = a_repository(max_previews=1)
    served = wish(repository, "served")
    put(served, _D.LIVE, is_live=True)
    waiting = wish(repository, "new")
    ears.take()
    intake.destroy(Branch.objects.get(pk=served.branch_id), actor="ada", reason="")
    assert ears.heard(wakeups.BUILD) == [(waiting.pk,)]
    assert begun() == ["acme/shop new"]


def test_previews_of_all_repositories_count_for_the_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit(monkeypatch, max_previews=2)
    put(wish(a_repository("acme/one"), "x"), _D.LIVE, is_live=True)
    wishes(a_repository("acme/two"), 2)
    assert begun() == ["acme/two b1"]


def test_beyond_its_rate_a_repository_waits_until_an_hour_has_passed() -> None:
    repository = a_repository(deployments_per_hour=2)
    first, *_ = wishes(repository, 3)
    assert begun() == ["acme/shop b1", "acme/shop b2"]
    Deployment.objects.filter(pk=first.pk).update(started_at=timezone.now() - timedelta(minutes=61))
    assert begun() == ["acme/shop b3"]


def test_what_is_not_wanted_any_more_takes_no_place() -> None:
    repository = a_repository(max_previews=1)
    put(wish(repository, "first"), _D.VERIFYING)
    Branch.objects.update(wanted=Wanted.ABSENT)
    wish(repository, "second")
    assert begun() == ["acme/shop second"]


@pytest.mark.parametrize(
    "limits", [{"max_builds": 2}, {"max_previews": 2}, {"deployments_per_hour": 2}]
)
@at_once
def test_many_workers_together_never_exceed_a_limit(limits: dict[str, int]) -> None:
    repository = a_repository("acme/shop", **limits)
    for round_ in range(4):
        Deployment.objects.all().delete()
        wishes(repository, 5, first=10 * round_)
        leases = together(*[queue.begin_next] * 4)
        assert sum(lease is not None for lease in leases) == 2
        assert Deployment.objects.filter(state=_D.BUILDING).count() == 2


@at_once
def test_workers_and_people_at_the_same_moment_wait_for_each_other() -> None:
    """A push locks its branch, a worker the repositories and then the branch."""
    repository = a_repository()
    for round_ in range(8):
        branch = wish(repository, f"b{round_}").branch

        def push(branch: Branch = branch) -> object:
            return intake.want_commit(branch, "b" * 40, trigger=Deployment.Trigger.PUSH)

        def new(round_: int = round_) -> object:
            return wish(repository, f"new{round_}")

        together(queue.begin_next, push, new, queue.begin_next)
        newest = Branch.objects.get(pk=branch.pk)
        assert newest.generation == 2
        assert newest.deployments.filter(state=_D.QUEUED, generation=1).count() == 0
        put(Deployment.objects.latest("pk"), _D.FAILED)


def test_everybody_who_waits_has_a_position_in_the_order_they_begin() -> None:
    crowd = wishes(a_repository("acme/crowd"), 3)
    lonely = wish(a_repository("acme/lonely"), "only")
    places = queue.standings()
    assert [places[each.pk].position for each in (crowd[0], lonely, *crowd[1:])] == [1, 2, 3, 4]
    assert queue.standing(crowd[0]) == places[crowd[0].pk]
    put(crowd[0], _D.BUILDING)
    crowd[0].refresh_from_db()
    assert queue.standing(crowd[0]) is None
    assert queue.standings()[lonely.pk].position == 1


def test_what_it_waits_for_is_told() -> None:
    shop = a_repository(max_builds=1)
    wishes(shop, 2)
    full = a_repository("acme/full", max_previews=1)
    put(wish(full, "served"), _D.LIVE, is_live=True)
    wish(full, "new")
    busy = a_repository("acme/busy", deployments_per_hour=1)
    put(wish(busy, "x"), _D.FAILED)
    wish(busy, "y")
    told = {
        standing.repository + " " + Deployment.objects.get(pk=pk).branch.name: standing.waiting_for
        for pk, standing in queue.standings().items()
    }
    assert told == {
        "acme/shop b1": "It waits for a free build worker.",
        "acme/shop b2": "acme/shop has 1 of 1 builds running.",
        "acme/full new": "acme/full has 1 of 1 previews.",
        "acme/busy y": "acme/busy began 1 of 1 deployments within the last hour.",
    }
    with translation.override("ja"):
        assert not set(told.values()) & {each.waiting_for for each in queue.standings().values()}


def test_whoever_waited_too_long_is_told_for_what() -> None:
    repository = a_repository(max_previews=1)
    put(wish(repository, "served"), _D.LIVE, is_live=True)
    waiting = wish(repository, "new")
    ago = timezone.now() - timedelta(hours=2, seconds=1)
    Deployment.objects.filter(pk=waiting.pk).update(state_changed_at=ago)
    reconcile.tick()
    waiting.refresh_from_db()
    assert waiting.state == _D.FAILED
    assert waiting.error == "It waited for 2 hours: acme/shop has 1 of 1 previews."
    assert waiting.hint.startswith(
        "Destroy one, or raise the limit: manage repository set acme/shop"
    )


def test_the_clock_wakes_nobody_up_who_may_not_begin(ears: Ears) -> None:
    repository = a_repository(max_builds=1)
    first, second = wishes(repository, 2)
    Deployment.objects.update(state_changed_at=timezone.now() - timedelta(minutes=1))
    ears.take()
    reconcile.tick()
    assert ears.heard(wakeups.BUILD) == [(first.pk,)]
    assert queue.begin_next() is not None
    reconcile.tick()
    assert (second.pk,) not in ears.heard(wakeups.BUILD)
    put(first, _D.FAILED)
    reconcile.tick()
    assert ears.heard(wakeups.BUILD)[-1] == (second.pk,)


def test_a_worker_that_was_woken_for_one_takes_whose_turn_it_is(world: World) -> None:
    branch = world.new_branch()
    world.push(branch)
    late = world.push(Branch.for_name(branch.repository, "late"))
    world.ears.take()
    # As if only the wake-up for the later one had come through, and twice.
    world.ears.send_task(wakeups.BUILD, args=(late.pk,), countdown=None, retry=False)
    world.ears.send_task(wakeups.BUILD, args=(10**9,), countdown=None, retry=False)
    world.settle()
    assert [*Deployment.objects.order_by("started_at", "pk").values_list("branch", "state")] == [
        (branch.pk, _D.LIVE),
        (late.branch_id, _D.LIVE),
    ]


def test_one_at_a_time_all_of_them_come_up_in_turn(world: World) -> None:
    branch = world.new_branch()
    Repository.objects.update(max_builds=1)
    branches = [branch, *(Branch.for_name(branch.repository, f"b{number}") for number in range(3))]
    for each in branches:
        world.push(each)
    world.settle()
    assert Deployment.objects.filter(state=_D.LIVE).count() == 4


def test_thousands_that_wait_and_tens_of_thousands_that_ended_cost_a_few_quick_reads() -> None:
    repositories = [a_repository(f"acme/r{number}", max_builds=1) for number in range(20)]
    branches = Branch.objects.bulk_create(
        Branch(repository=repositories[number % 20], name=f"b{number}", slug=f"b{number}")
        for number in range(2_000)
    )
    ended = (
        Deployment(
            branch=branches[number % 2_000],
            generation=number // 2_000 + 1,
            commit="a" * 40,
            trigger="push",
            state=_D.RETIRED,
            started_at=timezone.now() - timedelta(days=1),
        )
        for number in range(20_000)
    )
    Deployment.objects.bulk_create(ended, batch_size=2_000)
    Deployment.objects.bulk_create(
        Deployment(branch=branch, generation=99, commit="a" * 40, trigger="push")
        for branch in branches
    )
    with CaptureQueriesContext(connection) as queries:
        began = time.process_time()
        assert len(queue.standings()) == 2_000
        seconds = time.process_time() - began
    assert len(queries) <= 9
    assert seconds < 2
    assert isinstance(queue.begin_next(), Lease)
