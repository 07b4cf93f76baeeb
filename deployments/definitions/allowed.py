"""See deployments/allowed.py."""

from ..allowed import NAMED, WORDS, allows, is_entry

__all__ = ["NAMED", "WORDS", "allows", "is_entry"]
