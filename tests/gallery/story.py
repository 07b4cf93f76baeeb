"""A company's month with Edaha, as rows: what the pages show in pictures and in checks."""

import json
import sys
import time
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.utils import timezone  # noqa: E402

from deployments.models import (  # noqa: E402
    Branch,
    Build,
    Delivery,
    Deployment,
    Pulse,
    Reconciliation,
    Repository,
    Tally,
    Transition,
)
from deployments.states import BranchState, DeploymentState  # noqa: E402
from tests.dashboard.rows import a_service  # noqa: E402

from . import forks, logs, office, past  # noqa: E402

NOW = timezone.now()
PASSWORD = "leaves"  # of everybody in the story
LONG = "Loyalty card in the wallet, with a very long title that tells everything about it at once"
PEOPLE = {"mika": "admin", "kenji": "deployer", "vera": "viewer"}

_S = BranchState
# fmt: off
#: Name, title, number, author, state, hours since its last change, hours since it was opened.
PREVIEWS: list[tuple[str, str, int, str, BranchState, float, float | None]] = [
    ("feature/search-filters", "Search with filters for allergens", 412, "kenji",
     _S.BUILDING, 0.01, 3),
    ("feature/opening-hours", "Show opening hours on the map", 409, "mika", _S.LIVE, 0.4, 0.2),
    ("fix/SHOP-231-coupon-rounding", "SHOP-231 Round coupons the way the till does", 410, "aiko",
     _S.FAILED, 0.7, None),
    ("feature/dark-mode", "Dark mode for the menu", 398, "tom", _S.LIVE, 5, 1),
    ("renovate/django-5.x", "Update Django to 5.2.19", 411, "renovate[bot]",
     _S.PENDING, 0.02, None),
    ("copy/checkout-ja", "支払い画面の文言を読みやすく", 405, "sakura", _S.LIVE, 26, 2),
    ("feature/loyalty-card", LONG, 391, "kenji", _S.LIVE, 50, 30),
    ("spike/edge-cache", "", 0, "tom", _S.DEPLOYING, 0.03, None),
    ("feature/table-booking", "Book a table", 377, "mika", _S.LIVE, 200, 190),
    ("chore/fonts", "Serve fonts ourselves", 402, "aiko", _S.ASLEEP, 300, 280),
    ("feature/gift-cards", "Gift cards", 350, "sakura", _S.DESTROYED, 500, 510),
]
# fmt: on


def tell() -> dict[str, int]:
    """Everything; returns ids by the names that the scenes use."""
    people()
    shop = a_repository("acme/hinode-coffee", policy=Repository.Policy.PULL_REQUESTS)
    a_repository("acme/roastery-admin", policy=Repository.Policy.ALL)
    branches = {row[0]: _preview(shop, *row) for row in PREVIEWS}
    ids = {
        "building": branches["feature/search-filters"].pk,
        "live": branches["feature/opening-hours"].pk,
        "failed": branches["fix/SHOP-231-coupon-rounding"].pk,
        "destroyed": branches["feature/gift-cards"].pk,
        "repository": shop.pk,
    }
    for name in ("building", "live", "failed"):
        newest = Branch.objects.get(pk=ids[name]).deployment
        assert newest
        ids[f"{name}_deployment"] = newest.pk
    past.tell(shop, branches["feature/opening-hours"], NOW)
    ids["waiting"] = forks.tell(shop, NOW).pk
    ids |= office.tell(shop, NOW)
    ids["delivery"] = _deliveries(shop, branches)
    well()
    return ids


def people() -> None:
    for name, role in PEOPLE.items():
        user = User.objects.create_user(name, password=PASSWORD)
        user.groups.add(Group.objects.get_or_create(name=role)[0])


def a_repository(full_name: str, **fields: Any) -> Repository:
    url = f"https://github.com/{full_name}.git"
    return Repository.objects.create(
        full_name=full_name, clone_url=url, webhook_secret="of-the-story", **fields
    )


def well() -> None:
    """All parts of the installation have given a sign of life."""
    for part in (Pulse.Part.CONTROL, Pulse.Part.BUILD):
        Pulse.objects.update_or_create(part=part, defaults={"at": NOW, "asked_at": NOW})
    counts = {"previews": 9, "refs": 14, "services": 9, "images": 41}
    at = NOW - timedelta(minutes=2)
    Reconciliation.objects.create(started_at=at, beat_at=at, finished_at=at, counts=counts)
    Tally.add(Tally.Name.THROTTLED, NOW - timedelta(hours=30), 4)


def _preview(
    shop: Repository, name: str, title: str, number: int, author: str, state: BranchState,
    changed: float, opened: float | None,
) -> Branch:  # fmt: skip
    at = NOW - timedelta(hours=changed)
    branch = Branch.for_name(
        shop, name, title=title, author=author, wanted_commit=logs.commit(number)
    )
    if number:
        branch.pull_request = number
        branch.pull_request_url = f"https://github.com/{shop.full_name}/pull/{number}"
    _attempts(branch, state, at)
    Branch.objects.filter(pk=branch.pk).update(
        **{f: getattr(branch, f) for f in ("pull_request", "pull_request_url", "generation")},
        deployment=branch.deployment,
        live=branch.live,
        state=state,
        wanted="absent" if state == BranchState.DESTROYED else "present",
        state_changed_at=at,
        updated_at=at,
        created_at=at - timedelta(days=3),
        visited_at=None if opened is None else NOW - timedelta(hours=opened),
        expires_at=NOW + timedelta(days=20) - timedelta(hours=changed),
        pinned_at=at if "dark" in name else None,
        pinned_by="mika" if "dark" in name else "",
        expiry_warned_at=at if "booking" in name else None,
    )
    branch.refresh_from_db()
    return branch


_NEWEST: dict[BranchState, DeploymentState] = {
    _S.PENDING: DeploymentState.QUEUED,
    _S.BUILDING: DeploymentState.BUILDING,
    _S.DEPLOYING: DeploymentState.VERIFYING,
    _S.FAILED: DeploymentState.FAILED,
    _S.DESTROYED: DeploymentState.RETIRED,
}


def _attempts(branch: Branch, state: BranchState, at: Any) -> None:
    """An earlier deployment that went well, and the newest one."""
    if state not in (_S.PENDING, _S.DEPLOYING):
        earlier = a_deployment(branch, DeploymentState.LIVE, at - timedelta(hours=20))
        logs.of_a_build(earlier, ended=True)
        branch.live = earlier if state != _S.DESTROYED else None
    newest = a_deployment(branch, _NEWEST.get(state, DeploymentState.LIVE), at)
    if state == _S.FAILED:
        logs.of_a_failure(newest)
    elif state != _S.PENDING:
        logs.of_a_build(newest, ended=state != _S.BUILDING)
    if state in (_S.LIVE, _S.ASLEEP):
        earlier.state = DeploymentState.RETIRED
        earlier.save()
        branch.live = newest


def a_deployment(branch: Branch, state: DeploymentState, at: Any, **fields: Any) -> Deployment:
    """One that was begun at that time; what it passed has times, too."""
    branch.generation += 1
    seconds = [0, 4, 71, 78, 96]
    times = [at + timedelta(seconds=each) for each in seconds]
    order = [DeploymentState.QUEUED, DeploymentState.BUILDING, DeploymentState.RELEASING,
             DeploymentState.VERIFYING]  # fmt: skip
    reached = order.index(state) if state in order else 4
    failed = state == DeploymentState.FAILED
    names = ["started_at", "built_at", "released_at", "finished_at"]
    passed = names[:1] if failed else names[:reached]
    given = {name: times[number + 1] for number, name in enumerate(passed)}
    if failed:
        given |= {"finished_at": at + timedelta(seconds=31)}
    deployment = Deployment.objects.create(
        branch=branch,
        generation=branch.generation,
        commit=branch.wanted_commit,
        trigger=Deployment.Trigger.PUSH,
        actor=branch.author,
        namespace="edaha.internal",
        source="edaha.yml",
        commits=logs.commits(branch.generation),
        commits_count=2,
        **given | fields,
    )
    Deployment.objects.filter(pk=deployment.pk).update(
        state=state, created_at=at, state_changed_at=given.get("finished_at", at)
    )
    _history(branch, deployment, state, at)
    if "built_at" in given:
        Build.objects.create(deployment=deployment, name="web", reference=logs.IMAGE)
    definition = logs.definition(branch)
    a_service(deployment, task_definition=definition, service_definition={"desiredCount": 1})
    deployment.refresh_from_db()
    branch.deployment = deployment
    return deployment


def _history(branch: Branch, deployment: Deployment, state: DeploymentState, at: Any) -> None:
    moves = [("pending", "queued", "push", branch.author), ("queued", "building", "", "")]
    if state == DeploymentState.FAILED:
        moves.append(("building", "failed", deployment.error, ""))
    if state in (DeploymentState.LIVE, DeploymentState.RETIRED):
        moves.append(("verifying", "live", "", ""))
    for number, (before, after, reason, actor) in enumerate(moves):
        move = Transition.objects.create(
            branch=branch, deployment=deployment, before=before, after=after, reason=reason,
            actor=actor,
        )  # fmt: skip
        Transition.objects.filter(pk=move.pk).update(at=at + timedelta(seconds=30 * number))


def _deliveries(shop: Repository, branches: dict[str, Branch]) -> int:
    pk = 0
    for number, (name, branch) in enumerate(branches.items()):
        payload = {"ref": f"refs/heads/{name}", "after": branch.wanted_commit,
                   "repository": {"full_name": shop.full_name}}  # fmt: skip
        at = NOW - timedelta(minutes=7 * number)
        pk = Delivery.objects.create(
            guid=f"72d3162e-cc78-11e3-81ab-4c9367dc09{number:02d}",
            event="push",
            payload=json.dumps(payload).encode(),
            key_id="k",
            received_at=at,
            decided_at=at + timedelta(seconds=1),
            state=Delivery.State.DECIDED,
            decision=f"deploys {branch.wanted_commit[:7]}",
            repository=shop,
            branch=branch,
        ).pk
    return pk


def nothing() -> dict[str, int]:
    """The first day: people, and nothing else."""
    people()
    well()
    return {}


def stay_alive() -> dict[str, int]:
    """Give the signs of life that workers give, until somebody ends it."""
    while True:
        now = timezone.now()
        Pulse.objects.update(at=now, asked_at=now)
        time.sleep(10)


STORIES = {"full": tell, "empty": nothing, "alive": stay_alive}

if __name__ == "__main__":
    print(json.dumps(STORIES[sys.argv[1]]()))
