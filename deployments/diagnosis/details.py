"""What a deployment's error names, for what to do next: a place, a port, a secret."""

import re
from typing import NamedTuple

_PLACE = re.compile(r"failed at (\S{1,200}:\d{1,6}):|could not be built \((\S{1,200}:\d{1,6})\)")
_FILE = re.compile(r"^(?:[\w.-]+/)*[\w.-]+:\d{1,6}(?=: )")
_SECRET = re.compile(
    r"(?:the secret|There is no secret|SSM parameter|names? no secret|secret)"
    r" “?([A-Za-z0-9/_+=.@:-]{2,512})”?"
)
_PORT = re.compile(r"did not answer on port (\d{1,5})")
_LISTENS = re.compile(r"listens on (?:127\.0\.0\.1 )?port (\d{1,5})")
_EXIT = re.compile(r"(?:exit code:? |with code )(\d{1,3})\b")
_MISSING = re.compile(
    r"\"?(/?[\w./@-]{1,200})\"?: not found|There is no (?:folder )?(\S{1,200}) in"
)


class Details(NamedTuple):
    """Each is empty, or None, where the error does not name it."""

    #: File and line, `Dockerfile:12`.
    place: str = ""
    secret: str = ""
    missing: str = ""
    #: Where visitors come to, and where it listens by its own word.
    port: int | None = None
    listens: int | None = None
    exit_code: int | None = None


def details(error: str, hint: str = "") -> Details:
    """What the error names. It is Edaha's own text, so these are the forms that it has."""
    place = _PLACE.search(error)
    file = _FILE.search(error)
    secret, missing = _SECRET.search(error), _MISSING.search(error)
    port, listens = _PORT.search(error), _LISTENS.search(hint)
    code = _EXIT.search(error)
    return Details(
        place=(place[1] or place[2]) if place else file[0] if file else "",
        secret=secret[1].rstrip(".,:") if secret else "",
        missing=(missing[1] or missing[2]).lstrip("/") if missing else "",
        port=int(port[1]) if port else None,
        listens=int(listens[1]) if listens else None,
        exit_code=int(code[1]) if code else None,
    )
