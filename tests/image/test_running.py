"""Every role of the image at work, against a real PostgreSQL and a real Valkey."""

import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from .conftest import WEBHOOK_SECRET, House, socket_options
from .engine import Container, docker

pytestmark = [pytest.mark.docker, pytest.mark.timeout(400)]

#: As the load balancer in front passes a visitor's request on.
_PROXY = {"Host": "edaha.example.com", "X-Forwarded-Proto": "https"}


@pytest.fixture
def web(house: House) -> Iterator[httpx.Client]:
    url = f"http://{house['web'].address}:8000"
    with httpx.Client(base_url=url, headers=_PROXY, trust_env=False, timeout=10) as client:
        yield client


def test_it_is_well_and_ready(web: httpx.Client) -> None:
    assert web.get("/healthz").status_code == 200
    ready = web.get("/readyz")
    assert ready.status_code == 200
    # How far its workers are is another matter.
    assert {"database": "ok", "redis": "ok"}.items() <= ready.json().items()


def test_a_load_balancer_may_ask_by_address(house: House, web: httpx.Client) -> None:
    by_address = web.get("/healthz", headers={"Host": f"{house['web'].address}:8000"})
    assert by_address.status_code == 200
    assert web.get("/healthz", headers={"Host": "elsewhere.example.org"}).status_code == 400


def test_the_sign_in_page_has_static_files_that_browsers_keep(web: httpx.Client) -> None:
    page = web.get("/sign-in")
    assert page.status_code == 200
    style = re.search(r'href="(/static/app\.[0-9a-f]{12}\.css)"', page.text)
    assert style is not None, page.text
    file = web.get(style[1], headers={"Accept-Encoding": "gzip"})
    assert file.status_code == 200
    assert file.headers["content-encoding"] == "gzip"
    assert "immutable" in file.headers["cache-control"]


def test_a_ping_is_accepted_and_decided(house: House, web: httpx.Client) -> None:
    guid, body = str(uuid.uuid4()), json.dumps({"zen": "Keep it logically awesome."}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    answer = web.post(
        "/webhooks/github",
        content=body,
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": "ping",
            "X-GitHub-Delivery": guid,
            "X-Hub-Signature-256": f"sha256={signature}",
        },
    )
    assert answer.status_code == 202, answer.text
    assert _decision(house, guid) == "answered: the webhook works"


def _decision(house: House, guid: str) -> str:
    query = "SELECT decision FROM deployments_delivery WHERE guid = %s AND state <> 'pending'"
    with psycopg.connect(house.database_url, autocommit=True) as connection:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            row = connection.execute(query, [guid]).fetchone()
            if row is not None:
                return str(row[0])
            time.sleep(0.1)
    return f"none:\n{house['control-worker'].logs()[-2000:]}"


def test_the_router_shows_the_dashboards_page_for_an_unknown_preview(house: House) -> None:
    url = f"http://{house['router'].address}:8080/"
    answer = httpx.get(url, headers={"Host": "nothing.previews.example.net"}, trust_env=False)
    assert answer.status_code == 404, house["router"].logs()
    assert answer.headers["X-Edaha-Status"] == "unknown"


def test_the_build_worker_reaches_the_engine(house: House) -> None:
    assert house["build-worker"].run("docker", "version", "--format", "{{.Server.Os}}") == "linux"
    assert "docker" in house["build-worker"].run("docker", "buildx", "ls")


def test_a_builder_of_its_own_is_made_once(house: House, image: str) -> None:
    environment = house.environment | {"BUILDX_BUILDER": "edaha"}
    worker = Container.start(
        image, "build-worker", environment=environment, options=socket_options()
    )
    try:
        worker.wait_until_healthy(40)
        listed = worker.run("sh", "-c", "BUILDX_CONFIG=$EDAHA_DATA/cache/buildx docker buildx ls")
        assert re.search(r"^edaha\b.*docker-container", listed, re.MULTILINE), listed
    finally:
        worker.remove()


def test_a_worker_that_stands_still_is_unhealthy(house: House) -> None:
    script = """
export EDAHA_ALIVE_FILE=/tmp/of-another-time
touch -d '-3 minutes' $EDAHA_ALIVE_FILE
entrypoint health || echo unhealthy
"""
    for role in ("build-worker", "control-worker", "beat"):
        assert house[role].run("sh", "-c", script) == "unhealthy"


def test_settings_may_come_many_at_once(image: str) -> None:
    lines = '# a comment\nEDAHA_LOG_LEVEL=ERROR\nEDAHA_CLUSTER=$(id) `id` "x"\n\nnot a setting'
    code = "import os; print(os.environ['EDAHA_LOG_LEVEL'], os.environ['EDAHA_CLUSTER'])"
    said = docker(
        "run", "--rm", f"--env=EDAHA_SETTINGS={lines}", "--env=EDAHA_LOG_LEVEL=DEBUG",
        f"--env=EDAHA_SECRETS=EDAHA_SECRET_KEY={'x' * 40}",
        image, "manage", "shell", "--no-imports", "--command", code,
    )  # fmt: skip
    assert said == 'DEBUG $(id) `id` "x"'


def test_the_settings_of_production_are_sound(house: House, image: str) -> None:
    variables = [f"--env={name}={value}" for name, value in house.environment.items()]
    check = ("manage", "check", "--deploy", "--fail-level=ERROR")
    docker("run", "--rm", *variables, image, *check, timeout=60)


def test_zz_every_role_ends_within_ten_seconds_and_well(house: House) -> None:
    with ThreadPoolExecutor() as threads:
        ends = dict(
            zip(house.roles, threads.map(lambda c: c.stop(), house.roles.values()), strict=True)
        )
    print({role: f"{code} after {seconds:.1f} s" for role, (code, seconds) in ends.items()})
    for role, (code, seconds) in ends.items():
        assert code == 0, f"{role} ended with {code}:\n{house[role].logs()[-2000:]}"
        assert seconds < 10, role
