"""What GitHub refuses, told apart by what the caller can do about it."""

from datetime import datetime

from ...errors import PlatformError


class NotFound(PlatformError):
    """There is no such thing (404, 410, or it was moved), or we may not see it."""


class Conflict(PlatformError):
    """What is there already stands against it (409)."""


class Invalid(PlatformError):
    """GitHub understands the request, and does not take it (422)."""


class Unauthorised(PlatformError):
    """The token is not valid, or no longer (401)."""


class Limited(PlatformError):
    """GitHub is not to be asked until `until`: a limit is used up, or nearly so."""

    def __init__(self, message: str, *, until: datetime, hint: str = "") -> None:
        super().__init__(message, hint=hint, retry=True)
        self.until = until
