"""Makes deployments/definitions/ecspresso/shapes.json of botocore's model of ECS.

Definitions must not import botocore. Run this after an upgrade of it:
`python -m tests.ecspresso.shapes_of_botocore`.
"""

import json
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

TABLE = Path("deployments/definitions/ecspresso/shapes.json")


def table() -> dict[str, Any]:
    """Structure → member → type: a scalar's name, "[" before a list's, "{" before a map's.

    Text that is one of some words is an "enum".
    """
    model = ServiceModel(Loader().load_service_model("ecs", "service-2"))
    shapes: dict[str, dict[str, str]] = {}

    def kind(shape: Shape) -> str:
        if isinstance(shape, ListShape):
            return f"[{kind(shape.member)}"
        if isinstance(shape, MapShape):
            return f"{{{kind(shape.value)}"
        if not isinstance(shape, StructureShape):
            return "enum" if getattr(shape, "enum", None) else str(shape.type_name)
        if shape.name not in shapes:
            shapes[shape.name] = {}
            shapes[shape.name] |= {name: kind(member) for name, member in shape.members.items()}
        return str(shape.name)

    for name in ("RegisterTaskDefinition", "CreateService", "UpdateService"):
        kind(model.shape_for(f"{name}Request"))
    read_only = {}
    for name in ("TaskDefinition", "Service"):
        shape = model.shape_for(name)
        assert isinstance(shape, StructureShape)
        read_only[name] = sorted(shape.members)
    return {"described": read_only, "shapes": shapes}


def text() -> str:
    return json.dumps(table(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    TABLE.write_text(text())
