from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard import finding, listing
from deployments.models import Branch, BuildStep, Repository, Transition
from deployments.states import BranchState, DeploymentState

from .rows import a_branch, a_delivery, a_deployment, a_live_branch, a_person

pytestmark = pytest.mark.django_db


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_first_page_tells_how_to_begin(viewer: Client) -> None:
    assert "bin/manage repository add" in text_of(viewer, "/")


def test_a_preview_is_listed_with_its_link(viewer: Client) -> None:
    branch = a_live_branch(
        title="Coupons", pull_request=7, pull_request_url="https://github.com/acme/shop/pull/7"
    )
    page = text_of(viewer, "/")
    for part in ("Coupons", "#7", "acme/shop", "3f2a1bc", "Live", branch.url):
        assert part in page


def test_hostile_addresses_from_payloads_are_not_shown(viewer: Client) -> None:
    a_live_branch(
        "<img/src=x>",
        pull_request=7,
        pull_request_url="javascript:alert(1)",
        author_avatar_url="https://avatars.githubusercontent.com.evil.example/u/1",
    )
    page = text_of(viewer, "/")
    assert "javascript:" not in page
    assert "evil.example" not in page
    assert "<img/src=x>" not in page


def test_destroyed_previews_have_a_list_of_their_own(viewer: Client) -> None:
    a_branch("gone", title="Gone one", state=BranchState.DESTROYED)
    assert "Gone one" not in text_of(viewer, "/")
    assert "Gone one" in text_of(viewer, "/?show=destroyed")


@pytest.mark.parametrize("text", ["coup", "FEATURE", "hana", "#41", "41", "3f2a1b", "acme/"])
def test_a_preview_is_found_by(viewer: Client, text: str) -> None:
    a_live_branch("feature/a", title="Coupons", author="hanako", pull_request=41)
    assert "Coupons" in text_of(viewer, f"/?q={text.replace('#', '%23')}")
    assert "Coupons" not in text_of(viewer, "/?q=something-else")


def test_pages_follow_each_other_without_a_gap(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 3)
    now = timezone.now()
    for number in range(8):
        branch = a_branch(f"branch-{number}")
        # Several of the same time: the id decides among them.
        Branch.objects.filter(pk=branch.pk).update(updated_at=now - timedelta(days=number // 3))
    seen, following = [], "/"
    while following:
        page = viewer.get(following).context
        seen += [line.split('id="branch-')[1].split('"')[0] for line in page["lines"]]
        following = page["following"]
    newest_first = Branch.objects.order_by("-updated_at", "-id").values_list("pk", flat=True)
    assert seen == [str(pk) for pk in newest_first]


@pytest.mark.parametrize("cursor", ["x", "2026-01-01_5", "_", "2026-01-01T00:00:00+00:00_x"])
def test_a_broken_cursor_shows_the_first_page(viewer: Client, cursor: str) -> None:
    a_live_branch(title="Coupons")
    assert "Coupons" in text_of(viewer, f"/?before={cursor}")


def test_the_list_asks_the_database_as_often_for_many_as_for_one(
    viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        a_live_branch(f"branch-{number}")
    # Two of each are for what the person may see.
    with django_assert_max_num_queries(9):
        viewer.get("/")
    with django_assert_max_num_queries(6):
        viewer.get("/")
    with django_assert_max_num_queries(7):
        viewer.get("/?q=branch&mine=1&favourite=1&pinned=1&sort=title&state=live")


def test_a_failure_is_explained(viewer: Client) -> None:
    branch = a_branch(state=BranchState.FAILED)
    deployment = a_deployment(
        branch, DeploymentState.FAILED, error="No Dockerfile.", hint="Add one at the root."
    )
    for address in (f"/branches/{branch.pk}", f"/deployments/{deployment.pk}"):
        page = text_of(viewer, address)
        assert "No Dockerfile." in page
        assert "Add one at the root." in page


def test_a_deployment_shows_steps_and_history(viewer: Client) -> None:
    deployment = a_deployment(a_branch(), DeploymentState.BUILDING)
    now = timezone.now()
    BuildStep.objects.create(
        deployment=deployment, number=1, name="RUN npm ci", started_at=now, completed_at=now,
        cached=True,
    )  # fmt: skip
    Transition.objects.create(
        branch=deployment.branch, deployment=deployment, before="queued", after="building",
        actor="hanako",
    )  # fmt: skip
    page = text_of(viewer, f"/deployments/{deployment.pk}")
    for part in ("RUN npm ci", "cached", "hanako"):
        assert part in page


def test_a_delivery_shows_its_decision_and_payload(deployer: Client) -> None:
    delivery = a_delivery()
    assert "ignored: repository not known" in text_of(deployer, "/deliveries")
    page = text_of(deployer, f"/deliveries/{delivery.pk}")
    assert "ignored: repository not known" in page
    assert "refs/heads/feature-x" in page


@pytest.mark.parametrize("payload", [b"not json", b"\xff\xfe", b"[" * 100_000, b""])
def test_any_payload_can_be_shown(deployer: Client, payload: bytes) -> None:
    text_of(deployer, f"/deliveries/{a_delivery(payload=payload).pk}")


def test_pages_speak_japanese(viewer: Client) -> None:
    a_live_branch()
    page = viewer.get("/", headers={"Accept-Language": "ja"}).content.decode()
    assert "公開中" in page
    assert '<html lang="ja"' in page


def test_viewers_are_not_shown_what_they_may_not_do(viewer: Client) -> None:
    branch = a_live_branch()
    page = text_of(viewer, f"/branches/{branch.pk}")
    assert "Redeploy" not in page
    assert "Destroy" not in page
    text_of(viewer, "/deliveries", status=403)


def test_nobody_reads_without_signing_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/sign-in?next=/"


def test_an_unknown_address_leads_back(viewer: Client, client: Client) -> None:
    assert "Show all previews" in text_of(viewer, "/nothing/here", status=404)
    assert "Show all previews" in text_of(viewer, "/branches/999", status=404)
    assert "nothing at this address" in text_of(client, "/nothing/here", status=404)


def test_an_account_without_a_role_is_told_so(client: Client) -> None:
    client.force_login(a_person(None))
    assert "no role yet" in text_of(client, "/", status=403)


def test_an_error_inside_says_what_to_do(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(finding, "previews", broken)
    viewer.raise_request_exception = False
    assert "Something broke" in text_of(viewer, "/", status=500)


def test_a_foreign_host_name_gets_a_page_too(client: Client) -> None:
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "other host names are refused" in response.content.decode()


def test_a_stale_form_is_refused_in_words() -> None:
    strict = Client(enforce_csrf_checks=True)
    person = a_person()
    strict.force_login(person)
    response = strict.post(f"/branches/{a_live_branch().pk}/redeploy")
    assert response.status_code == 403
    assert "open for too long" in response.content.decode()
    assert Repository.objects.exists()


def test_a_deployment_leads_to_the_ones_before_and_after_it(viewer: Client) -> None:
    branch = a_branch()
    first, middle, last = (a_deployment(branch, DeploymentState.RETIRED) for _ in range(3))
    page = viewer.get(f"/deployments/{middle.pk}").content.decode()
    assert f'href="/deployments/{first.pk}" rel="prev"' in page
    assert f'href="/deployments/{last.pk}" rel="next"' in page
    assert 'rel="next"' not in viewer.get(f"/deployments/{last.pk}").content.decode()
