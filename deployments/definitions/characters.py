"""What text cannot be kept: neither UTF-8 nor PostgreSQL has halves of characters, or NUL. Pure."""

import re

_UNUSABLE = re.compile(r"[\x00\ud800-\udfff]")


def wrong_character(text: str) -> str:
    """What is wrong with the text's first character that cannot be kept; empty for none."""
    found = _UNUSABLE.search(text)
    if not found:
        return ""
    if found[0] == "\0":
        return "This text has a NUL character; leave it out."
    return f"This text has half of a surrogate pair, \\u{ord(found[0]):x}; write the character."


def storable(text: str) -> str:
    """The text with a mark for each character that cannot be kept."""
    return _UNUSABLE.sub("\N{REPLACEMENT CHARACTER}", text)
