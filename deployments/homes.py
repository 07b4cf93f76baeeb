"""Where a repository is at home: on the GitHub that the settings name, or elsewhere."""

from urllib.parse import urlsplit

from .config import config
from .models import Repository
from .models.repository import HostName

PUBLIC_API = "https://api.github.com"


def is_on_github(repository: Repository) -> bool:
    """Whether the repository is on the GitHub whose API the settings name."""
    if repository.host:
        return repository.host == HostName.GITHUB
    ours, its = urlsplit(config().github_url), urlsplit(repository.clone_url)
    return its.scheme == ours.scheme and bool(its.netloc) and its.netloc == ours.netloc


def is_told_of(repository: Repository) -> bool:
    """Whether GitHub is told of the repository's previews.

    Where settings allow folders of this machine in a repository's place, and name another API than
    GitHub's own, as tests of a whole installation do, it is told of those, too.
    """
    stands_in = config().allow_local_clone and config().github_api_url != PUBLIC_API
    return is_on_github(repository) or (stands_in and repository.clone_url.startswith("/"))
