"""compose.yaml runs every role of the image, as strictly as the image allows."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = {"migrate", "web", "control-worker", "build-worker", "beat", "router"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def test_every_role_runs_once(services: dict[str, Any]) -> None:
    assert {name for name, each in services.items() if "env_file" in each} == ROLES
    assert all(services[role]["command"] == role for role in ROLES)
    assert all(f"\n{role})\n" in (ROOT / "bin/entrypoint").read_text() for role in ROLES)


def test_only_the_build_worker_sees_the_engine(services: dict[str, Any]) -> None:
    with_engine = {name for name, each in services.items() if "docker.sock" in str(each)}
    assert with_engine == {"build-worker"}


def test_nothing_of_it_is_open_to_the_world(services: dict[str, Any]) -> None:
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_each_role_has_few_rights(services: dict[str, Any], role: str) -> None:
    assert services[role]["read_only"]
    assert services[role]["cap_drop"] == ["ALL"]


def test_the_example_of_settings_has_names_that_exist() -> None:
    names = re.findall(r"^([A-Z_]+)=", (ROOT / "docs/edaha.env.example").read_text(), re.MULTILINE)
    told = (ROOT / "docs/production.md").read_text()
    assert len(names) > 10
    assert all(f"`{name}`" in told for name in names)
