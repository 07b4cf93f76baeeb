"""ecspresso's files, as they are: its configuration, task and service definitions.

https://github.com/kayac/ecspresso
"""

from .config import Config, find
from .loading import Loaded, load
from .surroundings import Evaluate, Import, Lookups, Native, Surroundings

__all__ = [
    "Config",
    "Evaluate",
    "Import",
    "Loaded",
    "Lookups",
    "Native",
    "Surroundings",
    "find",
    "load",
]
