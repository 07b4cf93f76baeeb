"""What buildx is asked for, for one deployment."""

from pathlib import Path

from .. import names
from ..adapters import buildx, ecr, git
from ..config import config
from ..errors import UserError
from ..models import Deployment


def build_request(deployment: Deployment) -> tuple[buildx.BuildRequest, str]:
    """What to build, and the `registry/repository` that it goes to; checks the files out."""
    branch = deployment.branch
    repository = branch.repository
    worktree = git.checkout(repository, branch, deployment.commit)
    store = ecr.ensure_repository(
        names.image_repository(config().installation, repository.full_name)
    )
    caches = dict.fromkeys([branch.slug, names.slugify(repository.default_branch)])
    request = buildx.BuildRequest(
        context=_beneath(worktree, repository.context),
        dockerfile=_beneath(worktree, repository.dockerfile),
        platforms=tuple(repository.platforms),
        target=f"{store}:{names.image_tag(branch.slug, deployment.commit)}",
        cache_from=tuple(f"{store}:{names.cache_tag(slug)}" for slug in caches),
        no_cache=deployment.no_cache,
    )
    return request, store


def _beneath(worktree: Path, path: str) -> Path:
    """`path` in the worktree; a link that leaves it is refused."""
    found = (worktree / path).resolve()
    if not found.is_relative_to(worktree.resolve()):
        raise UserError(f"{path} leads out of the repository by a symbolic link.")
    return found
