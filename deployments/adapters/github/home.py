"""Which repositories are on the GitHub that the settings name."""

from urllib.parse import urlsplit

from ...config import config
from ...models import Repository


def is_home_of(repository: Repository) -> bool:
    """Whether the repository is on the GitHub whose API the settings name."""
    ours, its = urlsplit(config().github_url), urlsplit(repository.clone_url)
    return its.scheme == ours.scheme and bool(its.netloc) and its.netloc == ours.netloc
