"""Where in the Dockerfile BuildKit failed."""

import posixpath
import re
from collections.abc import Iterable

#: `Dockerfile:12`, on a line of its own before the lines that BuildKit shows.
_PLACE = re.compile(r"\s{0,9}([^\s:]{1,200}):(\d{1,6})\s{0,9}$")
_PARSE_ERROR = re.compile(r"dockerfile parse error (?:on )?line (\d{1,6})")


def place_in_dockerfile(said: Iterable[str], dockerfile: str) -> str:
    """File and line, as `app/Dockerfile:12`, by what buildx said; empty where it did not.

    BuildKit knows the file's name alone, `dockerfile` is its path in the repository.
    """
    for line in said:
        if found := _PLACE.match(line):
            is_it = found[1] == posixpath.basename(dockerfile)
            return f"{dockerfile if is_it else found[1]}:{found[2]}"
        if found := _PARSE_ERROR.search(line):
            return f"{dockerfile}:{found[1]}"
    return ""
