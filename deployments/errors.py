"""What can go wrong, told as whose fault it is and whether to try again.

Every message is read by a person: it says what failed and where; `hint` says what to do.
"""

from .causes import Cause


class EdahaError(Exception):
    """The root of every error that Edaha raises on purpose."""

    #: What kind of failure it is where nobody says so.
    usual_cause: Cause | None = None

    def __init__(self, message: str, *, hint: str = "", cause: Cause | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        #: None where only the texts can tell (`diagnosis`).
        self.cause = cause or self.usual_cause


class UserError(EdahaError):
    """The repository, its Dockerfile or its settings are at fault: trying again changes nothing."""


class PlatformError(EdahaError):
    """Edaha's surroundings (AWS, git host, Docker) are at fault.

    `retry` tells whether the same call may succeed later without anybody's doing.
    """

    def __init__(
        self, message: str, *, hint: str = "", retry: bool = False, cause: Cause | None = None
    ) -> None:
        super().__init__(message, hint=hint, cause=cause)
        self.retry = retry


class Superseded(EdahaError):
    """The work is no longer wanted: a newer commit came, or the branch is to be destroyed."""


class LeaseLost(EdahaError):
    """Another worker took the work over: stop at once and write nothing."""


class HandedOver(EdahaError):
    """This worker is being stopped: give the work back, for another one to go on at once."""
