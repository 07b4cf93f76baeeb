"""AWS's own rules, as botocore ships them."""

from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


@cache
def service_model(service: str) -> ServiceModel:
    model: ServiceModel = botocore.session.get_session().get_service_model(service)
    return model


def constraints(service: str, shape: str) -> dict[str, Any]:
    """`min`, `max` and `pattern` of a shape of AWS's API."""
    found = service_model(service).shape_for(shape)
    return {**found.metadata, "pattern": found.metadata.get("pattern", ".*")}


def complaints(service: str, operation: str, request: dict[str, Any]) -> str:
    """What boto3 would say of this call's arguments; empty where it would send them."""
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    report: str = ParamValidator().validate(request, shape).generate_report()
    return report
