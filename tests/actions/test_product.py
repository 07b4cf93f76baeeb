"""Both actions against the product itself: what is planned is built, handed over, and goes live."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deployments.models import Deployment, Repository
from deployments.models.repository import HostName
from tests.deployments.conftest import _nothing_remembered as _nothing_remembered
from tests.deployments.conftest import ears as ears
from tests.deployments.test_handing import index, push
from tests.deployments.world import FakeBuildx, World

from .runner import Runner
from .test_build import ROLE

RUN = "https://github.com/acme/shop/actions/runs/1658821493"


@pytest.fixture
def server(
    live_server: Any,
    token: Callable[..., str],
    httpserver: HTTPServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    url = str(live_server.url)
    monkeypatch.setattr(settings.EDAHA, "base_url", url)

    def give(_: Request) -> Response:
        return Response(json.dumps({"value": token(aud=url)}), content_type="application/json")

    httpserver.expect_request("/token").respond_with_handler(give)
    return url


@pytest.fixture
def waiting(world: World, job: Runner) -> Deployment:
    """A push to main, whose images somebody else builds; the job has checked it out."""
    branch = world.new_branch("main")
    Repository.objects.update(
        host=HostName.GITHUB, builds="actions", workflow_role="deployer", is_private=True
    )
    made = world.push(branch)
    job.workspace = world.origin.path
    job.environment["PATH"] = job.environment["PATH"].partition(":")[2]
    job.github |= {"head_ref": "", "ref_name": "main", "sha": made.commit, "event": {}}
    return made


@pytest.fixture
def built(job: Runner) -> None:
    """What Docker's action does: an index of the platforms is pushed by the tag."""

    def build(inputs: Any) -> dict[str, str]:
        repository, _, tag = inputs["tags"].rpartition(":")
        manifest = index(*inputs["platforms"].split(","))
        return {"digest": push(manifest, name=repository.partition("/")[2], tag=tag)}

    job.stand_ins = {"docker/build-push-action": build}


def test_a_push_goes_live_with_what_actions_built(
    job: Runner, server: str, waiting: Deployment, built: None, world: World, buildx: FakeBuildx
) -> None:
    image = job.use("build", server=server, role=ROLE)
    assert image.code == 0, image.said
    assert image.used["aws-actions/amazon-ecr-login"]["registries"] == "123456789012"

    handed = job.use("preview", server=server, images=image.outputs["image"], timeout="0.05")
    assert handed.outputs == {"deployment": str(waiting.pk)}, handed.said
    waiting.refresh_from_db()
    assert waiting.image_set is not None
    assert waiting.image_set.images == {image.outputs["name"]: image.outputs["image"]}
    assert (waiting.image_set.run_url, waiting.image_set.actor != "") == (RUN, True)

    world.settle()
    again = job.use("preview", server=server, images=image.outputs["image"], timeout="0.5")
    assert again.code == 0, again.said
    waiting.branch.refresh_from_db()
    assert again.outputs == {
        "deployment": str(waiting.pk),
        "state": "live",
        "url": waiting.branch.url,
    }
    assert buildx.builds == 0


def test_what_is_not_in_ecr_is_told_by_its_field(
    job: Runner, server: str, waiting: Deployment, built: None
) -> None:
    name, _, _ = job.use("build", server=server, role=ROLE).outputs["image"].partition("@")
    done = job.use("preview", server=server, images=f"app={name}@sha256:{'0' * 64}")
    assert done.code == 2
    assert "images.app" in done.said and done.outputs == {}


def test_another_image_of_the_registry_is_refused(
    job: Runner, server: str, waiting: Deployment, built: None
) -> None:
    image = job.use("build", server=server, role=ROLE).outputs["image"]
    done = job.use("preview", server=server, images=f"app={image.replace('acme-shop', 'other')}")
    assert done.code == 2 and "images.app" in done.said


def test_where_edaha_builds_nothing_is_handed_over(
    job: Runner, server: str, waiting: Deployment
) -> None:
    Repository.objects.update(builds="edaha")
    done = job.use("build", server=server, role=ROLE)
    assert done.code == 1 and not done.used
    assert "::error title=No image::" in done.said and "builds" in done.said


def test_a_viewers_workflow_is_told_which_role_it_needs(
    job: Runner, server: str, waiting: Deployment
) -> None:
    Repository.objects.update(workflow_role="viewer")
    done = job.use("build", server=server, role=ROLE)
    assert done.code == 4
    assert "the role `deployer` for workflows" in done.said
