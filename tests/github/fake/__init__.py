"""A stateful fake of GitHub's REST API, held against GitHub's own OpenAPI description.

github ─────── one request: looked at, counted, done, or gone wrong on purpose
├── credentials ── who asks; permissions: what each operation needs; limits: how often
├── paging ─────── pages, their links, ETags
└── state ──────── what there is, and by app, comments, hooks, pulls, reports what is done to it
server, transport ── over HTTP, and in this process; web: github.com in a browser
"""

from . import app, comments, hooks, pulls, reports  # noqa: F401 (their operations are done by it)
from .github import ALWAYS, Fake, Fault
from .server import running
from .state import Installation, State
from .transport import Transport

__all__ = ["ALWAYS", "Fake", "Fault", "Installation", "State", "Transport", "running"]
