"""Whether changed files are ones that a repository's path filter asks for. Pure.

Patterns are gitignore's: `src/`, `*.py`, `/docs/**`, and `!README.md` takes out what an earlier one
took in: the last one that matches counts. Where all of them take out, everything else is asked for.
"""

from collections.abc import Iterable

from pathspec import PathSpec

_LONGEST = 500


def is_asked_for(patterns: list[str], files: Iterable[str]) -> bool:
    """Whether one of the files matches; without patterns, always."""
    if not patterns:
        return True
    takes_out_only = all(pattern.startswith("!") for pattern in patterns)
    spec = PathSpec.from_lines("gitignore", ["*", *patterns] if takes_out_only else patterns)
    return any(spec.match_file(name) for name in files)


def is_pattern(pattern: str) -> bool:
    """Whether it can be read, and means something: an empty line or a remark does not."""
    if not pattern.strip() or len(pattern) > _LONGEST or any(ord(each) < 32 for each in pattern):
        return False
    try:
        read = PathSpec.from_lines("gitignore", [pattern]).patterns
        return any(each.include is not None for each in read)
    except ValueError:
        return False
