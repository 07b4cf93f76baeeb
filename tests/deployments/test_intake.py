"""What a wish does at once, and who finds it when nobody was told."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments import intake, reconcile
from deployments.adapters import wakeups
from deployments.models import Branch, Deployment
from deployments.states import DeploymentState

from .ears import Ears

pytestmark = pytest.mark.django_db


def _wish(branch: Branch, commit: str) -> Deployment:
    wished = intake.want_commit(branch, commit * 40, trigger=Deployment.Trigger.PUSH)
    assert wished is not None
    return wished


def test_an_older_deployment_that_waits_is_skipped_at_once(branch: Branch) -> None:
    older, newer = _wish(branch, "a"), _wish(branch, "b")
    for deployment in (older, newer):
        deployment.refresh_from_db()
    assert older.state == DeploymentState.SUPERSEDED
    assert older.cleaned_at is not None and older.finished_at is not None
    assert newer.state == DeploymentState.QUEUED


def test_a_wake_up_that_got_lost_is_repeated(branch: Branch, ears: Ears) -> None:
    deployment = _wish(branch, "a")
    ears.take()
    reconcile.tick()
    assert not ears.heard(wakeups.BUILD)  # it may still be heard
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        reconcile.tick()
    assert ears.heard(wakeups.BUILD) == [(deployment.pk,)]
