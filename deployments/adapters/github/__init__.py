"""GitHub's REST API, in the name of a GitHub App or by a token.

request ─── one call about a repository
├── tokens ── in whose name: the App's installation, the token of the settings, nobody
│   └── app ─ the App itself, and what it signs
└── wire ──── one request; limits: what GitHub lets us do, with all processes by sharing;
              problems: what it refuses
pulls ────── pull requests, as the events that deliveries are
comments ─── a comment, as it is there
hooks ────── deliveries that failed, and having them sent again
"""

from .asking import request
from .comments import comment
from .home import is_home_of
from .problems import Conflict, Invalid, Limited, NotFound, Unauthorised
from .pulls import open_pull_requests, pull_request

__all__ = [
    "Conflict",
    "Invalid",
    "Limited",
    "NotFound",
    "Unauthorised",
    "comment",
    "is_home_of",
    "open_pull_requests",
    "pull_request",
    "request",
]
