"""What an application is, by its own file and its repository's settings."""

import pytest

from deployments.definitions.application import (
    Application,
    Container,
    Ecspresso,
    Hook,
    Image,
    Service,
)
from deployments.definitions.edaha_yml import Defaults, read
from deployments.definitions.problems import DefinitionError

from .repository import Repository, reading, service

SETTINGS = Defaults(
    dockerfile="docker/Dockerfile",
    context="src",
    platforms=("linux/arm64", "linux/amd64"),
    port=8000,
    health_path="/up",
    startup_seconds=45,
    cpu=512,
    memory=1024,
)
AS_SET = Application(
    images_assumed=True,
    images=(
        Image(
            "app",
            context="src",
            dockerfile="docker/Dockerfile",
            platforms=("linux/arm64", "linux/amd64"),
        ),
    ),
    services=(
        Service(
            "app",
            is_default=True,
            port=8000,
            health_path="/up",
            startup_seconds=45,
            containers=(Container("app", "app", port=8000),),
            cpu=512,
            memory=1024,
            architecture="ARM64",
        ),
    ),
)


def test_nothing_but_a_dockerfile_is_one_service_with_the_repositorys_settings() -> None:
    assert read(Repository(), SETTINGS) == AS_SET


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "{}", "images:\nservices:\n"])
def test_an_empty_file_says_nothing_else(text: str) -> None:
    described = reading(text, SETTINGS, {"docker/Dockerfile": "FROM scratch"})
    assert described.source == "edaha.yml"
    assert (described.images, described.services) == (AS_SET.images, AS_SET.services)


def test_an_image_has_everything_that_the_file_says() -> None:
    described = reading("""
        images:
          web:
            context: web
            dockerfile: web/Dockerfile
            target: production
            args: {NODE_ENV: production, VERSION: 1.10}
            secrets: {npm_token: "ssm:/shop/npm-token"}
            platforms: [linux/arm64, linux/amd64]
            paths: [web, ./shared/]
        """)
    assert described.images == (
        Image(
            "web",
            context="web",
            dockerfile="web/Dockerfile",
            target="production",
            args={"NODE_ENV": "production", "VERSION": "1.10"},
            secrets={"npm_token": "ssm:/shop/npm-token"},
            platforms=("linux/arm64", "linux/amd64"),
            paths=("web", "shared"),
        ),
    )
    assert described.default_service.name == "app"
    assert described.default_service.containers[0].image == "web"


def test_the_dockerfile_is_looked_for_in_the_images_own_folder() -> None:
    described = reading("images: {web: {context: web}, api: {context: ./api/}}\nservices: {web: }")
    assert [image.dockerfile for image in described.images] == ["web/Dockerfile", "api/Dockerfile"]
    assert [image.context for image in described.images] == ["web", "api"]


def test_a_service_has_everything_that_the_file_says() -> None:
    role = "arn:aws:iam::123456789012:role/shop"
    found = service(f"""
        services:
          web:
            port: 3000
            health: {{path: /healthz, startup: 2m}}
            count: 2
            command: [npm, start, 1]
            entrypoint: /entry.sh $HOME
            environment: {{A: b}}
            secrets: {{DATABASE_URL: ssm:/shop/db, KEY: "secretsmanager:shop/key:json-key"}}
            cpu: 0.5 vCPU
            memory: 1 GB
            launch_type: EC2
            task_role: {role}
            execution_role: {role}
            execute_command: true
            depends_on: [redis]
            containers:
              redis:
                image: redis:7
                port: 6379
                cpu: 64
                memory: 128
                essential: false
                depends_on: {{}}
                health_check: [CMD, redis-cli, ping]
        """)
    main = Container(
        "app",
        "app",
        command=("npm", "start", "1"),
        entrypoint=("/bin/sh", "-c", "/entry.sh $HOME"),
        environment={"A": "b"},
        secrets={"DATABASE_URL": "ssm:/shop/db", "KEY": "secretsmanager:shop/key:json-key"},
        port=3000,
        depends_on={"redis": "START"},
    )
    redis = Container(
        "redis",
        "redis:7",
        port=6379,
        cpu=64,
        memory=128,
        essential=False,
        health_check=("CMD", "redis-cli", "ping"),
    )
    assert found == Service(
        "web",
        is_default=True,
        port=3000,
        health_path="/healthz",
        startup_seconds=120,
        count=2,
        containers=(main, redis),
        cpu=512,
        memory=1024,
        launch_type="EC2",
        task_role_arn=role,
        execution_role_arn=role,
        enable_execute_command=True,
    )


def test_the_first_service_is_the_default_one_unless_another_says_so() -> None:
    text = "images: {web: , api: }\nservices:\n  web: {}\n  api: {default: %s}\n"
    assert reading(text % "true").default_service.name == "api"
    assert reading(text % "false").default_service.name == "web"
    other = "images: {web: , api: }\nservices:\n  web: {default: false}\n  api: {}\n"
    assert reading(other).default_service.name == "api"


def test_a_service_runs_the_image_of_its_name_or_the_only_one() -> None:
    two = reading("images: {web: {}, api: {}}\nservices: {web: {}, api: {}, jobs: {image: api}}")
    assert [each.containers[0].image for each in two.services] == ["web", "api", "api"]
    one = reading("images: {web: {}}\nservices: {site: {}, jobs: {}}")
    assert [each.containers[0].image for each in one.services] == ["web", "web"]


def test_a_service_may_run_an_image_that_is_not_built() -> None:
    described = reading("images: {}\nservices: {mail: {image: axllent/mailpit, port: 8025}}")
    assert described.images == ()
    assert described.default_service.containers[0].image == "axllent/mailpit"


def test_the_port_and_health_path_of_the_settings_are_the_default_services() -> None:
    files = {"docker/Dockerfile": "FROM scratch"}
    described = reading("services: {web: {}, api: {}}", SETTINGS, files)
    assert [(each.port, each.health_path) for each in described.services] == [
        (8000, "/up"),
        (None, ""),
    ]
    assert [(each.cpu, each.startup_seconds) for each in described.services] == [(512, 45)] * 2


def test_tasks_run_on_the_images_first_platform_unless_they_say_otherwise() -> None:
    images = "images: {web: {platforms: [linux/arm64, linux/amd64]}}\n"
    assert service(images + "services: {web: {}}").architecture == "ARM64"
    assert service(images + "services: {web: {architecture: X86_64}}").architecture == "X86_64"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("30m", 1800), ("12h", 43200), ("7d", 604800), ("2w", 1209600), ("900s", 900)],
)
def test_durations_have_a_unit(written: str, seconds: int) -> None:
    assert reading(f"expires: {written}").expires_seconds == seconds


@pytest.mark.parametrize(
    ("cpu", "units"),
    [("256", 256), ("0.25 vCPU", 256), (".25 vcpu", 256), ("1vCPU", 1024), ("2 vCPU", 2048)],
)
def test_cpu_is_units_or_vcpus_as_in_ecs(cpu: str, units: int) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html"""
    assert service(f"services: {{web: {{cpu: {cpu}}}}}").cpu == units


@pytest.mark.parametrize(
    ("memory", "mib"),
    [("512", 512), ("1 GB", 1024), ("0.5GB", 512), ("2gb", 2048), ("300 MB", 300)],
)
def test_memory_is_mib_or_has_a_unit(memory: str, mib: int) -> None:
    assert service(f"services: {{web: {{memory: {memory}}}}}").memory == mib


@pytest.mark.parametrize(
    "written",
    ["022", "1", "1.10", "true", "True", "yes", "0x1F", "1e3", "12:30", "-5", "010", "2026-01-02"],
)
def test_numbers_and_truth_values_reach_a_container_as_they_were_written(written: str) -> None:
    found = service(f"services: {{web: {{environment: {{A: {written}}}}}}}")
    assert found.containers[0].environment == {"A": written}


def test_so_they_do_through_aliases_and_merges() -> None:
    found = service("""
        services:
          web:
            environment: &common {UMASK: 022, DEBUG: true}
            containers:
              worker:
                image: app
                environment: {<<: *common, DEBUG: false}
              cron:
                image: app
                environment: {<<: [{A: 1.0}, *common]}
        """)
    assert [container.environment for container in found.containers] == [
        {"UMASK": "022", "DEBUG": "true"},
        {"UMASK": "022", "DEBUG": "false"},
        {"A": "1.0", "UMASK": "022", "DEBUG": "true"},
    ]


def test_hooks_run_in_the_default_service_unless_they_say_otherwise() -> None:
    described = reading("""
        services: {web: {}, api: {containers: {tools: {image: "tools:1"}}}}
        hooks:
          release: {command: python manage.py migrate}
          destroy: {service: api, container: tools, command: [drop], timeout: 1h}
        """)
    assert described.release_hook == Hook("web", ("/bin/sh", "-c", "python manage.py migrate"))
    assert described.destroy_hook == Hook("api", ("drop",), "tools", 3600)


def test_an_ecspresso_service_has_what_stands_beside_it_and_the_files_defaults() -> None:
    described = reading(
        """
        services:
          web: {port: 3000}
          api:
            ecspresso:
              config: deploy/api/ecspresso.yml
              env: {IMAGE_TAG: latest}
              ext_code: {REPLICAS: 2}
              images: {app: app}
            port: 8080
            count: 3
            health: {path: /ok}
        ecspresso:
          env: {IMAGE_TAG: "${EDAHA_COMMIT}", STAGE: 01}
          ext_str: {name: shop}
        """,
        others={"Dockerfile": "", "deploy/api/ecspresso.yml": ""},
    )
    found = described.service("api")
    assert found.ecspresso == Ecspresso(
        "deploy/api/ecspresso.yml",
        environment={"IMAGE_TAG": "latest", "STAGE": "01"},
        ext_str={"name": "shop"},
        ext_code={"REPLICAS": "2"},
        images={"app": "app"},
    )
    assert (found.port, found.count, found.health_path) == (8080, 3, "/ok")
    assert found.containers == ()


@pytest.mark.parametrize("ending", ["yml", "yaml", "json", "jsonnet"])
def test_ecspressos_file_alone_is_one_service(ending: str) -> None:
    name = f"ecspresso.{ending}"
    described = read(Repository({name: "", "Dockerfile": ""}), Defaults())
    assert described.source == name
    assert described.services == (Service("app", is_default=True, ecspresso=Ecspresso(name)),)
    assert [image.name for image in described.images] == ["app"]


def test_ecspressos_file_needs_no_dockerfile() -> None:
    assert read(Repository({"ecspresso.yml": ""}), Defaults()).images == ()


def test_edaha_yml_need_not_mention_ecspressos_file_at_the_root() -> None:
    others = {"Dockerfile": "", "ecspresso.yml": ""}
    described = reading("expires: 7d\necspresso: {env: {A: b}}", others=others)
    assert described.default_service.ecspresso == Ecspresso("ecspresso.yml", {"A": "b"})
    assert described.expires_seconds == 604800


def test_another_path_may_be_set_for_the_repository() -> None:
    files = Repository({"Dockerfile": "", "deploy/preview.yml": "services: {web: {port: 1}}"})
    described = read(files, Defaults(), path="deploy/preview.yml")
    assert described.source == "deploy/preview.yml"
    assert described.default_service.port == 1


@pytest.mark.parametrize("path", ["deploy/ecspresso-api.yml", "api.jsonnet", "api.json"])
def test_which_may_be_one_of_ecspressos_files(path: str) -> None:
    described = read(Repository({path: ""}), Defaults(env={"A": "b"}), path=path)
    assert described.source == path
    assert described.default_service.ecspresso == Ecspresso(path, {"A": "b"})


def test_ecspressos_file_may_have_any_name() -> None:
    """kayac/ecspresso before version 2: README, config.yaml."""
    text = "region: {{ must_env `AWS_REGION` }}\nservice: web\ntask_definition: td.json\n"
    described = read(Repository({"ecs/config.yaml": text}), Defaults(), path="ecs/config.yaml")
    assert described.default_service.ecspresso == Ecspresso("ecs/config.yaml", {})


def test_edaha_yml_is_never_taken_for_ecspressos_file() -> None:
    with pytest.raises(DefinitionError, match="no key “task_definition”"):
        read(Repository({"Dockerfile": "", "edaha.yml": "task_definition: a"}), Defaults())


def test_a_file_with_the_other_ending_is_not_overlooked() -> None:
    with pytest.raises(DefinitionError, match=r"Edaha reads edaha\.yml") as refused:
        read(Repository({"Dockerfile": "", "edaha.yaml": ""}), Defaults())
    assert refused.value.hint == "Rename the file."


def test_the_line_of_everything_is_known() -> None:
    described = reading("services:\n  web:\n    environment:\n      A: b\n")
    assert described.lines["services", "web", "environment", "A"] == 4


def test_a_byte_order_mark_does_no_harm() -> None:
    assert reading("\ufeffexpires: 7d\n").expires_seconds == 604800
