"""Task definitions that AWS would refuse only later, or that cannot work.

Each row's source is the page that is named above it, or by the rule's own module.
"""

import pytest

from .rule_samples import PLAIN, Definition, on_ec2, only, service_on_ec2, two
from .samples import container, problems_of_team, task

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
