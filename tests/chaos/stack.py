"""All parts of a run: PostgreSQL, Valkey, AWS, the router, Edaha's processes, repositories."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.network import free_port, wait_for_port
from bench.postgres import Server, postgres_server
from tests.aws.running import CREDENTIALS, REGION, Running, proxy

from .fleet import ROOT, Fleet, commands
from .options import Options
from .origin import Origin
from .post import SECRET
from .router import router
from .workload import Project

_DOCKER = """#!/bin/sh
exec {python} -S -E {program} {url} "$@"
"""
_TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}
POLICIES = {"acme/all": "all", "acme/patterns": "patterns", "acme/pulls": "pull_requests"}


@dataclass
class Stack:
    folder: Path
    environment: dict[str, str]
    aws: Running
    database: Server
    fleet: Fleet
    projects: list[Project]
    url: str
    redis_url: str
    token: str = ""

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"manage {arguments[0]}: {done.stderr[-2000:]}")
        return done.stdout.strip()


@contextmanager
def stack(options: Options) -> Iterator[Stack]:
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="edaha-chaos-")))
        # PostgreSQL is stopped in the middle: what was committed has to be on the disk.
        database = end.enter_context(postgres_server(is_durable=True))
        with psycopg.connect(f"{database.url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE edaha")
        aws = end.enter_context(
            proxy("--seed", str(options.seed), "--scale", str(options.aws_scale))
        )
        ports = {name: free_port() for name in ("web", "valkey", "router")}
        url = f"http://127.0.0.1:{ports['web']}"
        redis_url = f"redis://127.0.0.1:{ports['valkey']}/0"
        environment = _environment(folder, options, aws, database, ports)
        _make_docker(folder, aws)
        logs = folder / "logs"
        logs.mkdir()
        fleet = Fleet(environment, logs, commands(port=ports["web"], valkey_port=ports["valkey"]))
        end.callback(fleet.end)
        end.enter_context(router(ports["router"], dashboard=url, aws=aws.url))
        made = Stack(folder, environment, aws, database, fleet, [], url, redis_url)
        made.manage("migrate", "--verbosity", "0")
        made.projects += _projects(made)
        made.token = made.manage("token", "create", "chaos", "--role", "deployer").split()[-1]
        for name in ("valkey", "web", "build", "control", "beat"):
            fleet.start(name)
        wait_for_port(ports["web"], seconds=60)
        yield made


def _environment(
    folder: Path, options: Options, aws: Running, database: Server, ports: dict[str, int]
) -> dict[str, str]:
    temporary = folder / "tmp"
    temporary.mkdir()
    return {
        **CREDENTIALS,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.url,
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(temporary),
        "EDAHA_DATA": str(folder / "data"),
        "EDAHA_SECRET_KEY": "only for this run, and of no value to anybody",
        "EDAHA_DATABASE_URL": f"{database.url}/edaha",
        "EDAHA_DATABASE_POOL": "16",
        "EDAHA_REDIS_URL": f"redis://127.0.0.1:{ports['valkey']}/0",
        "EDAHA_BASE_URL": f"http://127.0.0.1:{ports['web']}",
        "EDAHA_ROUTER_URL": f"http://127.0.0.1:{ports['router']}",
        "EDAHA_PREVIEW_DOMAIN": "preview.test",
        "EDAHA_ALLOW_LOCAL_CLONE": "1",
        "EDAHA_REGISTRY": "registry.test",
        "EDAHA_DRAIN_SECONDS": "1",
        "EDAHA_RECONCILE_SECONDS": "10",
        "EDAHA_ORPHAN_GRACE_SECONDS": "10",
        "EDAHA_DEPLOYMENTS_PER_HOUR": "0",
        "EDAHA_MIN_FREE_GB": "0",
        "EDAHA_EXECUTION_ROLE_ARN": _furnish(aws, "role"),
        "EDAHA_SUBNETS": _furnish(aws, "subnet"),
        "EDAHA_LOG_LEVEL": "INFO",
    }


def _furnish(aws: Running, what: str) -> str:
    """What an operator prepares: the network, or cluster, namespace and role."""
    if what == "subnet":
        subnets = aws.client("ec2").describe_subnets()["Subnets"]
        return str(subnets[0]["SubnetId"])
    aws.client("ecs").create_cluster(clusterName="default")
    aws.client("servicediscovery").create_private_dns_namespace(Name="edaha.internal", Vpc="vpc-1")
    role = aws.client("iam").create_role(
        RoleName="pulls-and-logs", AssumeRolePolicyDocument=json.dumps(_TRUST)
    )
    return str(role["Role"]["Arn"])


def _make_docker(folder: Path, aws: Running) -> None:
    """First on the path: it pushes to the registry itself, past AWS's bad day."""
    program = folder / "bin" / "docker"
    program.parent.mkdir()
    source = Path(__file__).with_name("docker.py")
    program.write_text(_DOCKER.format(python=sys.executable, program=source, url=aws.url))
    program.chmod(0o755)


def _projects(made: Stack) -> list[Project]:
    projects = []
    for number, (name, policy) in enumerate(POLICIES.items(), 1):
        origin = Origin(made.folder / "origins" / f"{name}.git")
        origin.commit("main", "begin", parent=None)
        patterns = ["--pattern", "feature/*"] if policy == "patterns" else []
        made.manage(
            *("repository", "add", name, "--clone-url", str(origin.path)),
            *("--webhook-secret", SECRET, "--policy", policy, *patterns),
        )
        projects.append(Project(name, policy, origin, number))
    return projects
