"""What buildx is asked for, for one image of a deployment."""

from collections.abc import Mapping
from pathlib import Path

from .. import names
from ..adapters import buildx, ecr, git
from ..config import config
from ..definitions.application import Image
from ..errors import UserError
from ..models import Branch, Deployment, Repository


def build_request(
    deployment: Deployment, image: Image, secrets: Mapping[str, bytes]
) -> buildx.BuildRequest:
    """What to build and where it goes; checks the commit's files out."""
    branch = deployment.branch
    repository = branch.repository
    worktree = git.checkout(repository, branch, deployment.commit)
    store = store_of(deployment)
    caches = dict.fromkeys([branch.slug, names.slugify(repository.default_branch)])
    if not deployment.is_trusted:
        # Neither written nor read: what our own builds left there may have secrets' traces in it.
        caches, secrets = {}, {}
    return buildx.BuildRequest(
        context=_beneath(worktree, image.context),
        dockerfile=_beneath(worktree, image.dockerfile),
        platforms=image.platforms,
        target=f"{store}:{names.image_tag(branch.slug, deployment.commit, image.name)}",
        stage=image.target,
        args=tuple(sorted(image.args.items())),
        secrets=secrets,
        cache_from=tuple(f"{store}:{names.cache_tag(slug, image.name)}" for slug in caches),
        no_cache=deployment.no_cache,
        stranger="" if deployment.is_trusted else _stranger(branch),
        path=image.dockerfile,
    )


def _stranger(branch: Branch) -> str:
    """One for each pull request: strangers do not trust each other, either."""
    return f"{config().installation}-fork-{branch.pk}"


def store_of(deployment: Deployment) -> str:
    """The `registry/repository` that its images go to, made where it is new."""
    return store_for(deployment.branch.repository)


def store_for(repository: Repository) -> str:
    """The same of a repository."""
    return ecr.ensure_repository(
        names.image_repository(config().installation, repository.full_name)
    )


def _beneath(worktree: Path, path: str) -> Path:
    """`path` in the worktree; a link that leaves it is refused."""
    found = (worktree / path).resolve()
    if not found.is_relative_to(worktree.resolve()):
        raise UserError(f"{path} leads out of the repository by a symbolic link.")
    return found
