"""What a push may change of how an application is deployed, while people look at it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from .running import Running, wait_for
from .step import Step, index_of


def test_what_ecs_cannot_update_is_replaced_and_no_visitor_notices(
    steps: dict[str, Step],
) -> None:
    step = steps["3-sidecar"]
    assert step.service(step.wait("cart-3"))["launchType"] == "FARGATE"
    seen: list[int] = []
    done = threading.Event()

    def visit() -> None:
        while not done.wait(0.02):
            seen.append(step.ask("cart-3").status_code)

    with ThreadPoolExecutor(2) as visitors:
        for _ in range(2):
            visitors.submit(visit)
        try:
            written = step.read("cart-3", "edaha.yml")
            spot = "    capacity_providers: [FARGATE_SPOT]\n    depends_on"
            commit = step.push("cart-3", {"edaha.yml": written.replace("    depends_on", spot, 1)})
            branch = step.wait("cart-3", commit=commit)
            wait_for(lambda: len(step.services(branch)) == 1, "the old service to be gone", 60)
        finally:
            done.set()

    assert set(seen) == {200}
    service = step.service(branch)
    assert [each["capacityProvider"] for each in service["capacityProviderStrategy"]] == [
        "FARGATE_SPOT"
    ]
    assert not service.get("launchType")


def test_when_one_of_two_services_fails_both_stay_as_they_were(steps: dict[str, Step]) -> None:
    step = steps["4-two-services"]
    step.open("half-broken")
    step.wait("half-broken")
    before = step.ask("half-broken").text

    commit = step.push(
        "half-broken",
        {
            "web/server.py": step.read("half-broken", "web/server.py").replace("costs", "is"),
            "api/server.py": "raise SystemExit('no prices today')\n",
        },
    )

    failed = step.wait("half-broken", "failed", commit=commit)
    assert "api" in failed["deployment"]["error"]
    wait_for(lambda: "no prices today" in step.log(failed), "what it printed", 10)
    assert step.ask("half-broken").text == before
    assert step.ask("half-broken", service="api").status_code == 200
    wait_for(lambda: len(step.services(failed)) == 2, "what was begun to be gone", 30)


def test_a_service_that_is_taken_out_has_no_address_any_more(steps: dict[str, Step]) -> None:
    step = steps["4-two-services"]
    step.open("no-api")
    step.wait("no-api")
    assert step.ask("no-api", service="api").status_code == 200

    written, marker = step.read("no-api", "edaha.yml"), "  api:\n    port: 4000\n"
    assert marker in written
    without = written.replace(marker, "").replace("${EDAHA_URL_API}", "http://127.0.0.1/")
    commit = step.push("no-api", {"edaha.yml": without})

    branch = step.wait("no-api", commit=commit)
    wait_for(lambda: step.ask("no-api", service="api").status_code == 404, "its end", 30)
    wait_for(lambda: len(step.services(branch)) == 1, "the API's service to be gone", 30)


def test_a_service_that_is_added_has_an_address_of_its_own(steps: dict[str, Step]) -> None:
    step = steps["2-settings"]
    added = "  help:\n    port: 3000\n    environment: {GREETING: May I help}\n"
    step.open("helpful", {"edaha.yml": step.read("main", "edaha.yml") + added})

    branch = step.wait("helpful")

    assert step.ask("helpful", service="help").text == "May I help"
    assert step.ask("helpful").text == "Hello from helpful"
    urls = {each["name"]: each["url"] for each in branch["deployment"]["services"]}
    assert urls["help"].startswith("http://help--helpful.")
    assert urls["web"] == branch["url"]


def test_nothing_but_ecspressos_files_is_enough(steps: dict[str, Step]) -> None:
    step = steps["7-ecspresso"]
    values = {
        "{{ must_env `AWS_ACCOUNT` }}": "000000000000",
        "{{ must_env `IMAGE_TAG` }}": "latest",
        "{{ must_env `SECURITY_GROUP` }}": "sg-00000001",
        "{{ must_env `SUBNET` }}": "subnet-00000001",
    }
    files: dict[str, str | None] = {"edaha.yml": None}
    for file in ("ecs-task-def.json", "ecs-service-def.json"):
        text = step.read("main", file)
        for template, value in values.items():
            text = text.replace(template, value)
        files[file] = text
    step.open("only-ecspresso", files)

    branch = step.wait("only-ecspresso")

    assert branch["deployment"]["source"] == "ecspresso.yml"
    assert step.ask("only-ecspresso").text == "Welcome to our shop"


@pytest.fixture(scope="module")
def with_secrets(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Step:
    """Step 2 with two parameters in the account, of which the repository may use one."""
    for name in ("/shop/token", "/other/token"):
        running.aws("ssm").put_parameter(Name=name, Value=f"value of {name}", Type="SecureString")
    folder = tmp_path_factory.mktemp("secrets") / "2-settings"
    return Step(running, folder, "--allow", "ssm:/shop/*", name="acme/secrets")


DOCKERFILE = """\
FROM localhost/python:3-slim AS shop
ARG COLOUR=none
COPY server.py ./
RUN --mount=type=secret,id=token echo "$COLOUR, $(wc -c </run/secrets/token) characters" >/built
CMD ["python3", "server.py"]

FROM shop AS tests
RUN exit 1
"""
EDAHA_YML = """\
images:
  shop:
    target: shop
    args: {COLOUR: "${EDAHA_BRANCH}"}
    secrets: {token: "ssm:/shop/token"}
services:
  web:
    port: 3000
    command: GREETING=$$(cat /built) exec python3 server.py
"""


def test_a_build_has_its_stage_its_arguments_and_its_secrets(
    with_secrets: Step, running: Running
) -> None:
    step = with_secrets
    step.open("green", {"Dockerfile": DOCKERFILE, "edaha.yml": EDAHA_YML})

    branch = step.wait("green")

    assert step.ask("green").text == "green, 20 characters"
    image = branch["deployment"]["images"]["shop"]
    assert "value of" not in step.log(branch) + index_of(running, image)


def test_a_secret_that_the_repository_may_not_read_is_refused(with_secrets: Step) -> None:
    foreign = EDAHA_YML.replace("/shop/token", "/other/token")
    with_secrets.open("greedy", {"Dockerfile": DOCKERFILE, "edaha.yml": foreign})

    failed = with_secrets.wait("greedy", "failed")

    assert "/other/token" in failed["deployment"]["error"]
    assert "value of" not in failed["deployment"]["error"] + with_secrets.log(failed)
    with_secrets.close_all()
