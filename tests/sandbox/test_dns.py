"""The DNS server answers as Route 53 does for a private Cloud Map namespace."""

from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from dnslib import QTYPE, RCODE, DNSRecord

from sandbox.discovery.dns import CloudMapNames, serve
from sandbox.instance import free_port
from tests.sandbox.fakes import CloudMap


@pytest.fixture
def cloud_map() -> CloudMap:
    cloud_map = CloudMap()
    cloud_map.services["red"] = {
        "a": {"AWS_INSTANCE_IPV4": "10.0.0.1"},
        "b": {"AWS_INSTANCE_IPV4": "10.0.0.2"},
    }
    cloud_map.services["empty"] = {}
    return cloud_map


def ask(cloud_map: CloudMap, name: str, kind: str = "A") -> DNSRecord:
    names = CloudMapNames(cast(Any, cloud_map))
    return names.resolve(DNSRecord.question(name, kind), cast(Any, None))


def addresses(reply: DNSRecord) -> list[str]:
    return [str(one.rdata) for one in reply.rr]


def test_a_service_is_answered_with_its_tasks_addresses(cloud_map: CloudMap) -> None:
    cloud_map.ttl = 5

    reply = ask(cloud_map, "RED.edaha.Internal.")

    assert reply.header.rcode == RCODE.NOERROR
    assert reply.header.aa
    assert addresses(reply) == ["10.0.0.1", "10.0.0.2"]
    assert {one.ttl for one in reply.rr} == {5}


def test_unhealthy_tasks_are_left_out_unless_there_are_no_others(cloud_map: CloudMap) -> None:
    cloud_map.unhealthy = {"a"}
    assert addresses(ask(cloud_map, "red.edaha.internal")) == ["10.0.0.2"]

    cloud_map.unhealthy = {"a", "b"}
    assert addresses(ask(cloud_map, "red.edaha.internal")) == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize("name", ["blue.edaha.internal", "empty.edaha.internal"])
def test_an_unknown_name_may_be_remembered_for_a_second(cloud_map: CloudMap, name: str) -> None:
    reply = ask(cloud_map, name)

    assert reply.header.rcode == RCODE.NXDOMAIN
    [soa] = reply.auth
    assert soa.rtype == QTYPE.SOA
    assert (soa.ttl, soa.rdata.times[4]) == (1, 1)


@pytest.mark.parametrize("kind", ["AAAA", "TXT", "MX"])
def test_another_type_of_a_known_name_is_empty(cloud_map: CloudMap, kind: str) -> None:
    reply = ask(cloud_map, "red.edaha.internal", kind)

    assert reply.header.rcode == RCODE.NOERROR
    assert reply.rr == []
    assert len(reply.auth) == 1


@pytest.mark.parametrize("name", ["example.com", "internal", "xedaha.internal", "."])
def test_names_outside_the_namespace_are_refused(cloud_map: CloudMap, name: str) -> None:
    assert ask(cloud_map, name).header.rcode == RCODE.REFUSED


def test_the_namespace_itself_has_a_start_of_authority(cloud_map: CloudMap) -> None:
    assert ask(cloud_map, "edaha.internal", "SOA").rr[0].rtype == QTYPE.SOA
    assert ask(cloud_map, "edaha.internal", "A").rr == []


def test_a_silent_cloud_map_is_a_server_failure(cloud_map: CloudMap) -> None:
    def silent(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    cloud_map.discover_instances = silent  # type: ignore[method-assign]

    assert ask(cloud_map, "red.edaha.internal").header.rcode == RCODE.SERVFAIL


@pytest.mark.parametrize("tcp", [False, True])
def test_it_answers_over_udp_and_tcp(cloud_map: CloudMap, tcp: bool) -> None:
    port = free_port()
    with serve(cast(Any, cloud_map), port):
        question = DNSRecord.question("red.edaha.internal")
        reply = DNSRecord.parse(question.send("127.0.0.1", port, tcp=tcp, timeout=5))

    assert addresses(reply) == ["10.0.0.1", "10.0.0.2"]
