"""AWS as moto has it, and, call by call, as AWS's own documents have it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.model import OperationModel
from botocore.retries.standard import ExponentialBackoff
from botocore.validate import ParamValidator
from moto import mock_aws

from deployments.adapters import aws, verify
from deployments.models import Repository

from .origin import Origin

Json = dict[str, Any]


class Status:
    def __init__(self, code: int) -> None:
        self.status_code = code


class Aws:
    """Everything that is asked goes to moto, but for what a test answers itself."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self._answers: dict[str, list[tuple[int, Json]]] = {}

    def answers(self, operation: str, *answers: Json) -> None:
        """What the next calls of `operation` get, the last one for ever; AWS's own shape."""
        self._answers[operation] = [(200, answer) for answer in answers]

    def refuses(self, operation: str, code: str, message: str = "no", **more: Any) -> None:
        error = {"Error": {"Code": code, "Message": message}, **more}
        self._answers[operation] = [(400, error)]

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.calls)

    def asked(self, operation: str) -> Json:
        """The arguments of the latest call of `operation`."""
        return next(given for name, given in reversed(self.calls) if name == operation)

    def note(self, params: Json, model: OperationModel, **_: Any) -> None:
        self.calls.append((model.name, dict(params)))

    def answer(self, model: OperationModel, **_: Any) -> tuple[Status, Json] | None:
        waiting = self._answers.get(model.name)
        if not waiting:
            return None
        status, said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if status == 200 and model.output_shape is not None:
            report = ParamValidator().validate(said, model.output_shape)
            assert not report.has_errors(), report.generate_report()
        return Status(status), {"ResponseMetadata": {"HTTPStatusCode": status}, **said}


class Line:
    """From the clients, which are costly to make and outlive a test, to the test's own Aws."""

    def __init__(self) -> None:
        self.session = cache(boto3.Session)
        self.client = cache(aws._client.__wrapped__)
        self.end: Aws | None = None
        events: Any = self.session().events
        events.register("provide-client-params", lambda **told: self.end and self.end.note(**told))
        events.register_first(
            "before-call", lambda **told: self.end.answer(**told) if self.end else None
        )


@pytest.fixture(scope="session")
def _line() -> Line:
    return Line()


@pytest.fixture
def cloud(_line: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An account with nothing in it."""
    monkeypatch.setattr(aws, "_session", _line.session)
    monkeypatch.setattr(aws, "_client", _line.client)
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(verify, "_passed", {})
    with mock_aws():
        _line.end = Aws()
        yield _line.end
        _line.end = None


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def shop(origin: Origin) -> Repository:
    """Not in the database: reading files needs none."""
    return Repository(pk=1, full_name="acme/shop", clone_url=str(origin.path))


def input_complaints(service: str, operation: str, request: Json) -> str:
    """What boto3 would say of a call's arguments; empty where it would send them."""
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return str(ParamValidator().validate(request, shape).generate_report())
