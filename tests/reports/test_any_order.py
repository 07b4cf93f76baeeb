"""Any order of moves and lost answers: one comment, old deployments inactive, no check pending."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments import intake, outbox
from deployments.models import Branch, Outgoing, Repository
from deployments.reports import comment, facts
from deployments.states import MOVES, DeploymentState
from tests.github import product
from tests.github.fake import Fake
from tests.github.trouble import trouble, weather

from .moving import destroy, go_live, move, wish

pytestmark = pytest.mark.django_db
_S = DeploymentState
_STEPS = st.one_of(
    st.tuples(st.just("wish"), st.sampled_from("abc")),
    st.tuples(st.just("step"), st.just("")),
    st.tuples(st.just("fail"), st.just("")),
    st.tuples(st.just("cancel"), st.just("")),
    st.tuples(st.just("live"), st.just("")),
    st.tuples(st.just("destroy"), st.just("")),
    st.tuples(st.just("delete"), st.just("")),
    st.tuples(
        st.just("tell"), st.lists(st.sampled_from(["", "", "lost", "down", 502]), max_size=6)
    ),
)


@pytest.mark.timeout(400)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(_STEPS, min_size=1, max_size=14))
def test_what_is_told_last_is_what_is_so(db: None, ears: Any, steps: list[tuple[str, Any]]) -> None:
    hub = product.a_fake()
    hub.state.add_pull(5)
    with product.checked(hub), product.connected(hub), product.as_app():
        Repository.objects.all().delete()
        url = f"https://github.com/{product.SHOP}.git"
        shop = Repository.objects.create(full_name=product.SHOP, clone_url=url, policy="all")
        branch = Branch.for_name(shop, "feature/x")
        Branch.objects.filter(pk=branch.pk).update(pull_request=5)
        for number, (what, how) in enumerate(steps):
            _take(hub, branch, what, how, minutes=20 * number)
        weather(hub, "")
        for number in range(6):
            _tell(minutes=20 * (len(steps) + 1 + number))
        _check(hub, Branch.objects.get(pk=branch.pk))


def _take(hub: Fake, branch: Branch, what: str, how: Any, *, minutes: int) -> None:
    branch.refresh_from_db()
    newest = branch.deployment
    if what == "wish":
        wish(branch, how)
    elif what == "tell":
        weather(hub, "")
        trouble(hub, how)
        _tell(minutes=minutes)
    elif what == "delete":
        hub.state.comments.clear()
    elif what == "destroy":
        if branch.wanted == "present" and newest is not None:
            destroy(branch)
    elif newest is not None and newest.is_active:
        _move(newest, what)


def _move(newest: Any, what: str) -> None:
    if what == "cancel":
        intake.cancel(newest, actor="mika")
    elif what == "fail":
        move(newest, _S.FAILED, error="no", cause="dockerfile")
    elif what == "live" and newest.state == _S.QUEUED:
        go_live(newest)
    elif what == "step" and newest.state == _S.QUEUED:
        assert _S.BUILDING in MOVES[_S.QUEUED]
        move(newest, _S.BUILDING)


def _tell(*, minutes: int) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        for repository in outbox.waiting(timezone.now()):
            outbox.deliver(repository)


def _check(hub: Fake, branch: Branch) -> None:
    assert not Outgoing.objects.filter(done_at=None).exists()
    found = facts.gather(branch)
    ours = [each["body"] for each in hub.state.comments.values()]
    if found is None:
        assert ours == []
    elif ours:
        assert ours == [comment.render(found)]
    states = {
        int(each["payload"]["edaha"].rpartition(":")[2]): hub.state.state_of(known)
        for known, each in hub.state.deployments.items()
    }
    for pk, state in states.items():
        is_shown = branch.wanted == "present" and pk in (branch.live_id, branch.deployment_id)
        assert is_shown or state == "inactive"
    if branch.live_id:
        assert states[branch.live_id] == "success"
    newest = branch.deployment
    for check in hub.state.checks.values():
        is_on_its_way = newest is not None and newest.is_active and branch.wanted == "present"
        is_its = is_on_its_way and newest is not None and newest.commit == check["head_sha"]
        assert (check["status"] == "completed") != is_its
    commits = [check["head_sha"] for check in hub.state.checks.values()]
    assert len(commits) == len(set(commits))
