"""A folder's definitions, put together as a worker would, but with no AWS and no database."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from deployments import names
from deployments.adapters import jsonnet
from deployments.allowed import NAMED, WORDS
from deployments.config import config
from deployments.definitions import plan as plans
from deployments.definitions.application import Application
from deployments.definitions.edaha_yml import Defaults
from deployments.definitions.files import Files
from deployments.definitions.plan import Plan
from deployments.definitions.preview import Platform, Preview
from deployments.definitions.problems import DefinitionError, Problem
from deployments.errors import EdahaError
from deployments.management.placeholders import MARK, Placeholders, role

#: What stands for an administrator's list where none was given.
ANYTHING = (*(f"{kind}:{name}" for kind in NAMED for name in ("*", "arn:*")), *WORDS)
#: Each round finds at least one more address of a Terraform state that only S3 has.
_MOST_ROUNDS = 50
#: Stands in for the name, which a folder does not tell.
REPOSITORY = "OWNER/NAME"
_MISSING = re.compile(r"(?:^|: )(\S+) is not found in the Terraform state s3://")


@dataclass(frozen=True)
class Asked:
    """What the definitions are to be for."""

    branch: str = "feature-x"
    slug: str = ""
    commit: str = "0" * 40
    pull_request: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    ext_str: Mapping[str, str] = field(default_factory=dict)
    ext_code: Mapping[str, str] = field(default_factory=dict)
    #: The definitions' path in the folder.
    file: str = "edaha.yml"
    #: None: nothing is refused, but what an administrator must allow is told.
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Outcome:
    plan: Plan | None
    problems: tuple[Problem, ...] = ()
    #: What is no mistake, but could not be checked here, or is up to an administrator.
    notes: tuple[str, ...] = ()


def examine(files: Files, asked: Asked) -> Outcome:
    """The plan, where there can be one, and everything that is wrong with it."""
    platform = _platform(ANYTHING if asked.allowed is None else asked.allowed)
    placeholders = Placeholders(platform)
    try:
        plan = _plan(files, asked, platform, placeholders)
        found = [*_without_dockerfile(plan.application, files), *plans.problems(plan)]
    except DefinitionError as error:
        return Outcome(None, error.problems, tuple(placeholders.notes()))
    except EdahaError as error:
        problem = Problem(asked.file, None, error.message, error.hint)
        return Outcome(None, (problem,), tuple(placeholders.notes()))
    unknown, problems = _parted(found)
    notes = [
        *(str(warning) for team in plan.teams.values() for warning in team.warnings),
        *placeholders.notes(),
        *(f"Not checked: {problem}" for problem in unknown),
        *(_to_be_allowed(plan, problems) if asked.allowed is None else ()),
    ]
    return Outcome(plan, tuple(problems), tuple(notes))


def _plan(files: Files, asked: Asked, platform: Platform, placeholders: Placeholders) -> Plan:
    """Where a state is in S3, its values are made up one by one, as they are asked for."""
    for _ in range(_MOST_ROUNDS):
        try:
            return plans.make(
                files,
                Defaults(env=asked.env, ext_str=asked.ext_str, ext_code=asked.ext_code),
                path=asked.file,
                preview=lambda application: _preview(asked, application),
                platform=platform,
                tools=plans.Tools(placeholders, jsonnet.evaluate),
            )
        except DefinitionError as error:
            if not placeholders.make_up(_missing(error.problems)):
                raise
    raise DefinitionError([Problem(asked.file, None, "This asks Terraform's state for too much.")])


def _missing(problems: Iterable[Problem]) -> list[str]:
    found = (_MISSING.search(problem.message) for problem in problems)
    return [match[1] for match in found if match]


def _preview(asked: Asked, application: Application) -> Preview:
    slug = asked.slug or names.slugify(asked.branch)
    return Preview(
        installation=config().installation,
        repository=REPOSITORY,
        branch=asked.branch,
        slug=slug,
        branch_id=1,
        generation=1,
        commit=asked.commit,
        pull_request=asked.pull_request,
        urls={
            service.name: config().preview_url(
                slug if service.is_default else names.address_label(slug, service.name)
            )
            for service in application.services
        },
        default_service=application.default_service.name,
    )


def _platform(allowed: tuple[str, ...]) -> Platform:
    """The installation's own settings, and stand-ins where it has none."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Platform(
        region=region,
        cluster=config().cluster,
        log_group=names.log_group(config().installation, REPOSITORY),
        subnets=tuple(config().subnets or [f"subnet-{MARK}"]),
        security_groups=tuple(config().security_groups or [f"sg-{MARK}"]),
        execution_role_arn=config().execution_role_arn or role("execution"),
        allowed=allowed,
    )


def _without_dockerfile(application: Application, files: Files) -> list[Problem]:
    """edaha.yml's own images are looked at when it is read; this is for all others."""
    if application.source and application.lines:
        return []
    return [
        Problem("", None, f"There is no {image.dockerfile}.", "Add one, or an edaha.yml.")
        for image in application.images
        if files.read(image.dockerfile) is None
    ]


def _parted(problems: Iterable[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Those that are about a value made up here, and the others."""
    parts: tuple[list[Problem], list[Problem]] = ([], [])
    for problem in problems:
        parts[MARK not in problem.message].append(problem)
    return parts


def _to_be_allowed(plan: Plan, known: Iterable[Problem]) -> list[str]:
    """What would be refused of a repository that may use nothing."""
    strict = replace(plan, platform=replace(plan.platform, allowed=()))
    more = [problem for problem in plans.problems(strict) if problem not in set(known)]
    told = (problem for problem in more if MARK not in problem.message)
    return [f"An administrator must allow this: {problem} {problem.hint}" for problem in told]


def root_of(path: Path) -> Path:
    """The folder that paths are from: the repository's, or else the one that `path` is in."""
    start = path if path.is_dir() else path.parent
    inside = (folder for folder in (start, *start.parents) if (folder / ".git").exists())
    return start if path.is_dir() else next(inside, start)
