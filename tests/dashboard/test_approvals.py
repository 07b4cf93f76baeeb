"""A fork's commit that waits: what people see of it, and who may decide."""

import pytest
from django.test import Client

from deployments.models import Approval, Branch, Deployment
from deployments.states import Wanted

from .rows import COMMIT, a_fork, a_live_branch, a_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("woken")]
OTHER = "d" * 40


def seen(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).content.decode()


def press(client: Client, branch: Branch, what: str, **data: str) -> str:
    address = f"/branches/{branch.pk}/approval/{what}"
    return client.post(address, data, follow=True).content.decode()


@pytest.fixture
def onlooker() -> Client:
    client = Client()
    client.force_login(a_person("viewer", "noa"))
    return client


class TestWhatIsSaid:
    def test_the_list_says_what_waits(self, deployer: Client) -> None:
        a_fork()
        page = seen(deployer, "/")
        assert "Waiting for approval" in page
        assert "octocat:patch-1" in page

    def test_the_list_says_that_a_newer_commit_waits(self, deployer: Client) -> None:
        branch = a_live_branch()
        Branch.objects.filter(pk=branch.pk).update(is_fork=True, waiting_commit=OTHER)
        page = seen(deployer, "/")
        assert "a newer commit waits for approval" in page
        assert "Waiting for approval" not in page

    def test_the_preview_says_why_it_waits_and_what_to_do(self, deployer: Client) -> None:
        branch = a_fork()
        page = seen(deployer, f"/branches/{branch.pk}")
        assert "It comes from octocat/shop: somebody with the role deployer has to approve" in page
        assert f'href="/branches/{branch.pk}/approval"' in page

    def test_a_preview_that_is_served_says_that_another_commit_waits(
        self, deployer: Client
    ) -> None:
        branch = a_live_branch()
        Branch.objects.filter(pk=branch.pk).update(is_fork=True, waiting_commit=OTHER)
        page = seen(deployer, f"/branches/{branch.pk}")
        assert "A newer commit, ddddddd, waits for an approval." in page

    def test_visitors_of_the_address_are_told(self, client: Client) -> None:
        a_fork()
        response = client.get("/router/status", headers={"X-Edaha-Host": "pr-123.localhost"})
        page = response.content.decode()
        assert response.status_code == 503
        assert response["X-Edaha-Status"] == "pending"
        assert "Somebody of the team has to approve it before it is built." in page

    def test_the_page_shows_who_wrote_what_where(self, deployer: Client) -> None:
        branch = a_fork()
        page = seen(deployer, f"/branches/{branch.pk}/approval")
        shown = ["contributes for the first time", "octocat/shop", "patch-1", COMMIT]
        assert [each for each in shown if each not in page] == []
        assert f'href="https://github.com/acme/shop/commit/{COMMIT}"' in page
        assert 'href="https://github.com/acme/shop/pull/123/files"' in page
        assert "It gets no secrets" in page

    def test_what_a_stranger_wrote_is_text(self, deployer: Client) -> None:
        evil = "<script>alert(1)</script>"
        branch = a_fork(
            title=evil, author=evil, head_repository=evil, head_branch=evil,
            pull_request_url="javascript:alert(1)", author_association=evil,
        )  # fmt: skip
        for address in ("/", f"/branches/{branch.pk}", f"/branches/{branch.pk}/approval"):
            page = seen(deployer, address)
            assert evil not in page
            assert "javascript:" not in page


class TestDecidings:
    def test_an_approval_of_what_was_shown(self, deployer: Client) -> None:
        branch = a_fork()
        page = press(deployer, branch, "given", commit=COMMIT, reason="read it")
        assert "3f2a1bc is approved, and on its way." in page
        deployment = Deployment.objects.get()
        assert (deployment.commit, deployment.actor, deployment.is_trusted) == (
            COMMIT,
            "mika",
            False,
        )
        assert Approval.objects.get().reason == "read it"
        assert "Approved 3f2a1bc: read it" in page

    def test_the_activity_tells_of_it(self, deployer: Client) -> None:
        press(deployer, a_fork(), "given", commit=COMMIT)
        assert "Approved 3f2a1bc" in seen(deployer, "/activity")

    def test_a_push_between_the_page_and_the_click_is_not_approved(self, deployer: Client) -> None:
        branch = a_fork()
        Branch.objects.filter(pk=branch.pk).update(waiting_commit=OTHER)
        page = press(deployer, branch, "given", commit=COMMIT)
        assert "Another commit waits by now: dddddddddddd." in page
        assert f'value="{OTHER}"' in page
        assert not Deployment.objects.exists()

    @pytest.mark.parametrize("commit", ["", COMMIT[:7], "\x00", f"{COMMIT}0", "HEAD"])
    def test_nothing_else_is_a_commit(self, deployer: Client, commit: str) -> None:
        press(deployer, a_fork(), "given", commit=commit)
        assert not Deployment.objects.exists()

    def test_a_second_click_says_so(self, deployer: Client) -> None:
        branch = a_fork()
        press(deployer, branch, "given", commit=COMMIT)
        assert "mika approved this commit before." in press(
            deployer, branch, "given", commit=COMMIT
        )
        assert Deployment.objects.count() == 1

    def test_a_rejection(self, deployer: Client) -> None:
        branch = a_fork()
        assert "3f2a1bc is not built." in press(deployer, branch, "refused", commit=COMMIT)
        branch.refresh_from_db()
        assert (branch.wanted, branch.waiting_commit) == (Wanted.ABSENT, "")

    @pytest.mark.parametrize("what", ["given", "refused"])
    def test_a_viewer_sees_it_and_decides_nothing(self, onlooker: Client, what: str) -> None:
        branch = a_fork()
        page = seen(onlooker, f"/branches/{branch.pk}/approval")
        assert "People with the role deployer may approve it." in page
        assert "<button" not in page.partition('id="confirmation"')[2].partition("</main>")[0]
        response = onlooker.post(f"/branches/{branch.pk}/approval/{what}", {"commit": COMMIT})
        assert response.status_code == 403
        branch.refresh_from_db()
        assert branch.waiting_commit == COMMIT

    def test_a_branch_of_the_repository_has_no_such_page(self, deployer: Client) -> None:
        branch = a_live_branch()
        assert deployer.get(f"/branches/{branch.pk}/approval").status_code == 404
        assert deployer.post(f"/branches/{branch.pk}/approval/given").status_code == 404

    def test_redeploy_deploys_nothing_unapproved(self, deployer: Client) -> None:
        branch = a_fork()
        response = deployer.post(f"/branches/{branch.pk}/redeploy", {"generation": 0}, follow=True)
        assert "no commit of it was approved yet" in response.content.decode()
        assert not Deployment.objects.exists()

    def test_without_csrf_token_nothing_is_approved(self) -> None:
        branch, client = a_fork(), Client(enforce_csrf_checks=True)
        client.force_login(a_person())
        response = client.post(f"/branches/{branch.pk}/approval/given", {"commit": COMMIT})
        assert response.status_code == 403
        assert not Deployment.objects.exists()
