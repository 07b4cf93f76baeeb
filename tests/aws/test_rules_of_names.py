"""Cloud Map's and ECR's rules, token buckets and faults, through the proxy."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from .conftest import Request, register
from .expecting import eventually, refused
from .faults import Fault, Plan
from .running import Running


def _make_name(cloudmap: Any, namespace: str, name: str, **more: Any) -> dict[str, Any]:
    answer = cloudmap.create_service(Name=name, NamespaceId=namespace, **more)
    return dict(answer["Service"])


def _instances(cloudmap: Any, service: str) -> list[str]:
    return [each["Id"] for each in cloudmap.list_instances(ServiceId=service)["Instances"]]


def test_the_same_creator_request_finds_the_service(
    aws: Running, cloudmap: Any, namespace: str, name: str
) -> None:
    first = _make_name(cloudmap, namespace, name, CreatorRequestId=name)
    assert _make_name(cloudmap, namespace, name, CreatorRequestId=name)["Id"] == first["Id"]
    with refused("ServiceAlreadyExists"):
        _make_name(cloudmap, namespace, name, CreatorRequestId="another")
    with refused("ServiceAlreadyExists"):
        _make_name(cloudmap, namespace, name, CreatorRequestId=name, Description="other")
    alone = aws.emulator_alone("servicediscovery")
    assert _make_name(alone, namespace, name, CreatorRequestId=name)["Id"] != first["Id"]


def test_names_that_differ_by_case_collide(
    aws: Running, cloudmap: Any, namespace: str, name: str
) -> None:
    _make_name(cloudmap, namespace, name)
    with refused("ServiceAlreadyExists"):
        _make_name(cloudmap, namespace, name.upper())
    assert _make_name(aws.emulator_alone("servicediscovery"), namespace, name.upper())


def test_a_name_is_a_dns_name(cloudmap: Any, namespace: str) -> None:
    for wrong in ("a" * 64, "-a", "a/b"):
        with refused("InvalidInput"):
            _make_name(cloudmap, namespace, wrong)


def test_a_new_name_may_not_be_listed_at_once(cloudmap: Any, namespace: str) -> None:
    def is_listed(service: str) -> bool:
        pages = cloudmap.get_paginator("list_services").paginate()
        return any(each["Id"] == service for page in pages for each in page["Services"])

    seen = []
    for number in range(10):
        service = _make_name(cloudmap, namespace, f"listed-{number}")["Id"]
        seen.append(is_listed(service))
    assert not all(seen)


def test_ecs_registers_its_tasks_and_a_name_in_use_stays(
    ecs: Any, cloudmap: Any, namespace: str, name: str, request_of: Request
) -> None:
    made = _make_name(cloudmap, namespace, name)
    ecs.create_service(**request_of(serviceRegistries=[{"registryArn": made["Arn"]}]))
    eventually(lambda: _instances(cloudmap, made["Id"]))
    with refused("ResourceInUse"):
        cloudmap.delete_service(Id=made["Id"])
    ecs.delete_service(service=name, force=True)
    eventually(lambda: not _instances(cloudmap, made["Id"]))

    def is_deleted() -> bool:
        try:
            cloudmap.delete_service(Id=made["Id"])
        except cloudmap.exceptions.ResourceInUse:
            return False
        return True

    eventually(is_deleted)
    with refused("ServiceNotFound"):
        cloudmap.delete_service(Id=made["Id"])


def test_an_instance_is_deregistered_some_time_later(
    cloudmap: Any, namespace: str, name: str
) -> None:
    service = _make_name(cloudmap, namespace, name)["Id"]
    cloudmap.register_instance(ServiceId=service, InstanceId="by-hand", Attributes={})
    eventually(lambda: _instances(cloudmap, service) == ["by-hand"])
    wanted = {"ServiceId": service, "InstanceId": "by-hand"}
    operation = cloudmap.deregister_instance(**wanted)["OperationId"]
    with refused("DuplicateRequest"):
        cloudmap.deregister_instance(**wanted)
    with refused("ResourceInUse"):
        cloudmap.delete_service(Id=service)
    eventually(lambda: _operation(cloudmap, operation) == "SUCCESS")
    with refused("InstanceNotFound"):
        cloudmap.deregister_instance(**wanted)
    cloudmap.delete_service(Id=service)


def _operation(cloudmap: Any, operation: str) -> str:
    return str(cloudmap.get_operation(OperationId=operation)["Operation"]["Status"])


def _put(ecr: Any, repository: str, tag: str, text: str, **more: Any) -> str:
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/x", "text": text, **more})
    answer = ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag)
    return str(answer["image"]["imageId"]["imageDigest"])


def test_a_tag_that_moves_leaves_an_image_behind(aws: Running, ecr: Any, name: str) -> None:
    ecr.create_repository(repositoryName=name)
    first, second = _put(ecr, name, "branch", "one"), _put(ecr, name, "branch", "two")
    untagged = ecr.list_images(repositoryName=name, filter={"tagStatus": "UNTAGGED"})
    assert untagged["imageIds"] == [{"imageDigest": first}]
    assert {each["digest"] for each in aws.left(name)["images"][name]} == {first, second}


def test_an_image_goes_with_its_last_tag(ecr: Any, name: str) -> None:
    ecr.create_repository(repositoryName=name)
    digest = _put(ecr, name, "a", "one")
    _put(ecr, name, "b", "one")

    def delete(**image: str) -> None:
        ecr.batch_delete_image(repositoryName=name, imageIds=[image])

    delete(imageTag="a")
    assert len(ecr.list_images(repositoryName=name)["imageIds"]) == 1
    delete(imageTag="b")
    assert not ecr.list_images(repositoryName=name)["imageIds"]
    gone = ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
    assert gone["failures"][0]["failureCode"] == "ImageNotFound"


def test_the_images_of_an_index_stay_until_it_is_gone(ecr: Any, name: str) -> None:
    ecr.create_repository(repositoryName=name)
    child = _put(ecr, name, "child", "one")
    index = _put(ecr, name, "index", "many", manifests=[{"digest": child}])
    held = ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": child}])
    assert held["failures"][0]["failureCode"] == "ImageReferencedByManifestList"
    for digest in (index, child):
        ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
    assert not ecr.list_images(repositoryName=name)["imageIds"]


@pytest.mark.parametrize(
    ("fault", "has_effect"), [("500 before", False), ("500 after success", True)]
)
def test_a_failure_comes_before_or_after_the_effect(
    aws: Running, ecs: Any, request_of: Request, name: str, fault: str, has_effect: bool
) -> None:
    aws.next_fault("ecs.CreateService", fault)
    with refused("InternalFailure"):
        ecs.create_service(**request_of())
    assert (name in aws.left(name)["services"]) is has_effect
    # botocore's own second try is answered as the first should have been.
    assert ecs.create_service(**request_of())["service"]["status"] == "ACTIVE"


def test_an_answer_gets_lost_after_its_effect(
    aws: Running, ecs: Any, request_of: Request, name: str
) -> None:
    aws.next_fault("ecs.CreateService", "answer lost")
    with pytest.raises(ConnectionClosedError):
        ecs.create_service(**request_of())
    assert name in aws.left(name)["services"]


def test_no_answer_comes_at_all(aws: Running, request_of: Request, name: str) -> None:
    aws.next_fault("ecs.CreateService", "no answer")
    began = time.monotonic()
    with pytest.raises(HTTPClientError):
        aws.client("ecs").create_service(**request_of())
    assert time.monotonic() - began > 0.3
    assert not aws.left(name)["services"]


def test_faults_are_drawn_from_the_seed() -> None:
    def drawn(seed: int) -> list[Fault | None]:
        plan = Plan(seed, 0.05)
        return [plan.draw("ecs.ListClusters") for _ in range(1000)]

    assert drawn(7) == drawn(7) != drawn(8)
    assert 20 < sum(fault is not None for fault in drawn(7)) < 80


def test_a_bad_day_ends(aws: Running) -> None:
    ecs = aws.client("ecs", tries=1)
    aws.fault_part(1)
    with pytest.raises((ClientError, HTTPClientError)):
        for _ in range(20):  # some are only slow
            ecs.list_clusters()
    aws.fault_part(0)
    assert ecs.list_clusters()
    assert sum(aws.statistics()["faults"].values()) > 0


def test_buckets_run_dry_and_fill_again(aws: Running, ecs: Any) -> None:
    """The last one here: it takes the tokens that others would need."""
    with refused("ThrottlingException", "Rate exceeded"):
        for _ in range(30):
            register(ecs, "many")
    assert register(aws.emulator_alone("ecs"), "many")
    time.sleep(1.1)
    assert register(ecs, "many")
