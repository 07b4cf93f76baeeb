"""Cloud Map's rules: names, instances that come and go by themselves, asynchronous operations."""

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from . import syntax
from .call import Call, Json, Refusal, Reply
from .ecs_services import Services, paged
from .timing import Clock
from .upstream import Upstream

Handlers = dict[str, Callable[[Call], Reply]]


@dataclass
class Name:
    """A service of Cloud Map."""

    description: Json
    request: Json
    created_at: float
    deleted_at: float | None = None

    @property
    def id(self) -> str:
        return str(self.description["Id"])

    @property
    def name(self) -> str:
        return str(self.request["Name"])

    @property
    def namespace(self) -> str:
        return str(self.request.get("NamespaceId", ""))

    def exists(self, at: float) -> bool:
        return self.created_at <= at and (self.deleted_at is None or at < self.deleted_at)


@dataclass(frozen=True)
class Leaving:
    """A DeregisterInstance under way."""

    operation: str
    over_at: float


class CloudMap:
    def __init__(self, clock: Clock, upstream: Upstream, services: Services) -> None:
        self._clock, self._upstream, self._services = clock, upstream, services
        self._names: dict[str, Name] = {}
        #: Registered by hand: (service, instance) → since when.
        self._by_hand: dict[tuple[str, str], float] = {}
        self._leaving: dict[tuple[str, str], Leaving] = {}
        self._lock = threading.RLock()

    def handlers(self, *, simulates: bool) -> Handlers:
        rules: Handlers = {
            "servicediscovery.CreateService": self._create,
            "servicediscovery.DeleteService": self._delete,
            "servicediscovery.ListServices": self._list,
        }
        if not simulates:
            return rules
        return rules | {
            "servicediscovery.RegisterInstance": self._register,
            "servicediscovery.ListInstances": self._list_instances,
            "servicediscovery.DeregisterInstance": self._deregister,
            "servicediscovery.GetOperation": self._get_operation,
        }

    def names(self) -> list[Name]:
        """Those that exist."""
        now = self._clock.now()
        with self._lock:
            return [each for each in self._names.values() if each.exists(now)]

    def instances(self, service: str, at: float) -> list[str]:
        """ECS registers a task while it runs; a deregistration ends some time after its call.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_DeregisterInstance.html
        """
        timing = self._clock.timing
        tasks = (
            task.arn.rpartition("/")[2]
            for task in self._services.tasks()
            if task.registry == service and task.is_registered(at, timing)
        )
        with self._lock:
            by_hand = [
                instance
                for (where, instance), since in self._by_hand.items()
                if where == service and since <= at
            ]
            return sorted(
                each
                for each in {*tasks, *by_hand}
                if (service, each) not in self._leaving or at < self._leaving[service, each].over_at
            )

    def _create(self, call: Call) -> Reply:
        """A CreatorRequestId makes a retry safe; names that differ only by case are one name.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateService.html
        """
        body = call.body
        syntax.discovery_name(body["Name"], body.get("CreatorRequestId", ""))
        with self._lock:
            for known in self.names():
                same_name = known.name.lower() == body["Name"].lower()
                if known.namespace != body.get("NamespaceId", "") or not same_name:
                    continue
                if body.get("CreatorRequestId") and body == known.request:
                    return Reply.of({"Service": known.description})
                raise Refusal(
                    "ServiceAlreadyExists",
                    "Service already exists.",
                    ServiceId=known.id,
                    CreatorRequestId=known.request.get("CreatorRequestId", ""),
                )
            reply = self._upstream.ask(call)
            if reply.status == 200:
                description = reply.said["Service"]
                self._names[description["Id"]] = Name(description, body, self._clock.now())
            return reply

    def _delete(self, call: Call) -> Reply:
        """ "If the service still contains one or more registered instances, the request fails":

        https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteService.html
        """
        with self._lock:
            known = self._existing(call.body["Id"])
            if self.instances(known.id, self._clock.now()) or self._has_instances_there(call):
                raise Refusal("ResourceInUse", "Service contains registered instances.")
            reply = self._upstream.ask(call)
            if reply.status == 200:
                known.deleted_at = self._clock.now()
            return reply

    def _has_instances_there(self, call: Call) -> bool:
        """Whether the emulator itself knows of instances, where they are its own business."""
        target = call.headers["x-amz-target"].replace("DeleteService", "ListInstances")
        content = json.dumps({"ServiceId": call.body["Id"]}).encode()
        headers = {**call.headers, "x-amz-target": target}
        reply = self._upstream.ask(Call(call.method, call.path, headers, content))
        return reply.status == 200 and bool(reply.said.get("Instances"))

    def _existing(self, service: str) -> Name:
        known = self._names.get(service.rpartition("/")[2])
        if known is None or not known.exists(self._clock.now()):
            raise Refusal("ServiceNotFound", "Service not found.")
        return known

    def _list(self, call: Call) -> Reply:
        seen, body = self._clock.seen(), call.body
        wanted = {
            value
            for each in body.get("Filters", ())
            if each["Name"] == "NAMESPACE_ID"
            for value in each["Values"]
        }
        with self._lock:
            shown = [
                each.description
                for each in self._names.values()
                if each.exists(seen) and (not wanted or each.namespace in wanted)
            ]
        return Reply.of(_page("Services", shown, body))

    def _register(self, call: Call) -> Reply:
        body = call.body
        with self._lock:
            key = (self._existing(body["ServiceId"]).id, body["InstanceId"])
            self._leaving.pop(key, None)
            self._by_hand[key] = self._clock.now() + self._clock.timing.operation
        return Reply.of({"OperationId": uuid.uuid4().hex})

    def _list_instances(self, call: Call) -> Reply:
        seen = self._clock.seen()
        known = self._existing(call.body["ServiceId"])
        found = [{"Id": each, "Attributes": {}} for each in self.instances(known.id, seen)]
        return Reply.of(_page("Instances", found, call.body))

    def _deregister(self, call: Call) -> Reply:
        """It answers with an operation; a second one meanwhile is a DuplicateRequest.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_DeregisterInstance.html
        """
        with self._lock:
            now = self._clock.now()
            known = self._existing(call.body["ServiceId"])
            key = (known.id, call.body["InstanceId"])
            under_way = self._leaving.get(key)
            if under_way and now < under_way.over_at:
                raise Refusal(
                    "DuplicateRequest",
                    "The operation is already in progress.",
                    DuplicateOperationId=under_way.operation,
                )
            if key[1] not in self.instances(known.id, now):
                raise Refusal("InstanceNotFound", "Instance not found.")
            operation = uuid.uuid4().hex
            self._leaving[key] = Leaving(operation, now + self._clock.timing.operation)
            return Reply.of({"OperationId": operation})

    def _get_operation(self, call: Call) -> Reply:
        now, wanted = self._clock.now(), call.body["OperationId"]
        with self._lock:
            found = next((op for op in self._leaving.values() if op.operation == wanted), None)
        if found is None:
            return self._upstream.ask(call)
        status = "SUCCESS" if now >= found.over_at else "PENDING"
        said = {"Id": wanted, "Type": "DEREGISTER_INSTANCE", "Status": status}
        return Reply.of({"Operation": said})


def _page(what: str, every: list[Json], body: Json) -> Json:
    """As `paged`, with Cloud Map's capital letters."""
    asked = {"nextToken": body.get("NextToken"), "maxResults": body.get("MaxResults")}
    said = paged(what, every, asked)
    if "nextToken" in said:
        said["NextToken"] = said.pop("nextToken")
    return said
