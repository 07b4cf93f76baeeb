"""What AWS would refuse only later, and what cannot work as a preview.

Each row's source is the page that the rule's module names.
"""

from typing import Any

import pytest

from deployments.definitions.application import Application, Container, Image
from deployments.definitions.problems import Problem
from deployments.definitions.rules import check

from . import samples
from .samples import ALLOWED, container, problems_of, problems_of_team, service, task, told

Definition = dict[str, Any]


def on_ec2(**settings: Any) -> Definition:
    """A task definition for EC2, of one container that visitors reach on port 80."""
    return container(**settings) | {"requiresCompatibilities": ["EC2"]}


def service_on_ec2(**settings: Any) -> Definition:
    without = told(launchType="EC2", loadBalancers=[], **settings)
    del without["platformVersion"]
    return without


def two(first: Definition, second: Definition, **settings: Any) -> Definition:
    one = {"name": "web", "image": "nginx:1", "portMappings": [{"containerPort": 80}]}
    other = {"name": "side", "image": "redis:7"}
    return task(containerDefinitions=[one | first, other | second], volumes=[], **settings)


PLAIN = told(loadBalancers=[])


def only(problems: list[Problem], message: str) -> Problem:
    assert [message in problem.message for problem in problems] == [True], problems
    return problems[0]


def test_there_is_nothing_wrong_with_the_samples() -> None:
    assert problems_of_team() == []
    assert problems_of_team(container(), PLAIN) == []
    assert problems_of_team(on_ec2(), service_on_ec2()) == []
    assert problems_of(service()) == []


TASKS: list[tuple[Definition, str]] = [
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
    (container() | {"cpu": "100"}, "no tasks with 100 CPU units"),
    (container() | {"cpu": "256", "memory": "4096"}, "256 CPU units and 4096 MiB"),
    (container() | {"cpu": "8192", "memory": "17408"}, "8192 CPU units and 17408 MiB"),
    (container() | {"cpu": "16384", "memory": "36864"}, "16384 CPU units and 36864"),
    (container() | {"cpu": ".25 vCPU", "memory": "3 GB"}, "256 CPU units and 3072 MiB"),
    (container() | {"cpu": "many"}, "“many” is no amount of cpu"),
    (container() | {"memory": None}, "Fargate wants to know the task's memory"),
    (container() | {"ephemeralStorage": {"sizeInGiB": 20}}, "21 to 200 GiB"),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
    (container(dnsServers=["10.0.0.2"]), "“dnsServers”, which Fargate"),
    (
        container(linuxParameters={"sharedMemorySize": 64}),
        "“sharedMemorySize”, which Fargate",
    ),
    (
        container(resourceRequirements=[{"type": "GPU", "value": "1"}]),
        "a GPU, which Fargate",
    ),
    (
        container(logConfiguration={"logDriver": "fluentd"}),
        "log driver fluentd, which Fargate",
    ),
    (container(stopTimeout=300), "stopTimeout of 300 s"),
    (
        container() | {"placementConstraints": [{"type": "memberOf", "expression": "x"}]},
        "placement constraints, which Fargate",
    ),
    (container() | {"ipcMode": "task"}, "an IPC mode, which Fargate"),
    (
        container() | {"volumes": [{"name": "v", "dockerVolumeConfiguration": {"scope": "task"}}]},
        "on a host, which Fargate",
    ),
    # Only awsvpc gives tasks addresses of their own.
    (container() | {"networkMode": "bridge"}, "The network mode is bridge"),
    (container() | {"networkMode": "host"}, "The network mode is host"),
    (container() | {"networkMode": "none"}, "The network mode is none"),
    (container() | {"networkMode": None}, "No network mode is set"),
    (
        container() | {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}},
        "Linux containers only",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
    (
        container(portMappings=[{"containerPort": 80, "hostPort": 8080}]),
        "maps port 80 to port 8080 of its host",
    ),
    (
        container(portMappings=[{"containerPort": 80, "hostPort": 0}]),
        "maps port 80 to port 0 of its host",
    ),
    (
        container(portMappings=[{"containerPort": 80}, {"containerPortRange": "90-70"}]),
        "maps 90-70, which is no port",
    ),
    (
        two({}, {"portMappings": [{"containerPort": 80}]}),
        "side maps port 80, which web has mapped before",
    ),
    (
        two({}, {"portMappings": [{"containerPortRange": "70-90"}]}),
        "side maps port 80, which web",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    (container(links=["db"]), "“links”, which the network mode awsvpc"),
    (container(hostname="web"), "“hostname”, which the network mode awsvpc"),
    (container(extraHosts=[{"hostname": "a"}]), "“extraHosts”, which the network"),
    (container(essential=False), "No container is essential"),
    (two({"essential": False}, {}), "the task would go on without it"),
    (container(name="a b"), "“a b” cannot be a container's name"),
    (two({}, {"name": "web"}), "Another container is named web"),
    (two({}, {"image": ""}), "side has no image"),
    (
        container(mountPoints=[{"sourceVolume": "x"}]),
        "mounts the volume x, which the task does not have",
    ),
    (
        container(volumesFrom=[{"sourceContainer": "x"}]),
        "takes volumes from x, which is no other container",
    ),
    (
        container(healthCheck={"command": ["curl", "localhost"]}),
        "must begin with CMD or CMD-SHELL",
    ),
    (
        container(healthCheck={"command": ["CMD", "x"], "interval": 1}),
        "has interval 1; ECS takes 5 to 300",
    ),
    (
        container(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "g"}}),
        "needs the option awslogs-region",
    ),
    (container() | {"volumes": [{"name": "v"}, {"name": "v"}]}, "2 volumes are named v"),
    (container() | {"volumes": [{"name": "a/b"}]}, "“a/b” cannot be a volume's name"),
    (container() | {"tags": [{"key": "aws:x", "value": ""}]}, "begins with “aws:”"),
    (
        container(environment=[{"name": "A", "value": "x" * 65536}]),
        "ECS takes 65,536 at most",
    ),
    # CPU and memory of containers within their task's.
    (two({"cpu": 600}, {"cpu": 600}), "reserve 1200 CPU units together, the task has 1024"),
    (two({"memory": 1500}, {"memory": 600}), "reserve 2100 MiB together"),
    (
        container(memory=4096, memoryReservation=64),
        "may have 4096 MiB, but the whole",
    ),
    (container(memory=5), "has 5 MiB; it needs 6 at least"),
    (
        container(memory=64, memoryReservation=128),
        "reserves 128 MiB, but may have 64",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
    (
        container(dependsOn=[{"containerName": "db", "condition": "START"}]),
        "waits for db, which the task does not have",
    ),
    (
        two({"dependsOn": [{"containerName": "side", "condition": "HEALTHY"}]}, {}),
        "side has no check",
    ),
    (
        two({"dependsOn": [{"containerName": "side", "condition": "SUCCESS"}]}, {}),
        "waits for the end of side, which is essential",
    ),
    (
        two(
            {"dependsOn": [{"containerName": "side", "condition": "START"}]},
            {"dependsOn": [{"containerName": "web", "condition": "START"}]},
        ),
        "wait for each other: web → side → web",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
    (
        container(
            secrets=[{"name": "A", "valueFrom": "/shop/a"}],
            environment=[{"name": "A", "value": ""}],
        ),
        "has A twice",
    ),
    # https://docs.docker.com/reference/cli/docker/image/tag/#description
    (two({}, {"image": "{{ image }}"}), "“{{ image }}”, which is a placeholder"),
    (two({}, {"image": "<IMAGE1_NAME>"}), "which is a placeholder"),
]


@pytest.mark.parametrize(("written", "message"), TASKS, ids=lambda value: str(value)[:50])
def test_a_task_definition_that_cannot_work(written: Definition, message: str) -> None:
    problem = only(problems_of_team(written, PLAIN, port=80), message)
    assert problem.file == "ecs-task-def.json"
    assert problem.line is not None


SERVICES: list[tuple[Definition, str]] = [
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    ({"schedulingStrategy": "DAEMON"}, "runs on every host of the cluster"),
    ({"deploymentController": {"type": "EXTERNAL"}}, "EXTERNAL deployment controller"),
    (
        {
            "serviceRegistries": [
                {"registryArn": "a", "containerName": "nginx", "containerPort": 80}
            ]
        },
        "has SRV records",
    ),
    ({"serviceRegistries": [{"registryArn": "a", "port": 80}]}, "has SRV records"),
    (
        {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]},
        "either a launch type or a capacity provider strategy",
    ),
    ({"launchType": "EC2"}, "is for FARGATE, the service for EC2"),
    (
        {
            "launchType": None,
            "capacityProviderStrategy": [
                {"capacityProvider": "FARGATE", "weight": 1},
                {"capacityProvider": "ours", "weight": 1},
            ],
        },
        "does not mix with capacity providers of EC2",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    (
        {
            "launchType": None,
            "capacityProviderStrategy": [
                {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
                {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 1},
            ],
        },
        "Only one capacity provider may have a base",
    ),
    (
        {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
        "weight above 0",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
    (
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"] * 17}}},
        "17 subnets are too many",
    ),
    (
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
        "No subnets are known",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
    (
        {"serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "http"}]}},
        "names the port http, but no port mapping",
    ),
    ({"tags": [{"key": f"t{n}", "value": ""} for n in range(48)]}, "There are 51 tags"),
]


@pytest.mark.parametrize(("settings", "message"), SERVICES, ids=lambda value: str(value)[:50])
def test_a_service_definition_that_cannot_work(settings: Definition, message: str) -> None:
    problem = only(problems_of_team(None, told(**settings)), message)
    assert problem.file in ("ecs-service-def.json", "ecs-task-def.json")
    assert problem.line is not None
    assert problem.hint


def test_public_addresses_are_for_fargate() -> None:
    network = {"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}}
    found = problems_of_team(on_ec2(), service_on_ec2(networkConfiguration=network))
    only(found, "Only tasks on Fargate get public addresses")


def test_on_ec2_any_size_will_do_but_memory_must_be_known() -> None:
    odd = on_ec2() | {"cpu": "100", "memory": "300"}
    assert problems_of_team(odd, service_on_ec2()) == []
    none = on_ec2()
    del none["memory"]
    only(problems_of_team(none, service_on_ec2()), "how much memory it may have")
    none["containerDefinitions"][0]["memoryReservation"] = 128
    assert problems_of_team(none, service_on_ec2()) == []


def test_ten_containers_are_the_most() -> None:
    eleven = [{"name": f"c{n}", "image": "x:1"} for n in range(11)]
    eleven[0]["portMappings"] = [{"containerPort": 80}]  # type: ignore[assignment]
    only(problems_of_team(task(containerDefinitions=eleven, volumes=[]), PLAIN), "11 containers")


def test_no_circle_is_found_where_there_is_none_however_many_ways_lead_around() -> None:
    # Each waits for all that come after it: 2²⁸ ways, and no circle.
    names = [f"c{n}" for n in range(30)]
    every = [
        {
            "name": name,
            "image": "x:1",
            "dependsOn": [{"containerName": n, "condition": "START"} for n in names[at + 1 :]],
        }
        for at, name in enumerate(names)
    ]
    every[0]["portMappings"] = [{"containerPort": 80}]
    only(problems_of_team(task(containerDefinitions=every, volumes=[]), PLAIN), "30 containers")


class TestVisitors:
    def test_a_port_that_nothing_tells_is_a_problem(self) -> None:
        both = container(portMappings=[{"containerPort": 80}, {"containerPort": 81}])
        problem = only(problems_of_team(both, PLAIN), "Nothing tells which port")
        assert "edaha.yml" in problem.hint
        assert problems_of_team(both, PLAIN, port=81) == []

    def test_so_is_one_that_is_not_mapped(self) -> None:
        only(problems_of_team(container(), PLAIN, port=81), "on port 81, which it does not map")

    def test_so_is_a_load_balancers_container_that_is_not_there(self) -> None:
        only(problems_of_team(container(), told()), "container nginx, which the task does not have")

    def test_before_the_build_exposes_port_may_be_unknown(self) -> None:
        described = service()
        definition = samples.generated(described, port=None)
        plan = samples.Plan(Application((Image("app"),), (described,)))
        assert definition.port == 0
        assert check(definition, described, plan, {}) == []


#: What it is, a task definition on EC2 that has it, the word that allows it.
PRIVILEGES: list[tuple[str, Definition, str]] = [
    ("every privilege", on_ec2(privileged=True), "privileged"),
    (
        "SYS_ADMIN",
        on_ec2(linuxParameters={"capabilities": {"add": ["SYS_ADMIN"]}}),
        "privileged",
    ),
    (
        "devices of its host",
        on_ec2(linuxParameters={"devices": [{"hostPath": "/dev/kvm"}]}),
        "privileged",
    ),
    (
        "apparmor:unconfined",
        on_ec2(dockerSecurityOptions=["no-new-privileges", "apparmor:unconfined"]),
        "privileged",
    ),
    (
        "/var/run/docker.sock",
        on_ec2() | {"volumes": [{"name": "v", "host": {"sourcePath": "/var/run/docker.sock"}}]},
        "host-volumes",
    ),
    (
        "kept on its host",
        on_ec2()
        | {
            "volumes": [
                {
                    "name": "v",
                    "dockerVolumeConfiguration": {
                        "driver": "local",
                        "driverOpts": {"type": "none", "o": "bind", "device": "/"},
                    },
                }
            ]
        },
        "host-volumes",
    ),
    ("host's processes", on_ec2() | {"pidMode": "host"}, "host-namespaces"),
    ("host's shared memory", on_ec2() | {"ipcMode": "host"}, "host-namespaces"),
]


class TestPrivileges:
    @pytest.mark.parametrize(("what", "written", "word"), PRIVILEGES, ids=lambda v: str(v)[:30])
    def test_they_are_refused_unless_allowed(
        self, what: str, written: Definition, word: str
    ) -> None:
        problem = only(problems_of_team(written, service_on_ec2()), what)
        assert problem.hint.endswith(f"bin/manage repository set acme/shop --allow {word}")
        assert problems_of_team(written, service_on_ec2(), allowed=(*ALLOWED, word)) == []

    def test_dropping_capabilities_needs_no_permission(self) -> None:
        dropped = container(linuxParameters={"capabilities": {"drop": ["ALL"]}})
        assert problems_of_team(dropped, PLAIN) == []

    def test_efs_and_volumes_of_the_task_need_none(self) -> None:
        volumes = [{"name": "v", "host": {}}, {"name": "e", "efsVolumeConfiguration": {}}]
        assert problems_of_team(on_ec2() | {"volumes": volumes}, service_on_ec2()) == []


class TestRoles:
    def test_a_task_role_that_nobody_allowed_is_refused_with_the_way_to_allow_it(self) -> None:
        role = "arn:aws:iam::123456789012:role/admin"
        problem = only(problems_of_team(task(taskRoleArn=role)), f"The role {role} is not one")
        assert problem.hint.endswith(f"set acme/shop --allow role:{role}")
        assert problem.line is not None
        assert problems_of_team(task(taskRoleArn=role), allowed=(*ALLOWED, f"role:{role}")) == []

    def test_so_is_an_execution_role(self) -> None:
        only(problems_of_team(task(executionRoleArn="arn:aws:iam::1:role/x")), "The role")

    def test_the_execution_role_is_no_task_role(self) -> None:
        only(problems_of_team(task(taskRoleArn=samples.EXECUTION)), "The role")

    def test_a_name_could_be_any_accounts_role(self) -> None:
        problem = only(problems_of_team(task(taskRoleArn="admin")), "The role admin")
        assert problem.hint == "Write the role's whole ARN."

    def test_the_platforms_own_are_fine(self) -> None:
        given = samples.platform(task_role_arn=samples.TASK)
        assert problems_of_team(allowed=("ssm:*",), platform=given) == []

    def test_roles_deep_in_a_service_definition_are_seen(self) -> None:
        volume = {"managedEBSVolume": {"roleArn": "arn:aws:iam::1:role/admin"}, "name": "v"}
        found = problems_of_team(None, told(volumeConfigurations=[volume]))
        assert only(found, "arn:aws:iam::1:role/admin").file == "ecs-service-def.json"

    def test_edaha_ymls_own_role_is_told_by_its_line(self) -> None:
        described = service(task_role_arn="arn:aws:iam::1:role/admin")
        lines = {("services", "app"): 3, ("services", "app", "task_role"): 5}
        assert str(problems_of(described, lines=lines)[0]).startswith("edaha.yml:5: The role")


class TestSecrets:
    def test_a_repository_reads_only_what_it_is_allowed_to(self) -> None:
        problem = only(problems_of_team(allowed=ALLOWED[:1]), "reads ssm:/shop/db, which this")
        assert problem.hint.endswith("--allow 'ssm:/shop/db'")

    @pytest.mark.parametrize(
        ("settings", "entry"),
        [
            (
                {"repositoryCredentials": {"credentialsParameter": "hub"}},
                "secretsmanager:hub",
            ),
            (
                {
                    "logConfiguration": {
                        "logDriver": "splunk",
                        "secretOptions": [{"name": "splunk-token", "valueFrom": "/token"}],
                    }
                },
                "ssm:/token",
            ),
            (
                {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/prod.env"}]},
                "s3:bucket/prod.env",
            ),
        ],
        ids=str,
    )
    def test_however_they_are_read(self, settings: Definition, entry: str) -> None:
        only(problems_of_team(container(**settings), PLAIN), f"reads {entry}, which this")
        allowed = (*ALLOWED, entry)
        assert problems_of_team(container(**settings), PLAIN, allowed=allowed) == []

    def test_somebody_must_read_them_and_write_the_logs(self) -> None:
        nobody = samples.platform(execution_role_arn="")
        without = container() | {"executionRoleArn": ""}
        only(problems_of_team(without, PLAIN, platform=nobody), "writes logs, which takes an")
        on_hosts = without | {"requiresCompatibilities": ["EC2"]}
        assert problems_of_team(on_hosts, service_on_ec2(), platform=nobody) == []
        reads = on_ec2(secrets=[{"name": "A", "valueFrom": "/shop/a"}]) | {"executionRoleArn": ""}
        only(problems_of_team(reads, service_on_ec2(), platform=nobody), "reads secrets, which")


class TestImages:
    @pytest.mark.parametrize(
        ("architecture", "built_for", "works"),
        [
            ("X86_64", ("linux/amd64",), True),
            ("ARM64", ("linux/amd64", "linux/arm64"), True),
            ("ARM64", ("linux/arm64/v8",), True),
            ("ARM64", ("linux/amd64",), False),
            ("X86_64", ("linux/arm64",), False),
        ],
    )
    def test_they_must_be_for_the_processor_that_tasks_run_on(
        self, architecture: str, built_for: tuple[str, ...], works: bool
    ) -> None:
        written = container() | {"runtimePlatform": {"cpuArchitecture": architecture}}
        found = problems_of_team(written, PLAIN, built_for=built_for)
        assert (found == []) is works
        own = problems_of(service(architecture=architecture), built_for=built_for)
        assert (own == []) is works

    def test_fargate_takes_x86_where_nothing_is_said(self) -> None:
        written = container()
        del written["runtimePlatform"]
        found = problems_of_team(written, PLAIN, built_for=("linux/arm64",))
        only(found, "Tasks run on X86_64, but the image app of container web is for linux/arm64")

    @pytest.mark.parametrize(
        ("replaces", "message"),
        [({"nope": "app"}, "no container nope"), ({"web": "nope"}, "no image nope")],
    )
    def test_edaha_yml_must_name_what_there_is(
        self, replaces: dict[str, str], message: str
    ) -> None:
        problem = only(problems_of_team(container(), PLAIN, replaces=replaces), message)
        assert problem.file == "edaha.yml"


class TestEdahaYml:
    def test_each_problem_is_told_at_the_line_of_what_is_wrong(self) -> None:
        lines = {
            ("services", "app"): 2,
            ("services", "app", "cpu"): 3,
            ("services", "app", "containers", "cache"): 6,
            ("services", "app", "containers", "cache", "depends_on"): 8,
        }
        described = service(
            Container("app", "app"),
            Container("cache", "redis:7", depends_on={"gone": "START"}, memory=9999),
            cpu=100,
        )
        told_ = [str(problem) for problem in problems_of(described, lines=lines)]
        assert any(each.startswith("edaha.yml:3: Fargate has no tasks") for each in told_)
        assert any(each.startswith("edaha.yml:8: Container cache waits") for each in told_)
        # No line of its own: that of its container.
        assert any(each.startswith("edaha.yml:6: Container cache may have") for each in told_)

    def test_without_a_file_the_message_stands_alone(self) -> None:
        problem = problems_of(service(cpu=100))[0]
        assert str(problem) == "Fargate has no tasks with 100 CPU units."


def test_all_problems_come_at_once() -> None:
    written = container(privileged=True, links=["db"], essential=False) | {"networkMode": "host"}
    messages = [problem.message for problem in problems_of_team(written, PLAIN)]
    assert len(messages) >= 5
    assert len(set(messages)) == len(messages)
