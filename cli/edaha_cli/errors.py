"""What may go wrong, and the exit code that says so. The codes are a stable interface."""

FINE = 0
FAILED = 1
#: `status --exit-code` alone: neither live nor failed yet.
UNDER_WAY = 6
INTERRUPTED = 130


class CommandError(Exception):
    """Something that ends the command: `message` says what, `hint` what to do."""

    code = FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class DeploymentFailed(CommandError):
    """The deployment did not come live, or the server could not do what was asked."""


class Usage(CommandError):
    """The command does not know what to do."""

    code = 2


class NotFound(CommandError):
    """There is no such preview."""

    code = 3


class NotAllowed(CommandError):
    """Nobody is signed in, or may not do this."""

    code = 4


class Unreachable(CommandError):
    """The server does not answer, or not now."""

    code = 5
