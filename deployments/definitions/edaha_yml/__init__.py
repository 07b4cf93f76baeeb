"""edaha.yml: the optional file in which an application says how it is deployed."""

from .given import Defaults
from .reading import read
from .schema import json_schema
from .substitution import substitute

__all__ = ["Defaults", "json_schema", "read", "substitute"]
