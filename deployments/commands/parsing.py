"""What a comment tells Edaha to do. Pure: the text comes from anybody.

The first line that begins with /preview counts, where a reader sees it as a line of its own: not in
quotes, in code, or in what HTML hides.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ..definitions.edaha_yml.values import expiry


class Verb(StrEnum):
    DEPLOY = "deploy"
    REDEPLOY = "redeploy"
    REBUILD = "rebuild"
    DESTROY = "destroy"
    PIN = "pin"
    UNPIN = "unpin"
    EXTEND = "extend"
    STATUS = "status"
    LOGS = "logs"
    HELP = "help"


@dataclass(frozen=True)
class Asked:
    verb: Verb
    #: With `extend`: for how long; None as long as a visit does.
    duration: timedelta | None = None


@dataclass(frozen=True)
class Misunderstood:
    """It is a command, and means nothing; `problem` says why, in a sentence for its author."""

    problem: str


#: Up to three spaces are no code in Markdown: https://spec.github.com/github-flavored-markdown/
_COMMAND = re.compile(r" {0,3}/preview(?:[ \t]+(.*))?", re.IGNORECASE | re.ASCII | re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)
#: What may be told back to whoever wrote it, as it is.
_PLAIN = re.compile(r"[A-Za-z0-9-]{1,20}")
_LONGEST_LINE = 200


def parse(body: str) -> Asked | Misunderstood | None:
    """None where it is no command."""
    for line in _seen_lines(body):
        if found := _COMMAND.fullmatch(line.rstrip()):
            return _read((found[1] or "").split())
    return None


def _read(words: list[str]) -> Asked | Misunderstood:
    if not words:
        return Asked(Verb.DEPLOY)
    name, *rest = words
    if name.lower() not in list(Verb):
        return Misunderstood(f"I do not know `{_quoted(name)}`. `/preview help` tells what I do.")
    verb = Verb(name.lower())
    if verb == Verb.EXTEND and len(rest) == 1:
        return _extend(rest[0])
    if rest:
        return Misunderstood(f"`/preview {verb}` takes nothing behind it.")
    return Asked(verb)


def _extend(text: str) -> Asked | Misunderstood:
    try:
        return Asked(Verb.EXTEND, timedelta(seconds=expiry(text)))
    except ValueError:
        return Misunderstood("Say for how long as `5m`, `12h` or `3d`: up to `365d`.")


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else "that"


def _seen_lines(body: str) -> Iterator[str]:
    """Lines that are not in a block of code or hidden; those that are long are not whole."""
    fence, is_hidden = "", False
    for line in re.split(r"\r\n|\r|\n", body):
        short = line[:_LONGEST_LINE]
        if fence:
            fence = "" if _ends(fence, short) else fence
        elif is_hidden:
            is_hidden = "-->" not in line
        elif (begins := _FENCE.fullmatch(short)) and not ("`" in begins[1] and "`" in begins[2]):
            fence = begins[1]
        elif line.rfind("<!--") > line.rfind("-->"):
            is_hidden = True
        else:
            yield short


def _ends(fence: str, line: str) -> bool:
    found = _FENCE.fullmatch(line)
    return found is not None and found[1].startswith(fence) and not found[2].strip()
