"""The DNS server: UDP and TCP on loopback, answers from Cloud Map."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from dnslib import RCODE, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer

from sandbox.discovery.zone import Records, answer

if TYPE_CHECKING:
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient
    from mypy_boto3_servicediscovery.type_defs import ServiceSummaryTypeDef

REMEMBER = 2.0  # seconds that namespaces and TTLs are kept; addresses never are
DEFAULT_TTL = 10  # seconds, for a service that names none

log = logging.getLogger(__name__)


class CloudMapNames(BaseResolver):  # type: ignore[misc]  # dnslib has no annotations
    """Resolves `<service>.<namespace>` to the addresses that Cloud Map holds."""

    def __init__(self, cloud_map: "ServiceDiscoveryClient") -> None:
        self.cloud_map = cloud_map
        self.ttls: dict[tuple[str, str], int] = {}  # by service and namespace
        self.namespaces: frozenset[str] = frozenset()
        self.read_at = float("-inf")

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        try:
            self._refresh()
            return answer(request, self.namespaces, self._records)
        except (BotoCoreError, ClientError) as error:
            log.warning("%s: %s", request.q.qname, error)
            reply = request.reply()
            reply.header.rcode = RCODE.SERVFAIL
            return reply

    def _records(self, service: str, namespace: str) -> Records | None:
        try:
            found = self.cloud_map.discover_instances(
                NamespaceName=namespace, ServiceName=service, HealthStatus="ALL"
            )["Instances"]
        except (
            self.cloud_map.exceptions.ServiceNotFound,
            self.cloud_map.exceptions.NamespaceNotFound,
        ):
            return None
        # Route 53 answers with unhealthy instances too when there are no others.
        healthy = [one for one in found if one.get("HealthStatus") != "UNHEALTHY"] or found
        addresses = [one["Attributes"].get("AWS_INSTANCE_IPV4") for one in healthy]
        known = tuple(address for address in addresses if address)
        return Records(known, self.ttls.get((service, namespace), DEFAULT_TTL)) if known else None

    def _refresh(self) -> None:
        if time.monotonic() - self.read_at < REMEMBER:
            return
        names: dict[str, str] = {}
        for page in self.cloud_map.get_paginator("list_namespaces").paginate():
            names |= {one["Id"]: one["Name"].lower() for one in page["Namespaces"]}
        ttls: dict[tuple[str, str], int] = {}
        for services in self.cloud_map.get_paginator("list_services").paginate():
            for service in services["Services"]:
                ttls |= dict(_ttls(service, names))
        self.namespaces, self.ttls = frozenset(names.values()), ttls
        self.read_at = time.monotonic()


def _ttls(
    service: "ServiceSummaryTypeDef", names: Mapping[str, str]
) -> Iterator[tuple[tuple[str, str], int]]:
    """The TTL of a service's A record, by its name and its namespace's."""
    # AWS documents DnsConfig.NamespaceId as deprecated; the summary names no other.
    config = service.get("DnsConfig")
    namespace = names.get(config.get("NamespaceId", "")) if config else None
    if config and namespace:
        for record in config["DnsRecords"]:
            if record["Type"] == "A":
                yield (service["Name"].lower(), namespace), int(record["TTL"])


@contextmanager
def serve(cloud_map: "ServiceDiscoveryClient", port: int) -> Iterator[None]:
    """Answers in threads of its own for as long as the block lasts."""
    names = CloudMapNames(cloud_map)
    silent = DNSLogger(log="-request,-reply,-truncated,-error", prefix=False)
    servers = [
        DNSServer(names, address="127.0.0.1", port=port, tcp=tcp, logger=silent)
        for tcp in (False, True)
    ]
    for server in servers:
        server.start_thread()
    try:
        yield
    finally:
        for server in servers:
            server.stop()
            server.server.server_close()
            server.thread.join()
