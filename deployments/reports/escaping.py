"""Texts of strangers in GitHub's Markdown: nothing of them is a link, an image, HTML or a mention.

In code, GitHub makes nothing of anything: https://github.github.com/gfm/#code-spans. So that is
where such texts go; only sentences of Edaha that name something are escaped instead.
"""

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+.!|~$^=:/-])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
#: What GitHub makes links and mentions of by itself.
_SPECIAL = re.compile(r"(@|#|://|\bwww\.|\bGH-|\b[0-9a-f]{7,64}\b)", re.IGNORECASE)
#: Colours and such, as terminals are told them.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_BREAK = "\N{ZERO WIDTH NON-JOINER}"


def code(text: str, *, most: int = 200) -> str:
    """One line of code, also in a table."""
    plain = " ".join(visible(text).split())[:most].strip() or "?"
    # In a table, a bar ends a cell even in code: https://github.github.com/gfm/#example-200
    plain = plain.replace("|", "\N{BROKEN BAR}")
    fence = "`" * (_longest_run(plain) + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{space}{plain}{space}{fence}"


def block(text: str, *, most: int = 2_000) -> str:
    """Some lines of code."""
    lines = [visible(line).rstrip() for line in text.splitlines()]
    plain = "\n".join(lines).strip("\n")[:most]
    fence = "`" * max(3, _longest_run(plain) + 1)
    return f"{fence}text\n{plain}\n{fence}"


def prose(text: str, *, most: int = 500) -> str:
    """A sentence of Edaha that names something out of the repository."""
    plain = " ".join(visible(text).split())[:most] or "?"
    broken = _SPECIAL.sub(lambda found: f"{found[0][0]}{_BREAK}{found[0][1:]}", plain)
    return _PUNCTUATION.sub(r"\\\1", broken).translate(_HTML)


def visible(text: str) -> str:
    """Without what only hides, turns or colours other characters."""
    return "".join(
        " " if char in "\t\n\r" else char
        for char in _ESCAPES.sub("", text)
        if char in "\t\n\r" or unicodedata.category(char) not in _INVISIBLE
    )


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
