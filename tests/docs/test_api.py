"""api.md shows every operation that the API has."""

import re
from pathlib import Path

from dashboard.api.operations import api

TEXT = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()


def test_every_address_has_an_example() -> None:
    shown = {re.sub(r"/(\d+|[0-9a-f-]{36}|git)(?=/|$)", "/{}", path) for path in _examples()}
    described = {
        re.sub(r"{\w+}", "{}", path.removeprefix("/api/v1"))
        for path in api.get_openapi_schema()["paths"]
    }
    assert shown == described


def _examples() -> list[str]:
    return re.findall(r'"\$EDAHA(/[^"?]*)', TEXT)
