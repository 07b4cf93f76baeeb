"""What ECS was told, and how that differs: on the page, and in the API."""

from typing import Any

import pytest
from django.test import Client

from deployments.models import Deployment, Service
from deployments.states import DeploymentState
from tests.api.conftest import Caller

from .rows import a_deployment, a_live_branch

pytestmark = pytest.mark.django_db

SECRET = "postgres://ada:s3cret@db"


def told(**changed: Any) -> dict[str, Any]:
    """A task definition with one container; `environment` is a dictionary here."""
    environment = {"EDAHA_COMMIT": "abc"} | changed.pop("environment", {"DATABASE_URL": SECRET})
    container = {
        "name": "app",
        "image": "registry/shop@sha256:1",
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
    }
    return {"family": "edaha-x-1", "memory": "512", "containerDefinitions": [container]} | changed


def describe(deployment: Deployment, task: dict[str, Any], **fields: Any) -> Service:
    service = deployment.services.get()
    for name, value in {"task_definition": task, **fields}.items():
        setattr(service, name, value)
    service.save()
    return service


@pytest.fixture
def newest() -> Deployment:
    """A second deployment with more memory and another database."""
    branch = a_live_branch()
    assert branch.live is not None
    describe(branch.live, told())
    made = a_deployment(branch, DeploymentState.VERIFYING)
    other = told(memory="1024", environment={"DATABASE_URL": "other", "EDAHA_COMMIT": "def"})
    change = {"where": "service.desiredCount", "before": 2, "after": 1, "why": "One is enough."}
    describe(made, other, changes=[change])
    return made


def page(client: Client, deployment: Deployment) -> str:
    response = client.get(f"/deployments/{deployment.pk}/definitions")
    assert response.status_code == 200
    return response.content.decode()


def test_the_difference_to_the_deployment_before_is_shown(
    deployer: Client, newest: Deployment
) -> None:
    text = page(deployer, newest)
    assert "Compared with deployment #1" in text
    assert "taskDefinition.memory" in text
    assert "taskDefinition.containerDefinitions[app].environment[DATABASE_URL]" in text
    assert SECRET in text
    assert "environment[EDAHA_COMMIT]" not in text, "that is no difference to people"


def test_a_viewer_sees_that_a_value_differs_and_not_the_value(
    viewer: Client, newest: Deployment
) -> None:
    text = page(viewer, newest)
    assert "environment[DATABASE_URL]" in text
    assert SECRET not in text
    assert "shown to people who may deploy" in text


@pytest.mark.parametrize(
    "part",
    [
        {"command": ["serve", "--password", SECRET]},
        {"dockerLabels": {"token": SECRET}},
        {"logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": SECRET}}},
        {"healthCheck": {"command": ["CMD", SECRET]}},
        {"environment": [{"name": "EDAHA_TOKEN", "value": SECRET}]},
    ],
    ids=str,
)
def test_whatever_a_template_put_a_value_into_is_hidden_from_viewers(
    viewer: Client, newest: Deployment, part: dict[str, Any]
) -> None:
    task = told()
    task["containerDefinitions"][0] |= part
    change = {"where": "x", "before": SECRET, "after": [SECRET], "why": "because"}
    describe(newest, task, changes=[change])
    assert SECRET not in page(viewer, newest)
    assert (
        SECRET
        not in Caller("viewer")("GET", f"/deployments/{newest.pk}/definitions").content.decode()
    )
    assert "because" in page(viewer, newest)


def test_what_edaha_changed_is_shown_with_its_reason(deployer: Client, newest: Deployment) -> None:
    text = page(deployer, newest)
    assert "Edaha changed 1 thing" in text
    assert "service.desiredCount" in text
    assert "One is enough." in text


def test_the_difference_to_the_default_branch_is_shown(
    deployer: Client, newest: Deployment
) -> None:
    assert "Compared with main" not in page(deployer, newest)
    baseline = {"task_definition": told(memory="2048"), "service_definition": {}}
    describe(newest, newest.services.get().task_definition, baseline=baseline)
    text = page(deployer, newest)
    assert "Compared with main" in text
    assert "2048" in text


def test_a_service_without_a_past_is_told_as_new(deployer: Client, newest: Deployment) -> None:
    Service.objects.filter(deployment=newest).update(label="api--feature-x")
    assert "This service is new." in page(deployer, newest)


def test_nothing_to_tell_has_a_next_step(deployer: Client, newest: Deployment) -> None:
    newest.services.all().delete()
    assert "The deployment’s page says why." in page(deployer, newest)


def test_hostile_definitions_stay_text(deployer: Client, newest: Deployment) -> None:
    describe(newest, told(memory="<script>alert(1)</script>"))
    text = page(deployer, newest)
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize(("role", "is_shown"), [("viewer", False), ("deployer", True)])
def test_the_api_tells_values_to_who_may_deploy(
    newest: Deployment, role: str, is_shown: bool
) -> None:
    (service,) = Caller(role)("GET", f"/deployments/{newest.pk}/definitions").json()
    assert service["service"] == "app"
    assert service["task_definition"]["memory"] == "1024"
    assert service["changes"][0]["why"] == "One is enough."
    entries = service["task_definition"]["containerDefinitions"][0]["environment"]
    values = {entry["name"]: entry["value"] for entry in entries}
    assert values["EDAHA_COMMIT"] == "def"
    assert (values["DATABASE_URL"] == "other") is is_shown


def test_the_schema_is_open_to_editors(client: Client) -> None:
    response = client.get("/edaha.schema.json")
    assert response["Content-Type"] == "application/json"
    assert {"images", "services", "hooks", "expires"} <= response.json()["properties"].keys()


def test_a_previews_page_has_the_address_of_every_service(viewer: Client) -> None:
    branch = a_live_branch()
    assert branch.live is not None
    Service.objects.create(
        deployment=branch.live,
        name="api",
        label="api--feature-x",
        release_name="edaha-feature-x-api-1-1",
        container="app",
        port=9000,
    )
    text = viewer.get(f"/branches/{branch.pk}").content.decode()
    assert "api--feature-x.localhost" in text
