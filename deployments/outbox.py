"""Interim."""

from typing import Any

from .models import Repository


def put(repository: Repository, kind: str, key: str, payload: dict[str, Any] | None = None) -> None:
    """Interim."""
