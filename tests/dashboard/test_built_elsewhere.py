"""What people read of images that GitHub Actions builds."""

import pytest
from django.test import Client

from dashboard.presentation import visitor_sentence
from deployments.models import Deployment, ImageSet
from deployments.reports import comment, facts, verdict
from deployments.states import BranchState, DeploymentState

from .rows import COMMIT, a_branch, a_deployment, a_person

pytestmark = pytest.mark.django_db
RUN = "https://github.com/acme/shop/actions/runs/4711"
WAITS = "It waits for the images that GitHub Actions builds."


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(a_person())
    return client


@pytest.fixture
def waiting() -> Deployment:
    branch = a_branch(state=BranchState.PENDING, pull_request=7)
    branch.repository.builds = "actions"
    branch.repository.save()
    return a_deployment(branch, DeploymentState.QUEUED, is_built_elsewhere=True)


def handed(deployment: Deployment, run_url: str = RUN) -> None:
    deployment.image_set = ImageSet.objects.create(
        repository=deployment.branch.repository,
        branch_name=deployment.branch.name,
        commit=COMMIT,
        images={},
        run_url=run_url,
    )
    deployment.save()


@pytest.mark.parametrize("path", ["/branches/{0.branch_id}", "/deployments/{0.pk}"])
def test_what_waits_says_what_for_and_what_to_do(
    client: Client, waiting: Deployment, path: str
) -> None:
    page = client.get(path.format(waiting)).content.decode()
    assert WAITS in page
    assert "run the workflow of this commit again" in page
    assert "in the queue" not in page


def test_once_they_are_there_it_stands_in_the_queue(client: Client, waiting: Deployment) -> None:
    handed(waiting)
    page = client.get(f"/deployments/{waiting.pk}").content.decode()
    assert WAITS not in page
    assert "It is number 1 in the queue." in page


def test_the_run_that_built_it_is_a_link(client: Client, waiting: Deployment) -> None:
    handed(waiting)
    page = client.get(f"/deployments/{waiting.pk}").content.decode()
    assert f'href="{RUN}"' in page
    assert "Built by GitHub Actions" in page
    assert (
        "built by GitHub Actions" in client.get(f"/branches/{waiting.branch_id}").content.decode()
    )


def test_without_a_run_there_is_no_link(client: Client, waiting: Deployment) -> None:
    handed(waiting, "")
    page = client.get(f"/deployments/{waiting.pk}").content.decode()
    assert "Built by GitHub Actions" in page
    assert "/actions/runs/" not in page


def test_nobody_is_offered_a_build_without_the_cache(client: Client, waiting: Deployment) -> None:
    path = f"/branches/{waiting.branch_id}/deploy"
    assert "no_cache" not in client.get(path).content.decode()
    waiting.branch.repository.builds = "edaha"
    waiting.branch.repository.save()
    assert "no_cache" in client.get(path).content.decode()


def test_who_asks_for_one_all_the_same_is_told_why_not(client: Client, waiting: Deployment) -> None:
    answer = client.post(
        f"/branches/{waiting.branch_id}/redeploy",
        {"no_cache": "on", "generation": waiting.branch.generation},
        follow=True,
    )
    assert "there is nothing to build anew here" in answer.content.decode()
    assert waiting.branch.deployments.count() == 1


def test_the_pull_request_says_so(waiting: Deployment) -> None:
    found = facts.gather(waiting.branch)
    assert found is not None
    assert (found.place, found.waiting_for) == (None, WAITS)
    assert "images that GitHub Actions builds" in comment.render(found)
    told = verdict.of(waiting.branch.repository, waiting.commit)
    assert told.title == "Waits for the images that GitHub Actions builds"
    assert told.as_check()["status"] == "queued"


def test_a_visitor_is_told_too(waiting: Deployment) -> None:
    assert visitor_sentence(waiting.branch) == WAITS
