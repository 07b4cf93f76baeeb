"""A stateful fake of GitHub's REST API, held against GitHub's own OpenAPI description."""

from .server import Fake, Fault, running
from .state import Installation, State

__all__ = ["Fake", "Fault", "Installation", "State", "running"]
