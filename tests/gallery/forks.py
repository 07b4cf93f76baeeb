"""Somebody whom nobody knows mends something: a commit that waits for an approval."""

from datetime import datetime, timedelta

from deployments import intake
from deployments.models import Approval, Branch, Repository

_FIRST, _NOW = "5b1d" * 10, "c0ffee12" * 5


def tell(shop: Repository, now: datetime) -> Branch:
    """A pull request from a fork; an earlier commit of it was approved once."""
    branch = Branch.for_fork(shop, 413)
    known = {
        "title": "Fix a typo in the Kyoto opening hours",
        "author": "hana-of-the-internet",
        "author_association": "FIRST_TIME_CONTRIBUTOR",
        "pull_request": 413,
        "pull_request_url": "https://github.com/acme/hinode-coffee/pull/413",
        "head_repository": "hana-of-the-internet/hinode-coffee",
        "head_branch": "patch-1",
    }
    for name, value in known.items():
        setattr(branch, name, value)
    branch.save()
    approval = Approval.objects.create(
        branch=branch, commit=_FIRST, actor="kenji", reason="Only a text"
    )
    Approval.objects.filter(pk=approval.pk).update(at=now - timedelta(days=2))
    intake.await_approval(branch, _NOW, actor="hana-of-the-internet")
    return branch
