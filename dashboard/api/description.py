"""The API's own description, where it has to say more than the framework knows."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from .repeating import HEADER, PATTERN

#: What `repeating` reads.
_KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "pattern": PATTERN, "maxLength": 255},
    "description": "A call that is repeated with the same key and body within a day is answered as "
    "before, and nothing is done twice.",
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}


class DescribedAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        for methods in schema["paths"].values():
            if "post" in methods:
                methods["post"].setdefault("parameters", []).append(_KEY)
            for operation in methods.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["content"] = {
                            "application/problem+json": response["content"]["application/json"]
                        }
        return schema
