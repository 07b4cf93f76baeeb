"""The router of an instance listens where this machine and its containers ask."""

import subprocess
import time
import urllib.request
from pathlib import Path

from sandbox import cloud
from sandbox.instance import Instance, free_port
from sandbox.processes import edaha, environment, write_router_config

GATEWAY = "127.0.0.2"  # on this machine, and not where the router listens anyway


def answer(url: str, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return str(response.read().decode())
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline, url
            time.sleep(0.05)


def test_the_router_listens_on_loopback_and_on_the_containers_gateway(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "data", free_port(), free_port(), free_port())
    instance.make_folders()
    account = cloud.Cloud(("subnet-1",), ("sg-1",), "arn:aws:iam::000000000000:role/x")
    values = environment(instance, account)
    write_router_config(instance, values, GATEWAY)
    [router] = [one for one in edaha(instance, values) if one.name == "router"]

    with subprocess.Popen(router.command) as process:
        try:
            for address in ("127.0.0.1", GATEWAY):
                url = f"http://{address}:{instance.router_port}/_edaha/healthz"
                assert answer(url, process) == "ok\n"
        finally:
            process.terminate()


def test_an_address_of_an_earlier_start_is_forgotten(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "data", free_port(), free_port(), free_port())
    instance.make_folders()
    values = environment(instance, cloud.Cloud((), (), ""))

    write_router_config(instance, values, GATEWAY)
    write_router_config(instance, values, None)

    assert not list((instance.data / "router").glob("listen-*.conf"))
