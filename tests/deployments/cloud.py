"""AWS in the process: moto, with the rules that it leaves out, and out of order on demand.

It stands between botocore and moto, where a request would leave for the network, so botocore's
own retries are real.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from moto.ecr.models import Image, ecr_backends
from moto.ecs.models import ecs_backends
from moto.logs.models import logs_backends
from moto.servicediscovery.models import servicediscovery_backends
from moto.ssm.models import ssm_backends

from deployments.adapters import aws
from deployments.names import KEPT

from .oneoff import OneOffTasks

ACCOUNT, REGION = "123456789012", "eu-west-1"
Json = dict[str, Any]


def _digest_of_manifest(image: Image) -> None:
    """As https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests has it.

    moto draws one of a hundred, so that two images are one now and then.
    """
    image._image_digest = f"sha256:{hashlib.sha256(image.image_manifest.encode()).hexdigest()}"


Image._create_digest = _digest_of_manifest  # type: ignore[assignment]


@dataclass
class Fault:
    """What a call answers instead, `times` times."""

    code: str
    message: str = "because the test says so"
    status: int = 400
    times: float = 1
    #: AWS does what it is asked, and the answer is lost on the way.
    after_success: bool = False


@dataclass
class Service:
    """What moto does not know of an ECS service."""

    name: str
    token: str
    answer: bytes
    registry: str
    status: str = "ACTIVE"
    looks: int = 0
    instances: set[str] = field(default_factory=set)


@dataclass
class Cloud:
    subnet: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    services: dict[str, Service] = field(default_factory=dict)
    #: Cloud Map service id → names of its instances.
    instances: dict[str, set[str]] = field(default_factory=dict)
    inactive_definitions: set[str] = field(default_factory=set)
    #: How often a deleted service still shows as DRAINING.
    draining_looks: int = 1
    #: How often a new service is looked at until its task runs.
    starting_looks: int = 1
    #: Tasks that stopped, of whatever service.
    stopped: list[Json] = field(default_factory=list)
    one_off: OneOffTasks = field(default_factory=OneOffTasks)
    #: What a container printed.
    printed: list[str] = field(default_factory=list)
    #: Whether ECS takes its tasks out of Cloud Map when they stop, as it should.
    deregisters: bool = True
    #: Changes what DescribeServices says of a service's newest deployment.
    rollout: Callable[[Json, Json], None] = lambda service, deployment: None
    #: Called with each call's name before it is made.
    witness: Callable[[str], None] = lambda call: None

    def send(self, request: AWSPreparedRequest, event_name: str) -> AWSResponse:
        call = event_name.removeprefix("before-send.")
        self.calls.append(call)
        self.witness(call)
        body: Json = json.loads(cast(bytes, request.body)) if call.startswith(_JSON) else {}
        fault = self._fault(call)
        if fault is not None and not fault.after_success:
            return _error(request, call, fault)
        answer = self._rule(request, call, body) or self._ask_moto(request, call, event_name, body)
        if fault is not None:
            return _error(request, call, fault)
        return answer

    def fails(self, call: str, code: str, **more: Any) -> None:
        """From now on, `call` answers with `code`."""
        self.faults[call] = Fault(code, **more)

    def count(self, call: str) -> int:
        return self.calls.count(call)

    @property
    def active(self) -> list[str]:
        """ECS services that cost money."""
        return sorted(each.name for each in self.services.values() if each.status == "ACTIVE")

    @property
    def draining(self) -> list[str]:
        return sorted(each.name for each in self.services.values() if each.status == "DRAINING")

    @property
    def discovery(self) -> list[str]:
        """Names of the services in Cloud Map."""
        known = servicediscovery_backends[ACCOUNT][REGION].services.values()
        return sorted(service.name for service in known)

    @property
    def definitions(self) -> list[str]:
        """Task definitions that are ACTIVE."""
        families = ecs_backends[ACCOUNT][REGION].task_definitions.values()
        revisions = (revision for family in families for revision in family.values())
        return sorted(each.arn for each in revisions if each.status == "ACTIVE")

    @property
    def parameters(self) -> list[str]:
        """Names in SSM that Edaha has made."""
        return sorted(name for name in ssm_backends[ACCOUNT][REGION]._parameters if KEPT in name)

    @property
    def leftovers(self) -> dict[str, list[str]]:
        found = {
            "services": self.active + self.draining,
            "discovery": self.discovery,
            "definitions": self.definitions,
            "parameters": self.parameters,
        }
        return {kind: names for kind, names in found.items() if names}

    def clear(self) -> None:
        """As good as a new account, and cheaper."""
        backend = ecs_backends[ACCOUNT][REGION]
        backend.services.clear()
        backend.task_definitions.clear()
        servicediscovery_backends[ACCOUNT][REGION].services.clear()
        ecr_backends[ACCOUNT][REGION].repositories.clear()
        logs_backends[ACCOUNT][REGION].groups.clear()
        ssm_backends[ACCOUNT][REGION]._parameters.clear()
        for known in (self.faults, self.services, self.instances):
            known.clear()
        for told in (self.calls, self.stopped, self.printed):
            told.clear()
        self.inactive_definitions.clear()
        self.one_off = OneOffTasks()

    def _fault(self, call: str) -> Fault | None:
        fault = self.faults.get(call)
        if fault is None or fault.times <= 0:
            return None
        fault.times -= 1
        return fault

    def _rule(self, request: AWSPreparedRequest, call: str, body: Json) -> AWSResponse | None:
        """What real AWS answers where moto would just do it."""
        if call == "ecs.CreateService":
            return self._create_service(request, body)
        told = self._told(call, body)
        if told is not None:
            return _answer(request, told)
        if call == "servicediscovery.ListInstances":
            found = [{"Id": each} for each in sorted(self.instances.get(body["ServiceId"], ()))]
            return _answer(request, {"Instances": found})
        if call == "servicediscovery.DeregisterInstance":
            self.instances[body["ServiceId"]].discard(body["InstanceId"])
            return _answer(request, {"OperationId": "operation-1"})
        code = self._refusal(call, body)
        return _error(request, call, Fault(code)) if code else None

    def _told(self, call: str, body: Json) -> Json | None:
        """What moto knows nothing of: tasks that ran and ended."""
        if about_one_off := self.one_off.answer(call, body):
            return about_one_off
        if call == "ecs.ListTasks" and body["desiredStatus"] == "STOPPED":
            return {"taskArns": [task["taskArn"] for task in self.stopped]}
        if call == "ecs.DescribeTasks":
            return {"tasks": self.stopped}
        if call == "cloudwatch-logs.GetLogEvents":
            return {"events": [{"message": line} for line in self.printed]}
        return None

    def _refusal(self, call: str, body: Json) -> str:
        if call == "ecs.DeleteService":
            known = self.services.get(body["service"])
            return "ServiceNotActiveException" if known and known.status != "ACTIVE" else ""
        if call == "servicediscovery.CreateService":
            return "ServiceAlreadyExists" if body["Name"] in self.discovery else ""
        if call == "servicediscovery.DeleteService":
            if body["Id"] not in servicediscovery_backends[ACCOUNT][REGION].services:
                return "ServiceNotFound"
            return "ResourceInUse" if self.instances.get(body["Id"]) else ""
        return ""

    def _create_service(self, request: AWSPreparedRequest, body: Json) -> AWSResponse | None:
        known = self.services.get(body["serviceName"])
        complaint = ""
        if known is not None and known.status == "DRAINING":
            complaint = "Unable to Start a service that is still Draining."
        elif known is not None and known.status == "ACTIVE":
            if known.token == body["clientToken"]:
                return _response(request, 200, known.answer)
            complaint = "Creation of service was not idempotent."
        if complaint:
            fault = Fault("InvalidParameterException", complaint)
            return _error(request, "ecs.CreateService", fault)
        if body["taskDefinition"] in self.inactive_definitions:
            fault = Fault("ClientException", "TaskDefinition is inactive")
            return _error(request, "ecs.CreateService", fault)
        return None

    def _ask_moto(
        self, request: AWSPreparedRequest, call: str, event_name: str, body: Json
    ) -> AWSResponse:
        response = cast(AWSResponse, botocore_stubber(event_name, request))
        if response.status_code != 200 or not call.startswith("ecs."):
            return response
        said = json.loads(response.content)
        if call == "ecs.CreateService":
            self.services[body["serviceName"]] = Service(
                body["serviceName"],
                body["clientToken"],
                response.content,
                body["serviceRegistries"][0]["registryArn"].rpartition("/")[2],
            )
        elif call == "ecs.DeleteService":
            known = self.services[body["service"]]
            known.status, known.looks = "DRAINING", 0
            said["service"]["status"] = "DRAINING"
        elif call == "ecs.DescribeServices":
            for service in said["services"]:
                self._show(service)
        elif call == "ecs.DeregisterTaskDefinition":
            self.inactive_definitions.add(body["taskDefinition"])
        return _answer(request, said)

    def _show(self, service: Json) -> None:
        """One look at a service: time goes by."""
        known = self.services[service["serviceName"]]
        if known.status == "DRAINING" and known.looks >= self.draining_looks:
            known.status = "INACTIVE"
            if self.deregisters:
                self.instances.pop(known.registry, None)
        known.looks += 1
        service["status"] = known.status
        deployment = service["deployments"][0]
        if known.looks > self.starting_looks:
            deployment |= {"rolloutState": "COMPLETED", "runningCount": 1, "desiredCount": 1}
            if known.status == "ACTIVE":
                self.instances.setdefault(known.registry, set()).add("task-1")
        self.rollout(service, deployment)


_JSON = ("ecs.", "servicediscovery.", "ecr.", "cloudwatch-logs.")


def _answer(request: AWSPreparedRequest, said: Json) -> AWSResponse:
    return _response(request, 200, json.dumps(said).encode())


def _error(request: AWSPreparedRequest, call: str, fault: Fault) -> AWSResponse:
    if call.startswith(_JSON):
        body = json.dumps({"__type": fault.code, "message": fault.message})
    else:
        body = (
            f"<Response><Errors><Error><Code>{fault.code}</Code><Message>{fault.message}"
            "</Message></Error></Errors></Response>"
        )
    return _response(request, fault.status, body.encode())


def _response(request: AWSPreparedRequest, status: int, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, status, HTTPHeaders(), MockRawResponse(body))


class Switch:
    """One handler for the process's clients, which outlive the tests."""

    def __init__(self) -> None:
        self.cloud: Cloud | None = None
        # A client keeps the handlers that its session had: those of earlier tests are made anew.
        aws._client.cache_clear()
        events: Any = aws._session().events
        # moto is asked by the cloud alone: botocore would ask both.
        events.unregister("before-send", botocore_stubber)
        events.register("before-send", self)

    def __call__(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> Any:
        assert self.cloud is not None, "a call to AWS in a test that has none"
        return self.cloud.send(request, event_name)


EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/pulls-and-logs"
_TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}


def furnish() -> str:
    """What an operator prepares: cluster, namespace, role, network; returns a subnet's id."""
    boto3.client("iam").create_role(
        RoleName="pulls-and-logs", AssumeRolePolicyDocument=json.dumps(_TRUST)
    )
    boto3.client("ecs").create_cluster(clusterName="default")
    boto3.client("servicediscovery").create_private_dns_namespace(
        Name="edaha.internal", Vpc="vpc-1"
    )
    subnets = boto3.client("ec2").describe_subnets()["Subnets"]
    return str(subnets[0]["SubnetId"])
