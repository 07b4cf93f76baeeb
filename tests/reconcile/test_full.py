"""A whole pass: one at a time, recorded, and never stopped by one part that fails."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import decisions, intake, reconcile
from deployments import tasks as celery_tasks
from deployments.adapters import budget, git, wakeups
from deployments.errors import PlatformError
from deployments.models import Branch, Deployment, Reconciliation, Repository
from deployments.payloads import Event
from deployments.reconcile import full
from deployments.reconcile.notebook import Notebook
from deployments.states import BranchState
from tests.deployments.ears import Ears
from tests.deployments.threads import together
from tests.deployments.world import World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> list[Notebook]:
    """Passes that look at nothing."""
    seen: list[Notebook] = []
    monkeypatch.setattr(full, "_compare", seen.append)
    return seen


class TestWhatWasMissed:
    def test_a_lost_push_goes_live_and_a_lost_deletion_leaves_nothing(self, world: World) -> None:
        branch = world.new_branch("main")
        commit = world.origin.git("rev-parse", "main")
        row = reconcile.reconcile(asked_by="ada")
        assert row is not None
        assert row.asked_by == "ada"
        assert row.findings == [
            {
                "what": f"main of acme/shop is at {commit[:7]}, and no delivery has told of it",
                "done": f"deploying {commit[:7]} to main",
            }
        ]
        assert row.problems == []
        assert row.finished_at is not None
        world.settle()
        branch.refresh_from_db()
        assert branch.state == BranchState.LIVE, world.story()

        world.origin.git("checkout", "--quiet", "-b", "other")
        world.origin.git("branch", "-D", "main")
        branch.repository.policy, branch.repository.patterns = "patterns", ["main"]
        branch.repository.save()
        again = reconcile.reconcile()
        assert again is not None
        assert [each["done"] for each in again.findings] == [
            "destroying main: the branch was deleted"
        ]
        world.settle()
        branch.refresh_from_db()
        assert branch.state == BranchState.DESTROYED
        assert not world.cloud.leftovers

    def test_a_part_that_fails_is_told_and_the_rest_goes_on(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.new_branch("main")
        Repository.objects.create(full_name="acme/broken", clone_url="/nowhere")
        row = reconcile.reconcile()
        assert row is not None
        assert [each["done"][:9] for each in row.findings] == ["deploying"]
        assert len(row.problems) == 1
        assert row.problems[0].startswith("acme/broken: git ls-remote failed")
        assert "Check the clone URL" in row.problems[0]
        assert row.counts["repositories"] == 2

    def test_an_error_inside_edaha_is_told_too(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.new_branch("main")
        monkeypatch.setattr(git, "heads", lambda _: 1 / 0)
        row = reconcile.reconcile()
        assert row is not None
        assert row.problems == [
            "acme/shop: an error inside Edaha; the workers' log has the details."
        ]

    def test_aws_that_refuses_everything_stops_nothing_else(self, world: World) -> None:
        world.new_branch("main")
        for call in ("ecs.ListServices", "servicediscovery.ListNamespaces", "ecr.DescribeImages"):
            world.cloud.fails(call, "AccessDeniedException", times=9)
        row = reconcile.reconcile()
        assert row is not None
        assert len(row.findings) == 1
        assert len(row.problems) == 3

    def test_its_calls_leave_deployments_the_larger_part(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        background: list[bool] = []
        monkeypatch.setattr(
            full, "_compare", lambda _: background.append(budget._in_background.get())
        )
        reconcile.reconcile()
        assert background == [True]
        assert not budget._in_background.get()


@pytest.mark.django_db
class TestOneAtATime:
    def test_asking_makes_a_row_and_wakes_a_worker(self, ears: Ears, empty: list[Notebook]) -> None:
        row = reconcile.ask("ada")
        assert (row.asked_by, row.finished_at) == ("ada", None)
        assert ears.heard(wakeups.RECONCILE) == [(row.pk,)]
        celery_tasks.run_reconciliation.run(row.pk)
        row.refresh_from_db()
        assert row.finished_at is not None
        assert len(empty) == 1

    def test_one_that_is_asked_for_is_not_asked_for_twice(self, ears: Ears) -> None:
        row = reconcile.ask("ada")
        assert reconcile.ask("bob") == row
        assert Reconciliation.objects.get().asked_by == "ada"
        assert len(ears.heard(wakeups.RECONCILE)) == 1

    def test_a_wake_up_that_comes_twice_makes_one_pass(self, empty: list[Notebook]) -> None:
        row = reconcile.ask()
        assert reconcile.carry_out(row.pk) is not None
        assert reconcile.carry_out(row.pk) is None
        assert len(empty) == 1

    def test_a_plain_wake_up_makes_the_pass_that_was_asked_for(self, empty: list[Notebook]) -> None:
        row = reconcile.ask("ada")
        celery_tasks.run_reconciliation.run()
        assert Reconciliation.objects.get() == row
        assert len(empty) == 1

    def test_while_one_is_alive_there_is_no_other(
        self, empty: list[Notebook], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner: list[object] = []
        monkeypatch.setattr(full, "_compare", lambda _: inner.append(reconcile.reconcile()))
        assert reconcile.reconcile() is not None
        assert inner == [None]
        assert Reconciliation.objects.count() == 1

    def test_one_that_died_is_given_up(self, empty: list[Notebook]) -> None:
        died = Reconciliation.objects.create(
            started_at=timezone.now() - 3 * MINUTE, beat_at=timezone.now() - 2.5 * MINUTE
        )
        row = reconcile.reconcile()
        assert row is not None
        assert row != died
        died.refresh_from_db()
        assert died.finished_at is not None
        assert "Its worker ended" in died.problems[0]

    def test_one_that_was_given_up_and_still_lives_ends_itself(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def give_up(notebook: Notebook) -> None:
            Reconciliation.objects.update(finished_at=timezone.now())
            notebook.found("something", "too late")

        monkeypatch.setattr(full, "_compare", give_up)
        assert reconcile.reconcile() is None
        assert Reconciliation.objects.get().findings == []

    def test_findings_are_kept_up_to_a_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def find(notebook: Notebook) -> None:
            for number in range(205):
                notebook.found(f"{number}", "done")

        monkeypatch.setattr(full, "_compare", find)
        row = reconcile.reconcile()
        assert row is not None
        assert len(row.findings) == 200
        assert row.counts == {"more findings": 5}


@pytest.mark.django_db(transaction=True)
class TestSeveralWorkers:
    def test_those_who_ask_at_once_get_one_pass(self, ears: Ears) -> None:
        rows = together(*[lambda: reconcile.ask("ada")] * 4)
        assert len({row.pk for row in rows}) == 1
        assert Reconciliation.objects.count() == 1

    def test_those_who_begin_at_once_make_one_pass(self, empty: list[Notebook]) -> None:
        made = together(*[lambda: reconcile.reconcile()] * 4)
        assert len(empty) == Reconciliation.objects.count() == sum(row is not None for row in made)
        pk = reconcile.ask().pk
        empty.clear()
        made = together(*[lambda: reconcile.carry_out(pk)] * 4)
        assert sum(row is not None for row in made) == len(empty) == 1

    def test_a_delivery_and_the_reconciler_at_once_deploy_once(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(git, "read_head", lambda *_: "b" * 40)
        told = Event("push", branch="feature", commit="b" * 40)
        found = Event("push", branch="feature", commit="b" * 40, is_found=True)
        texts = together(
            lambda: decisions.decide(repository, told).text,
            lambda: decisions.decide(repository, found).text,
        )
        assert sum(text.startswith("deploying") for text in texts) == 1
        assert Deployment.objects.count() == 1


@pytest.mark.django_db
class TestTheClock:
    def test_a_pass_is_due_some_minutes_after_the_last_one_began(
        self, ears: Ears, empty: list[Notebook]
    ) -> None:
        reconcile.tick()
        (heard,) = ears.heard(wakeups.RECONCILE)
        reconcile.carry_out(*heard)
        reconcile.tick()
        assert len(ears.heard(wakeups.RECONCILE)) == 1
        Reconciliation.objects.update(started_at=timezone.now() - 5 * MINUTE)
        reconcile.tick()
        assert len(ears.heard(wakeups.RECONCILE)) == 2

    def test_a_lost_wake_up_is_sent_again_now_and_then(self, ears: Ears) -> None:
        row = reconcile.ask("ada")
        reconcile.tick()
        assert len(ears.heard(wakeups.RECONCILE)) == 1
        before = timezone.now() - MINUTE
        Reconciliation.objects.update(started_at=before, beat_at=before)
        reconcile.tick()
        reconcile.tick()
        assert ears.heard(wakeups.RECONCILE) == [(row.pk,)] * 2
        assert Reconciliation.objects.count() == 1

    def test_nobody_is_woken_up_for_one_that_is_under_way(self, ears: Ears) -> None:
        now = timezone.now()
        Reconciliation.objects.create(started_at=now - 9 * MINUTE, beat_at=now)
        reconcile.tick()
        assert ears.heard(wakeups.RECONCILE) == []

    def test_one_that_died_is_followed_by_the_next(self, ears: Ears) -> None:
        now = timezone.now()
        Reconciliation.objects.create(started_at=now - 9 * MINUTE, beat_at=now - 8 * MINUTE)
        reconcile.tick()
        assert len(ears.heard(wakeups.RECONCILE)) == 1


def test_git_that_does_not_answer_is_no_reason_to_destroy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = world.new_branch("main")
    reconcile.reconcile()

    def refuse(_: Repository) -> None:
        raise PlatformError("git ls-remote failed: no route", retry=True)

    monkeypatch.setattr(git, "heads", refuse)
    row = reconcile.reconcile()
    assert row is not None
    assert row.problems == ["acme/shop: git ls-remote failed: no route"]
    branch.refresh_from_db()
    assert branch.wanted == "present"


def test_what_somebody_brought_back_after_its_end_stays(world: World) -> None:
    branch = world.new_branch("gone")
    intake.destroy(branch, actor="ada", reason="No longer needed")
    world.settle()
    Branch.objects.filter(pk=branch.pk).update(wanted_commit=world.origin.git("rev-parse", "main"))
    for _ in range(2):
        intake.redeploy(branch, actor="ada")
        world.settle()
        assert reconcile.reconcile() is not None
        world.settle()
        branch.refresh_from_db()
        assert branch.state == BranchState.LIVE, world.story()
