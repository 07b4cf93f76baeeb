"""Branch names: those of the issue by name, and everything else that git accepts."""

import re

from hypothesis import strategies as st

#: Each of these gets its own working address.
HOSTILE = [
    "feature/x",
    "feature-x",
    "Feature/X",
    "機能/検索",
    "$(id)",
    ";id",
    "`id`",
    "<img/src=x>",
    "-x",
    "--upload-pack=id",
    "a" * 250,
    "a" * 249 + "b",
    "🚀",
    "🚀🚀",
    "www",
    "api",
    "WWW",
    "xn--bcher-kva",
    "x.y",
    "x_y",
    "x-y",
    "HEAD",
    "refs/heads/x",
]

_FORBIDDEN = re.compile(
    # git-check-ref-format(1), rule by rule.
    r"(^|/)\.|\.lock(/|$)|\.\.|[\x00-\x20\x7f~^:?*\[\\]|^/|/$|//|\.$|@\{|^@$"
)


def is_accepted_by_git(name: str) -> bool:
    return bool(name) and not _FORBIDDEN.search(name) and len(name.encode()) <= 250


def names() -> st.SearchStrategy[str]:
    """Names that git takes for a branch, the nasty ones first."""
    anything = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80)
    mean = st.text("aAbxX01-_/.$();`'\"|&<>é機🚀", min_size=1, max_size=250)
    return (st.sampled_from(HOSTILE) | mean | anything).filter(is_accepted_by_git)
