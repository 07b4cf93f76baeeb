"""Where a repository is at home: on the GitHub that the settings name, or elsewhere."""

from urllib.parse import urlsplit

from .config import config
from .models import Repository
from .models.repository import HostName


def is_on_github(repository: Repository) -> bool:
    """Whether the repository is on the GitHub whose API the settings name."""
    if repository.host:
        return repository.host == HostName.GITHUB
    ours, its = urlsplit(config().github_url), urlsplit(repository.clone_url)
    return its.scheme == ours.scheme and bool(its.netloc) and its.netloc == ours.netloc
