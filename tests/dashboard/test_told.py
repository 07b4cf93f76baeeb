"""What pages say of what GitHub was told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import AuditEntry, Branch, Outgoing, Repository

from .rows import a_branch, a_deployment, a_person

pytestmark = pytest.mark.django_db
_PROBLEM = "GitHub refused POST /deployments (403): Resource not accessible"
_HINT = "Give the App the permission deployments=write."


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(a_person("deployer"))
    return client


def _row(branch: Branch, **fields: object) -> Outgoing:
    values = {"kind": "deployment", "key": "1", "branch": branch} | fields
    return Outgoing.objects.create(repository=branch.repository, **values)


def _told(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_when_it_was_told(client: Client) -> None:
    branch = a_branch()
    deployment = a_deployment(branch)
    _row(branch, told_at=timezone.now(), done_at=timezone.now())
    for path in (f"/branches/{branch.pk}", f"/deployments/{deployment.pk}"):
        page = _told(client, path)
        assert "Told to GitHub" in page and '/told"' not in page


def test_a_preview_that_is_not_on_github_says_nothing_of_it(client: Client) -> None:
    branch = a_branch()
    assert "Told to GitHub" not in _told(client, f"/branches/{branch.pk}")


def test_a_problem_is_told_once_with_what_to_do(client: Client) -> None:
    branch = a_branch()
    for key in "123":
        _row(branch, key=key, problem=_PROBLEM, hint=_HINT)
    for path in (f"/branches/{branch.pk}", f"/repositories/{branch.repository_id}"):
        page = _told(client, path)
        assert page.count(_PROBLEM) == page.count(_HINT) == 1
    system = _told(client, "/system")
    assert "3 things wait." in system and "3 of them could not be told" in system


def test_try_again_is_due_at_once_and_noted(client: Client) -> None:
    branch = a_branch()
    later = timezone.now() + timedelta(hours=1)
    row = _row(branch, problem=_PROBLEM, due_at=later, attempts=4)
    page = client.post(f"/branches/{branch.pk}/told", follow=True).content.decode()
    assert "GitHub is told once more." in page
    row.refresh_from_db()
    assert row.due_at <= timezone.now() and row.attempts == 0
    assert AuditEntry.objects.filter(action="github.tell", actor="mika").exists()


def test_whoever_only_looks_cannot_try_again() -> None:
    client = Client()
    client.force_login(a_person("viewer", "vera"))
    branch = a_branch()
    row = _row(branch, problem=_PROBLEM, due_at="2030-01-01T00:00Z")
    assert '/told"' not in _told(client, f"/branches/{branch.pk}")
    assert client.post(f"/branches/{branch.pk}/told").status_code == 403
    row.refresh_from_db()
    assert row.due_at.year == 2030


def test_the_form_turns_reports_off() -> None:
    from .test_repositories import values

    client = Client()
    client.force_login(a_person("admin", "ada"))
    branch = a_branch()
    given = values(report_status="off")
    del given["report_comment"]
    client.post(f"/repositories/{branch.repository_id}/edit", given)
    changed = Repository.objects.get()
    assert (changed.report_comment, changed.report_deployments) == (False, True)
    assert changed.report_status == "off"
