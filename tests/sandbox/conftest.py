"""A cluster for all tests of this folder that start tasks."""

from collections.abc import Iterator

import boto3
import pytest

from sandbox import base_image, cloud, engine
from tests.sandbox.cluster import Cluster
from tests.sandbox.emulator import Emulator


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    base_image.ensure()
    emulator = Emulator(tmp_path_factory.mktemp("emulator"))
    emulator.start()
    account = cloud.prepare(emulator.instance)

    def client(service: str) -> object:
        session = boto3.Session("test", "test", region_name=cloud.REGION)
        return session.client(service, endpoint_url=emulator.url)  # type: ignore[call-overload]

    yield Cluster(emulator, client("ecs"), client("logs"), account)
    emulator.kill()
    engine.remove_containers(engine.Engine(), emulator.instance.name)
    engine.remove_file_systems(engine.Engine(), emulator.instance.name)
