"""What ECS is told where edaha.yml or nothing but a Dockerfile describes a service."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.definitions.application import Container
from deployments.definitions.compose import content_hash, log_groups, log_stream

from . import samples
from .samples import DIGEST, generated, platform, problems_of, service

KINDS: list[dict[str, Any]] = [
    {},
    {"launch_type": "EC2"},
    {"capacity_providers": ("FARGATE_SPOT", "FARGATE")},
    {"capacity_providers": ("our-hosts",)},
    {"task_role_arn": samples.TASK, "execution_role_arn": samples.EXECUTION},
    {"architecture": "ARM64", "cpu": 8192, "memory": 16384},
    {"count": 3, "enable_execute_command": True, "port": 3000},
]


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["environment"]}


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_boto3_would_send_it(settings: dict[str, Any]) -> None:
    assert not samples.refused_by_boto3(generated(service(**settings)))


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_launch_type_and_capacity_providers_exclude_each_other(settings: dict[str, Any]) -> None:
    made = generated(service(**settings)).service
    assert ("launchType" in made) != ("capacityProviderStrategy" in made)


@pytest.mark.parametrize(
    ("settings", "compatible"),
    [
        ({}, "FARGATE"),
        ({"launch_type": "EC2"}, "EC2"),
        ({"capacity_providers": ("FARGATE_SPOT",)}, "FARGATE"),
        ({"capacity_providers": ("ours",)}, "EC2"),
    ],
    ids=str,
)
def test_it_says_where_it_can_run(settings: dict[str, Any], compatible: str) -> None:
    made = generated(service(**settings)).task_definition
    assert made["requiresCompatibilities"] == [compatible]


def test_the_repositorys_capacity_providers_are_used_where_the_file_says_none() -> None:
    given_ = platform(launch_type="", capacity_providers=("FARGATE_SPOT",))
    made = generated(service(), platform=given_)
    assert made.service["capacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE_SPOT", "weight": 1}
    ]
    assert made.task_definition["requiresCompatibilities"] == ["FARGATE"]


def test_a_public_address_is_for_fargate() -> None:
    public = platform(assign_public_ip=True)
    on_fargate = generated(service(), platform=public).service["networkConfiguration"]
    assert on_fargate["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
    on_ec2 = generated(service(launch_type="EC2"), platform=public).service
    assert "assignPublicIp" not in on_ec2["networkConfiguration"]["awsvpcConfiguration"]


def test_its_failure_is_noticed_and_nothing_rolled_back() -> None:
    breaker = generated(service()).service["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert breaker == {"enable": True, "rollback": False}


def test_the_image_is_named_by_its_digest_and_any_other_image_as_written() -> None:
    made = generated(service(Container("app", "app"), Container("cache", "redis:7")))
    app, cache = made.task_definition["containerDefinitions"]
    assert (app["image"], cache["image"]) == (DIGEST, "redis:7")
    assert made.images == {"app": "app"}


def test_a_container_learns_where_it_runs() -> None:
    (container,) = generated(service()).task_definition["containerDefinitions"]
    told = variables(container)
    assert told["PORT"] == "8000"
    assert told["EDAHA_BRANCH"] == "feature/x"
    assert told["EDAHA_COMMIT"] == "a" * 40
    assert told["EDAHA_URL"] == "https://feature-x-1234567.example.com"


def test_a_sidecar_learns_its_own_port_only() -> None:
    sidecars = Container("metrics", "m:1", port=9090), Container("worker", "app")
    made = generated(service(Container("app", "app"), *sidecars)).task_definition
    ports = [variables(each).get("PORT") for each in made["containerDefinitions"]]
    assert ports == ["8000", "9090", None]


def test_the_more_particular_value_wins() -> None:
    given_ = platform(environment={"PORT": "9", "A": "repository", "B": "repository"})
    made = generated(service(Container("app", "app", environment={"B": "own"})), platform=given_)
    told = variables(made.task_definition["containerDefinitions"][0])
    assert (told["PORT"], told["A"], told["B"]) == ("9", "repository", "own")


@pytest.mark.parametrize(
    ("settings", "of_image", "port"),
    [
        ({}, 8000, 8000),
        ({}, None, 0),
        ({"port": 3000}, 8000, 3000),
    ],
)
def test_the_port_is_the_services_or_the_images(
    settings: dict[str, Any], of_image: int | None, port: int
) -> None:
    made = generated(service(**settings), port=of_image)
    assert made.port == port
    (container,) = made.task_definition["containerDefinitions"]
    mapped = [each["containerPort"] for each in container.get("portMappings", [])]
    assert mapped == ([port] if port else [])


class TestSecrets:
    @pytest.mark.parametrize(
        ("reference", "value_from"),
        [
            # A parameter of the task's region goes by its name:
            # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
            ("ssm:/shop/db", "/shop/db"),
            (
                "secretsmanager:shop/db",
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db",
            ),
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
            (
                "secretsmanager:shop/db:password",
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db:password::",
            ),
            (
                "arn:aws:ssm:eu-west-1:1:parameter/shop/db",
                "arn:aws:ssm:eu-west-1:1:parameter/shop/db",
            ),
        ],
    )
    def test_they_are_named_as_ecs_takes_them(self, reference: str, value_from: str) -> None:
        made = generated(service(Container("app", "app", secrets={"DB": reference})))
        (container,) = made.task_definition["containerDefinitions"]
        assert container["secrets"] == [{"name": "DB", "valueFrom": value_from}]

    def test_the_caller_may_know_the_arn(self) -> None:
        made = generated(
            service(Container("app", "app", secrets={"DB": "secretsmanager:db:key"})),
            secret_arn=lambda name: f"arn:aws:secretsmanager:r:1:secret:{name}-AbCdEf",
        )
        (container,) = made.task_definition["containerDefinitions"]
        assert container["secrets"][0]["valueFrom"].endswith(":secret:db-AbCdEf:key::")

    def test_a_secret_takes_the_place_of_a_variable(self) -> None:
        given_ = platform(environment={"DB": "plain"})
        made = generated(
            service(Container("app", "app", secrets={"DB": "ssm:db"})), platform=given_
        )
        assert "DB" not in variables(made.task_definition["containerDefinitions"][0])

    @pytest.mark.parametrize(
        ("reference", "allowed"),
        [
            ("ssm:/shop/db", "ssm:/shop/*"),
            ("secretsmanager:shop/db:password", "secretsmanager:shop/db"),
            ("arn:aws:ssm:eu-west-1:123456789012:parameter/shop/db", "ssm:/shop/db"),
            (
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf:key::",
                "secretsmanager:shop-AbCdEf",
            ),
            ("ssm:/aws/reference/secretsmanager/shop", "secretsmanager:shop"),
        ],
    )
    def test_only_what_is_allowed_is_read(self, reference: str, allowed: str) -> None:
        reads = service(Container("app", "app", secrets={"DB": reference}))
        assert not problems_of(reads, allowed=(allowed,))
        (problem,) = problems_of(reads, allowed=("ssm:/other", "secretsmanager:other"))
        assert "may not" in problem.message
        assert f"--allow '{allowed.partition('*')[0]}" in problem.hint

    def test_no_secret_passes_for_another_that_a_hyphen_parts(self) -> None:
        # “shop-backup” would be the ARN of “shop”, if its end were taken for the random one.
        arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-backup"
        reads = service(Container("app", "app", secrets={"DB": arn}))
        assert problems_of(reads, allowed=("secretsmanager:shop",))

    def test_a_name_that_secrets_manager_would_not_find_is_told(self) -> None:
        reads = service(Container("app", "app", secrets={"DB": "secretsmanager:shop-master"}))
        (problem,) = problems_of(reads, allowed=("secretsmanager:*",))
        assert "finds nothing" in problem.message


class TestLogs:
    def test_the_stream_is_what_the_driver_makes(self) -> None:
        made = generated(service()).task_definition
        task = "arn:aws:ecs:eu-west-1:1:task/default/0abc"
        assert log_stream(made, "app", task) == (
            "/edaha/acme/shop",
            "feature-x-1234567/app/0abc",
        )
        assert log_stream(made, "other", task) is None
        assert log_groups(made) == ["/edaha/acme/shop"]

    def test_other_drivers_have_no_stream(self) -> None:
        task = {
            "containerDefinitions": [{"name": "a", "logConfiguration": {"logDriver": "splunk"}}]
        }
        assert log_stream(task, "a", "x/1") is None
        assert log_groups(task) == []


def test_what_would_run_the_same_has_the_same_hash() -> None:
    one = generated(service()).task_definition
    assert content_hash(one) == content_hash(one | {"tags": []})
    assert content_hash(one) == content_hash(dict(reversed(one.items())))
    assert content_hash(one) != content_hash(one | {"cpu": "512"})


_texts = st.text(max_size=20)
_names = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
_containers = st.builds(
    Container,
    name=_names,
    image=st.sampled_from(["app", "redis:7"]),
    command=st.none() | st.lists(_texts, max_size=2).map(tuple),
    entrypoint=st.none() | st.lists(_texts, max_size=2).map(tuple),
    environment=st.dictionaries(_names, _texts, max_size=3),
    secrets=st.dictionaries(_names, st.sampled_from(["ssm:/a", "secretsmanager:b:c"]), max_size=2),
    port=st.none() | st.integers(1, 65535),
    cpu=st.none() | st.integers(0, 4096),
    memory=st.none() | st.integers(6, 4096),
    essential=st.booleans(),
    depends_on=st.dictionaries(_names, st.sampled_from(["START", "HEALTHY"]), max_size=2),
    health_check=st.none() | st.just(("CMD-SHELL", "true")),
)


@given(st.lists(_containers, min_size=1, max_size=3), st.sampled_from(KINDS))
def test_whatever_edaha_yml_says_boto3_would_send_it(
    containers: list[Container], settings: dict[str, Any]
) -> None:
    made = generated(service(*containers, **settings))
    assert not samples.refused_by_boto3(made)
    problems_of(service(*containers, **settings))  # finds some or none, and never fails
