"""Whether a process does its work already, asked in the process's own protocol."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from dnslib import QTYPE, DNSRecord

from sandbox import cloud
from sandbox.instance import LOOPBACK, Instance, StartError
from sandbox.processes import valkey_socket
from sandbox.supervise import RUNNING, Supervisor, last_lines

Check = Callable[[Instance], bool]
TIMEOUT = 60.0  # seconds until all are ready
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait(
    instance: Instance,
    supervisor: Supervisor,
    names: list[str],
    ready: Callable[[str], None] = lambda name: None,
) -> None:
    """Returns when all the named processes are ready; raises StartError for one that fails."""
    waiting = list(names)
    deadline = time.monotonic() + TIMEOUT
    while waiting:
        states = supervisor.states()
        for name in list(waiting):
            state = states.get(name, "")
            failing = state in ("FATAL", "BACKOFF")
            if failing and (state == "FATAL" or time.monotonic() > deadline - TIMEOUT / 2):
                raise StartError(
                    f"{name} does not start: {last_lines(instance, name)} "
                    f"(all of it: {instance.logs}/{name}.log)"
                )
            if _is_ready(name, state, instance):
                waiting.remove(name)
                ready(name)
        if waiting and time.monotonic() > deadline:
            raise StartError(
                f"not ready after {TIMEOUT:.0f} s: {', '.join(waiting)} (see {instance.logs})"
            )
        if waiting:
            time.sleep(0.05)


def _is_ready(name: str, state: str, instance: Instance) -> bool:
    check = CHECKS.get(name)
    if check is None:
        return state == RUNNING
    try:
        return state in (RUNNING, "STARTING") and check(instance)
    except (OSError, ValueError):
        return False


def _answers(url: str) -> bool:
    with _DIRECT.open(url, timeout=2) as response:
        return bool(response.status == 200)


def _valkey(instance: Instance) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(str(valkey_socket(instance)))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")


def _discovery(instance: Instance) -> bool:
    query = DNSRecord.question(cloud.NAMESPACE, "SOA")
    reply = DNSRecord.parse(query.send(LOOPBACK, instance.dns_port, timeout=1))
    return bool(reply.header.rcode == 0 and reply.q.qtype == QTYPE.SOA)


CHECKS: Mapping[str, Check] = {
    "valkey": _valkey,
    "emulator": lambda instance: _answers(f"{instance.aws_url}/_ministack/health"),
    "discovery": _discovery,
    "dashboard": lambda instance: _answers(f"http://{LOOPBACK}:{instance.port}/healthz"),
    "router": lambda instance: _answers(f"http://{LOOPBACK}:{instance.router_port}/_edaha/healthz"),
}
