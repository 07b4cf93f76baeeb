"""Whether what a repository's settings name is really there: git, GitHub, AWS."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _

from .adapters import cloudmap, ecs, git, hosts, iam, network
from .adapters.github import tokens
from .adapters.github.app import known_app
from .config import config
from .errors import EdahaError
from .models import Poll, Repository


class Subject(StrEnum):
    GIT = "git"
    GITHUB = "github"
    AWS = "aws"


class Verdict(StrEnum):
    GOOD = "good"
    #: It could not be seen, or works in spite of it.
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


class Check(NamedTuple):
    verdict: Verdict
    message: str
    #: What to do; empty where nothing has to be done.
    hint: str = ""


def check(repository: Repository, subject: Subject) -> list[Check]:
    """Ask for everything about one subject; takes some seconds, and never raises."""
    try:
        return list(_CHECKS[subject](repository))
    except EdahaError as problem:
        return [Check(Verdict.DOUBTFUL, problem.message, problem.hint)]


def _git(repository: Repository) -> Iterator[Check]:
    try:
        heads = git.heads(repository)
    except EdahaError as problem:
        yield Check(Verdict.WRONG, problem.message, problem.hint)
        return
    yield Check(Verdict.GOOD, _("git reads it: %d branches.") % len(heads))
    if repository.default_branch in heads:
        yield Check(Verdict.GOOD, _("It has the branch %s.") % repository.default_branch)
    else:
        yield Check(
            Verdict.WRONG,
            _("It has no branch %s.") % repository.default_branch,
            _("Name its main line, or push it."),
        )


def _github(repository: Repository) -> Iterator[Check]:
    host = hosts.of(repository)
    yield from _looks(repository)
    if not host.has_pull_requests:
        says = _(
            "It is kept by git alone: it has no pull requests with titles, comments or people."
        )
        yield Check(Verdict.GOOD, says)
        if repository.policy == Repository.Policy.PULL_REQUESTS:
            yield Check(
                Verdict.DOUBTFUL,
                _("No branch gets a preview by itself: it has no pull requests."),
                _("Choose previews for every branch, or for those that match a pattern."),
            )
        return
    found = host.open_pull_requests(repository)
    yield Check(Verdict.GOOD, _("GitHub shows its pull requests: %d are open.") % len(found))
    app = known_app()
    if app is not None and tokens.installation_of(app, repository.full_name) is not None:
        yield Check(Verdict.GOOD, _("The GitHub App is installed on it."))
    elif not config().github_token:
        yield Check(
            Verdict.DOUBTFUL,
            _("It is asked without a name: GitHub lets itself be asked rarely then."),
            _("Set up the GitHub App, or EDAHA_GITHUB_TOKEN; private repositories need one."),
        )


def _looks(repository: Repository) -> Iterator[Check]:
    """How its branches are looked at, where they are."""
    poll = Poll.objects.filter(repository=repository).first()
    if poll is not None and poll.problem:
        yield Check(Verdict.WRONG, poll.problem, _("It is tried again by itself."))
    elif seconds := hosts.poll_seconds(repository):
        yield Check(Verdict.GOOD, _("Its branches are looked at every %d seconds.") % seconds)


def _aws(repository: Repository) -> Iterator[Check]:
    cluster = repository.cluster or config().cluster
    if ecs.find_cluster(cluster):
        yield Check(Verdict.GOOD, _("The ECS cluster %s takes work.") % cluster)
    else:
        yield Check(
            Verdict.WRONG,
            _("There is no ECS cluster %s.") % cluster,
            _("Create it, or name another one."),
        )
    namespace = repository.namespace or config().namespace
    yield from _there(
        lambda: cloudmap.namespace_id(namespace),
        _("The Cloud Map namespace %s is there.") % namespace,
    )
    subnets = repository.subnets or config().subnets
    groups = repository.security_groups or config().security_groups
    problems = list(network.problems(subnets, groups)) if subnets else []
    yield from (Check(Verdict.WRONG, each) for each in problems)
    if subnets and not problems:
        yield Check(Verdict.GOOD, _("Its subnets and security groups are there."))
    for role in filter(None, (repository.task_role_arn, repository.execution_role_arn)):
        yield _role(role)


def _there(ask: Callable[[], object], good: str) -> Iterator[Check]:
    try:
        ask()
    except EdahaError as problem:
        yield Check(Verdict.WRONG, problem.message, problem.hint)
    else:
        yield Check(Verdict.GOOD, good)


def _role(arn: str) -> Check:
    found = iam.find_role(arn)
    if found is None:
        return Check(Verdict.WRONG, _("There is no role %s.") % arn, _("Create it, or correct it."))
    return Check(Verdict.GOOD, _("The role %s is there.") % arn.rpartition("/")[2])


_CHECKS: dict[Subject, Callable[[Repository], Iterator[Check]]] = {
    Subject.GIT: _git,
    Subject.GITHUB: _github,
    Subject.AWS: _aws,
}
