"""The JSON Schema of edaha.yml, from which editors complete it."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from .model import File

#: The draft that editors know best:
#: https://github.com/redhat-developer/yaml-language-server
_DRAFT = "http://json-schema.org/draft-07/schema#"


class _Strict(GenerateJsonSchema):
    """Unlike pydantic's own, it refuses a mapping's keys that do not match their pattern."""

    schema_dialect = _DRAFT

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        for pattern, value in made.pop("patternProperties", {}).items():
            made["propertyNames"] = made.get("propertyNames", {}) | {"pattern": pattern}
            made["additionalProperties"] = value
        return made


def json_schema() -> dict[str, Any]:
    """The schema of a whole edaha.yml, as JSON Schema draft 7."""
    made = File.model_json_schema(schema_generator=_Strict)
    return {"$schema": _DRAFT, **_without_noise(made)}


def _without_noise(value: Any) -> Any:
    """Without `default: null` and the titles that only repeat a key."""
    if isinstance(value, list):
        return [_without_noise(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_noise(item)
        for key, item in value.items()
        if not (key == "default" and item is None)
        and not (key == "title" and isinstance(item, str) and item != "edaha.yml")
    }
