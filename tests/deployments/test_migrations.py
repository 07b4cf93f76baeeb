"""Previews that run while Edaha itself is updated go on being served, and can be cleaned up."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

FIRST = ("deployments", "0001_initial")
ARN = "arn:aws:ecs:eu-west-1:1:task-definition/edaha-x-1:3"


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The models of the first release; everything is migrated back afterwards."""
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    yield executor.migrate([FIRST]).apps
    MigrationExecutor(connection).migrate(newest)


def migrated() -> Any:
    executor = MigrationExecutor(connection)
    return executor.migrate(executor.loader.graph.leaf_nodes("deployments")).apps


def a_deployment(apps: Any, **fields: Any) -> Any:
    repository = apps.get_model("deployments", "Repository").objects.create(
        full_name="acme/shop", clone_url="/nowhere", health_path="/up", startup_seconds=30
    )
    branch = apps.get_model("deployments", "Branch").objects.create(
        repository=repository, name="x", slug="x"
    )
    return apps.get_model("deployments", "Deployment").objects.create(
        branch=branch, generation=4, commit="c" * 40, trigger="push", **fields
    )


def test_a_live_deployment_keeps_its_address_and_what_it_has_in_aws(before: Any) -> None:
    made = a_deployment(
        before,
        state="live",
        image="registry/shop@sha256:1",
        port=3000,
        cluster="edaha",
        namespace="edaha.internal",
        task_definition_arn=ARN,
        task_definition_hash="h",
        discovery_service_arn="arn:srv",
        ecs_deployment_id="ecs-svc/1",
        running_since=timezone.now(),
    )

    apps = migrated()

    service = apps.get_model("deployments", "Service").objects.get()
    assert (service.label, service.port, service.container) == ("x", 3000, "app")
    assert service.release_name == f"edaha-x-{made.branch_id}-4"
    assert service.task_definition_arn == ARN
    assert (service.health_path, service.startup_seconds) == ("/up", 30)
    build = apps.get_model("deployments", "Build").objects.get()
    assert build.reference == "registry/shop@sha256:1"


def test_what_never_came_to_aws_has_no_services(before: Any) -> None:
    a_deployment(before, state="failed", image="")
    apps = migrated()
    assert not apps.get_model("deployments", "Service").objects.exists()
    assert not apps.get_model("deployments", "Build").objects.exists()


def test_what_was_about_to_be_released_reads_its_definitions_first(before: Any) -> None:
    a_deployment(before, state="releasing", image="registry/shop@sha256:1")
    apps = migrated()
    assert apps.get_model("deployments", "Deployment").objects.get().state == "building"


def test_the_release_before_goes_on_writing_while_the_new_one_starts(
    transactional_db: None,
) -> None:
    """Its processes know nothing of the new columns, and run until they are replaced."""
    loader = MigrationExecutor(connection).loader
    apps = loader.project_state([("deployments", "0004_one_service_columns")]).apps
    made = a_deployment(apps)
    apps.get_model("deployments", "LogChunk").objects.create(deployment=made, first=1, lines=[])
    assert apps.get_model("deployments", "Branch").objects.get().name == "x"
