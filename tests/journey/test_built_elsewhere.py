"""What a workflow does: it asks what to build, pushes it, and hands the digest over."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import github

from .application import Application
from .running import Running

SHOP = "acme/built-elsewhere"


@pytest.fixture(scope="module")
def shop(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    made = Application(tmp_path_factory.mktemp("elsewhere") / "shop")
    options = ("--policy", "all", "--builds", "actions", "--port", "3000")
    running.add_repository(SHOP, made.path, *options, "--startup-seconds", "15")
    yield made
    # Journeys after this one look for what is left in AWS.
    made.checkout("main")
    made.git("branch", "--quiet", "-D", "cart")
    running.deliver("delete", github.delete(SHOP, "cart"))
    running.wait_for_branch(SHOP, "cart", "destroyed")


def build(source: Path, image: dict[str, Any], folder: Path) -> str:
    """Push what the plan asks for, as the workflow does; its reference."""
    metadata = folder / "metadata.json"
    command = ["docker", "buildx", "build", "--push", f"--metadata-file={metadata}"]
    command += [f"--platform={','.join(image['platforms'])}"]
    command += [f"--tag={image['repository']}:{image['tag']}"]
    command += [f"--file={source / image['dockerfile']}", str(source / image["context"])]
    subprocess.run(command, check=True, capture_output=True)
    digest = json.loads(metadata.read_text())["containerimage.digest"]
    return f"{image['repository']}@{digest}"


def test_what_was_built_by_hand_is_deployed_without_a_build(
    running: Running, shop: Application, tmp_path: Path
) -> None:
    commit = shop.branch("cart", {"www/index.html": "<h1>Built elsewhere</h1>"})
    running.deliver("push", github.push(SHOP, "cart", commit))
    waiting = running.wait_for_branch(SHOP, "cart", "pending", commit=commit)
    assert waiting["waiting_for"] == "images"

    about = {"repository": SHOP, "branch": "cart", "commit": commit}
    plan = running.api("GET", "/build-plan", params=about)
    assert plan.status_code == 200, plan.text
    [image] = plan.json()["images"]
    assert image["tag"] == f"cart-{commit[:12]}.app"
    shop.checkout("cart")
    reference = build(shop.path, image, tmp_path)

    tag = {"app": f"{image['repository']}:{image['tag']}"}
    assert running.api("POST", "/deployments", json=about | {"images": tag}).status_code == 422
    wish = about | {"images": {"app": reference}}
    answer = running.api("POST", "/deployments", json=wish)
    assert (answer.status_code, answer.json()["id"]) == (202, waiting["deployment"]["id"])

    branch = running.wait_for_branch(SHOP, "cart", "live", commit=commit)
    assert "Built elsewhere" in running.preview(branch["slug"]).text
    assert branch["live"]["images"] == {"app": reference}
    # The same again changes nothing.
    again = running.api("POST", "/deployments", json=wish)
    assert again.json()["id"] == branch["live"]["id"]
