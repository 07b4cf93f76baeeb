"""Who gets a call to AWS, and who waits."""

import threading
from collections.abc import Iterator

import pytest

from deployments.adapters import aws, budget, inventory
from deployments.adapters.budget import Budget
from deployments.errors import PlatformError
from tests.conftest import Clock
from tests.deployments.cloud import Cloud


@pytest.fixture
def purse(budget_clock: Clock) -> Budget:
    return Budget(0.5, budget_clock)


def took(purse: Budget, clock: Clock, times: int, operation: str = "CreateService") -> float:
    """Seconds that so many calls took."""
    before = clock.now()
    for _ in range(times):
        purse.take("ecs", operation)
    return clock.now() - before


def test_a_burst_goes_at_once_and_the_rest_at_the_rate(purse: Budget, budget_clock: Clock) -> None:
    # Half of 50 at once, half of 5 a second.
    assert took(purse, budget_clock, 25) == 0
    assert took(purse, budget_clock, 10) == pytest.approx(4, abs=0.1)


def test_a_bucket_fills_again_and_never_overflows(purse: Budget, budget_clock: Clock) -> None:
    took(purse, budget_clock, 25)
    budget_clock.seconds += 1000
    assert took(purse, budget_clock, 25) == 0
    assert took(purse, budget_clock, 1) > 0


def test_calls_of_another_kind_have_a_bucket_of_their_own(
    purse: Budget, budget_clock: Clock
) -> None:
    took(purse, budget_clock, 25, "CreateService")
    assert took(purse, budget_clock, 1, "RegisterTaskDefinition") == 0
    assert took(purse, budget_clock, 1, "DeleteService") > 0


def test_a_deployment_waits_a_little_and_then_goes_all_the_same(
    purse: Budget, budget_clock: Clock
) -> None:
    slow = Budget(0.01, budget_clock)
    assert took(slow, budget_clock, 1, "RegisterTaskDefinition") == 0
    assert took(slow, budget_clock, 1, "RegisterTaskDefinition") == pytest.approx(5, abs=0.5)


def test_the_background_leaves_half_a_bucket(purse: Budget, budget_clock: Clock) -> None:
    with budget.in_background():
        assert took(purse, budget_clock, 12) == 0
        assert took(purse, budget_clock, 1) > 0
    assert took(purse, budget_clock, 12) == 0


def test_the_background_gives_up_rather_than_wait_for_ever(
    purse: Budget, budget_clock: Clock
) -> None:
    took(purse, budget_clock, 25)
    with budget.in_background(), pytest.raises(PlatformError, match="deployments come first"):
        # Somebody deploys all the time.
        purse._buckets["ecs services"].size = budget.Size(25, 0.001)
        purse.take("ecs", "DescribeServices")
        purse.take("ecs", "CreateService")
    assert budget_clock.now() == pytest.approx(20, abs=1)


def test_a_throttled_answer_silences_the_background_only(
    purse: Budget, budget_clock: Clock
) -> None:
    purse.throttled()
    assert took(purse, budget_clock, 5) == 0
    with budget.in_background():
        assert took(purse, budget_clock, 1) == pytest.approx(10, abs=0.5)


def test_the_smallest_share_still_lets_the_background_work(budget_clock: Clock) -> None:
    tiny = Budget(0.001, budget_clock)
    with budget.in_background():
        assert took(tiny, budget_clock, 1, "DeleteTaskDefinitions") == 0


def test_threads_share_one_budget(purse: Budget, budget_clock: Clock) -> None:
    threads = [threading.Thread(target=took, args=(purse, budget_clock, 5)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget_clock.now() == 0
    assert took(purse, budget_clock, 1) > 0


class TestOfTheClients:
    @pytest.fixture(autouse=True)
    def _in_an_account(self, cloud: Cloud) -> Iterator[None]:
        budget.forget()
        yield

    def test_every_call_takes_a_token(self, cloud: Cloud, budget_clock: Clock) -> None:
        for _ in range(51):
            inventory.service_names("default")
        assert 0 < budget_clock.now() < 1

    def test_a_throttled_call_is_heard(self, cloud: Cloud, budget_clock: Clock) -> None:
        cloud.fails("ecs.ListServices", "ThrottlingException", times=1)
        inventory.service_names("default")  # botocore tries again
        assert budget_clock.now() == 0
        with budget.in_background():
            inventory.service_names("default")
        assert budget_clock.now() == pytest.approx(10, abs=0.5)

    def test_what_has_no_bucket_is_not_held_back(self) -> None:
        assert aws.client("sts").meta.service_model.service_name == "sts"
