"""Whose turn it is: pure rules, tried with any queue that hypothesis thinks of."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deployments.pipeline.order import Limits, Load, Place, Queued, Reason, arrange

START = datetime(2026, 11, 23, tzinfo=UTC)


def queue(*repositories: int) -> list[Queued]:
    """One new branch for each, in the order of arrival."""
    return [
        Queued(number, number, repository, START + timedelta(seconds=number))
        for number, repository in enumerate(repositories, start=1)
    ]


def order(places: list[Place]) -> list[int]:
    return [place.queued.deployment for place in places]


def reasons(places: list[Place]) -> list[str]:
    return [place.wait.reason for place in places]


def without_limits() -> dict[int, Limits]:
    return dict.fromkeys(range(1, 6), Limits())


def test_one_repository_is_served_first_come_first_served() -> None:
    assert order(arrange(queue(1, 1, 1), Load(without_limits()))) == [1, 2, 3]


def test_the_only_branch_of_one_comes_before_the_second_of_another() -> None:
    places = arrange(queue(*[1] * 50, 2), Load(without_limits()))
    assert order(places)[:3] == [1, 51, 2]


def test_whoever_has_builds_running_waits_for_those_who_have_none() -> None:
    places = arrange(queue(1, 1, 2), Load(without_limits(), builds=Counter({1: 2})))
    assert order(places) == [3, 1, 2]


def test_beyond_its_builds_a_repository_waits_and_others_do_not() -> None:
    limits = without_limits() | {1: Limits(builds=2)}
    places = arrange(queue(1, 1, 2), Load(limits, builds=Counter({1: 1})))
    assert dict(zip(order(places), reasons(places), strict=True)) == {
        1: Reason.WORKER,
        2: Reason.BUILDS,
        3: Reason.WORKER,
    }


def test_a_preview_that_is_there_needs_no_place_and_is_not_kept_behind_those_that_do() -> None:
    limits = without_limits() | {1: Limits(previews=1)}
    queued = queue(1, 1, 1, 2, 2)
    # The third one's branch is served already.
    places = arrange(queued, Load(limits, previews={3: 1}))
    assert order(places) == [3, 4, 5, 1, 2]
    assert reasons(places)[-2:] == [Reason.PREVIEWS] * 2
    assert (places[-1].wait.used, places[-1].wait.limit) == (1, 1)


def test_what_the_installation_has_places_for_goes_round() -> None:
    load = Load(without_limits(), Limits(previews=3), previews={90: 5})
    places = arrange(queue(1, 1, 1, 2), load)
    assert [place.queued.deployment for place in places if place.may_begin] == [1, 4]
    assert reasons(places)[2:] == [Reason.ALL_PREVIEWS] * 2


def test_whoever_began_too_many_within_the_hour_waits_behind_the_others() -> None:
    limits = without_limits() | {1: Limits(begun=3)}
    places = arrange(queue(1, 1, 2, 2), Load(limits, begun=Counter({1: 2})))
    assert order(places) == [1, 3, 4, 2]
    assert reasons(places)[-1] == Reason.RATE


limits = st.builds(
    Limits, builds=st.integers(0, 3), previews=st.integers(0, 4), begun=st.integers(0, 4)
)


@given(
    st.lists(st.integers(1, 4), max_size=20),
    st.fixed_dictionaries(dict.fromkeys(range(1, 5), limits)),
    limits,
    st.dictionaries(st.integers(1, 30), st.integers(1, 4), max_size=6),
    st.dictionaries(st.integers(1, 4), st.integers(0, 3)),
)
def test_no_limit_is_exceeded_and_no_free_place_is_left(
    repositories: list[int],
    limited: dict[int, Limits],
    overall: Limits,
    previews: dict[int, int],
    builds: dict[int, int],
) -> None:
    load = Load(limited, overall, builds=Counter(builds), previews=previews)
    places = arrange(queue(*repositories), load)
    assert sorted(order(places)) == list(range(1, len(repositories) + 1))
    after = load.copy()
    for place in places:
        if place.may_begin:
            assert after.full(place.queued) is None
            after.begin(place.queued)
    for place in places:
        if not place.may_begin:
            assert after.full(place.queued) is not None
    assert load == Load(limited, overall, builds=Counter(builds), previews=previews)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=30), st.data())
def test_nobody_starves_however_many_come_behind(
    repositories: list[int], data: st.DataObject
) -> None:
    """With one worker and a crowd that keeps coming, whoever waits begins after so many others."""
    waiting = queue(*repositories)
    mine = data.draw(st.sampled_from(waiting))
    before = len(arrange(waiting, Load(without_limits())))
    turns = 0
    while mine in waiting:
        first = arrange(waiting, Load(without_limits()))[0].queued
        waiting.remove(first)
        late = len(repositories) + turns + 1
        waiting.append(Queued(late, late, data.draw(st.integers(1, 4)), START + timedelta(late)))
        turns += 1
    assert turns <= 4 * before
