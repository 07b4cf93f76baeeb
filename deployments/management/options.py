"""A repository's settings as command line options: which option fills which field."""

import argparse
import dataclasses
import getpass
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from pydantic_core import PydanticCustomError

from deployments.definitions.edaha_yml.values import expiry, spoken
from deployments.models import Repository


@dataclass(frozen=True)
class Option:
    flag: str
    field: str
    help: str
    #: What else `add_argument` is told.
    more: dict[str, Any] = dataclasses.field(default_factory=dict)
    #: From argparse's value to the field's.
    convert: Callable[[Any], Any] = lambda value: value

    def add_to(self, parser: argparse.ArgumentParser, *, required: bool = False) -> None:
        parser.add_argument(
            self.flag,
            dest=self.field,
            help=self.help,
            default=argparse.SUPPRESS,
            required=required,
            **self.more,
        )


def _secret(text: str) -> str:
    return sys.stdin.readline().rstrip("\r\n") if text == "-" else text


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"write {text!r} as NAME=VALUE")
    return name, value


def _expiry(text: str) -> int | None:
    if text in _EXPIRIES:
        return _EXPIRIES[text]
    try:
        return expiry(text)
    except PydanticCustomError as problem:
        says = f"it {problem.message()}: write 14d, never or default"
        raise argparse.ArgumentTypeError(says) from None


def _spoken_expiry(seconds: int | None) -> str:
    for word, meant in _EXPIRIES.items():
        if seconds == meant:
            return word
    return spoken(seconds or 0)


def _without_empty(items: Iterable[str]) -> list[str]:
    return [item for item in items if item]


#: None means what the installation says.
_EXPIRIES = {"never": 0, "default": None}

_TEXT: dict[str, Any] = {"metavar": "TEXT"}
_PATH: dict[str, Any] = {"metavar": "PATH"}
_ARN: dict[str, Any] = {"metavar": "ARN"}
_NUMBER: dict[str, Any] = {"type": int, "metavar": "N"}
_SWITCH: dict[str, Any] = {"action": argparse.BooleanOptionalAction}


def _list_of(metavar: str) -> dict[str, Any]:
    return {"action": "append", "metavar": metavar}


OPTIONS = [
    Option("--clone-url", "clone_url", "where git fetches from", {"metavar": "URL"}),
    Option(
        "--webhook-secret",
        "webhook_secret",
        "the secret in GitHub's webhook settings; - reads it from standard input",
        {"metavar": "SECRET", "type": _secret},
    ),
    Option(
        "--webhook-secret-previous",
        "webhook_secret_previous",
        "accepted as well, while the secret is being changed; '' ends that",
        {"metavar": "SECRET", "type": _secret},
    ),
    Option("--default-branch", "default_branch", "its main line (main)", {"metavar": "NAME"}),
    Option(
        "--policy",
        "policy",
        "which branches get a preview (pull_requests)",
        {"choices": Repository.Policy.values},
    ),
    Option(
        "--pattern",
        "patterns",
        "with --policy patterns: a branch that matches, such as 'feature/*'; may be repeated",
        _list_of("PATTERN"),
        _without_empty,
    ),
    Option(
        "--private",
        "is_private",
        "only those with a role inside it know that it exists",
        _SWITCH,
    ),
    Option(
        "--workflow-role",
        "workflow_role",
        "what its own GitHub workflows may do by the API without a stored token; '' is nothing",
        {"choices": ["", "viewer", "deployer"]},
    ),
    Option(
        "--workflow-ref",
        "workflow_refs",
        "of which refs, such as 'refs/heads/*'; without, of any; may be repeated",
        _list_of("PATTERN"),
        _without_empty,
    ),
    Option(
        "--workflow-repository-id",
        "workflow_repository_id",
        "GitHub's number of it; '' forgets what the first workflow told",
        {"metavar": "NUMBER"},
    ),
    Option("--deploy-drafts", "deploy_drafts", "draft pull requests get a preview too", _SWITCH),
    Option(
        "--report-comment",
        "report_comment",
        "keep a comment in the pull request that says where the preview is and how it is",
        _SWITCH,
    ),
    Option(
        "--report-deployments",
        "report_deployments",
        "tell GitHub's Deployments API of each deployment",
        _SWITCH,
    ),
    Option(
        "--report-status",
        "report_status",
        "tell what becomes of a commit as a check run (where the GitHub App is installed), as a "
        "commit status, or not (check)",
        {"choices": Repository.Status.values},
    ),
    Option(
        "--forks",
        "forks",
        "of forks, each commit waits for an approval, or none gets a preview (approval)",
        {"choices": Repository.Forks.values},
    ),
    Option("--definitions", "definitions", "its own file about all this (edaha.yml)", _PATH),
    Option(
        "--allow",
        "allowed",
        "what that file may use: role:ARN, ssm:NAME, secretsmanager:NAME, cfn:STACK, "
        "s3:BUCKET/KEY, file-system:ID "
        "(with * for anything), privileged, host-volumes, host-namespaces; adds to what it may "
        "already; may be repeated",
        _list_of("ENTRY"),
        _without_empty,
    ),
    Option("--dockerfile", "dockerfile", "path in the repository (Dockerfile)", _PATH),
    Option("--context", "context", "the build's folder in the repository (.)", _PATH),
    Option(
        "--platform",
        "platforms",
        "linux/amd64 or linux/arm64; tasks run on the first one; may be repeated",
        _list_of("PLATFORM"),
        _without_empty,
    ),
    Option("--port", "port", "where the application listens (the image's EXPOSE)", _NUMBER),
    Option("--health-path", "health_path", "must answer 200 to 399; '' means anything", _PATH),
    Option("--startup-seconds", "startup_seconds", "until a new task must answer (120)", _NUMBER),
    Option(
        "--env",
        "environment",
        "an environment variable of the application; may be repeated",
        {"action": "append", "type": _pair, "metavar": "NAME=VALUE"},
        dict,
    ),
    Option("--cpu", "cpu", "CPU units, 1024 make one processor (256)", _NUMBER),
    Option("--memory", "memory", "MiB (512)", _NUMBER),
    Option(
        "--launch-type",
        "launch_type",
        "what tasks run on (FARGATE)",
        {"choices": Repository.LaunchType.values},
    ),
    Option(
        "--capacity-provider",
        "capacity_providers",
        "instead of a launch type; may be repeated",
        _list_of("NAME"),
        _without_empty,
    ),
    Option("--cluster", "cluster", "ECS cluster (EDAHA_CLUSTER)", _TEXT),
    Option("--namespace", "namespace", "Cloud Map namespace (EDAHA_NAMESPACE)", _TEXT),
    Option(
        "--subnet", "subnets", "may be repeated (EDAHA_SUBNETS)", _list_of("ID"), _without_empty
    ),
    Option(
        "--security-group",
        "security_groups",
        "may be repeated (EDAHA_SECURITY_GROUPS)",
        _list_of("ID"),
        _without_empty,
    ),
    Option("--assign-public-ip", "assign_public_ip", "tasks get a public address", _SWITCH),
    Option("--task-role-arn", "task_role_arn", "what the application may do in AWS", _ARN),
    Option("--execution-role-arn", "execution_role_arn", "pulls images, writes logs", _ARN),
    Option(
        "--max-builds",
        "max_builds",
        "builds at once; 0 means no limit (EDAHA_MAX_BUILDS_PER_REPOSITORY)",
        _NUMBER,
    ),
    Option(
        "--max-previews",
        "max_previews",
        "previews at once; 0 means no limit (EDAHA_MAX_PREVIEWS_PER_REPOSITORY)",
        _NUMBER,
    ),
    Option(
        "--deployments-per-hour",
        "deployments_per_hour",
        "how many may begin within an hour; 0 means no limit (EDAHA_DEPLOYMENTS_PER_HOUR)",
        _NUMBER,
    ),
    Option(
        "--expires",
        "expires_seconds",
        "how long a preview stays without a visit or a push: 5m to 365d, never, or default "
        "(EDAHA_EXPIRES_DAYS)",
        {"type": _expiry, "metavar": "DURATION"},
    ),
    Option(
        "--protection",
        "protection",
        "who may open its previews: public, members, or nothing for EDAHA_PREVIEW_PROTECTION",
        {"choices": ["", *map(str, Repository.Protection)], "metavar": "WHO"},
    ),
]
_FLAGS = {option.field: option.flag for option in OPTIONS} | {
    "full_name": "OWNER/NAME",
    "name": "NAME",
    "username": "NAME",
}
RESETTABLE = [option.flag.removeprefix("--") for option in OPTIONS if option.field != "clone_url"]


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """The fields that the command line names, with their new values."""
    values = {
        option.field: option.convert(arguments[option.field])
        for option in OPTIONS
        if option.field in arguments
    }
    if values.get("capacity_providers"):
        values.setdefault("launch_type", "")  # ECS takes one or the other
    elif values.get("launch_type"):
        values.setdefault("capacity_providers", [])
    return values


def defaults(names: Iterable[str]) -> dict[str, Any]:
    """The default values of the fields behind these option names."""
    fields = {option.flag.removeprefix("--"): option.field for option in OPTIONS}
    return {fields[name]: _default(fields[name]) for name in names}


def _default(name: str) -> Any:
    return Repository._meta.get_field(name).get_default()  # type: ignore[union-attr]


def settings_of(repository: Repository) -> dict[str, Any]:
    """Option name → value, for people and for JSON; of a secret only whether it is set."""
    shown = {
        option.flag.removeprefix("--"): getattr(repository, option.field) for option in OPTIONS
    }
    for name in ("webhook-secret", "webhook-secret-previous"):
        shown[name] = "(set)" if shown[name] else ""
    shown["expires"] = _spoken_expiry(repository.expires_seconds)
    return shown


def operator() -> str:
    """Who stands in the audit log for what is done at a command line: the system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"  # a user id without a name, as in a container


def flag_of(field_name: str) -> str:
    return _FLAGS.get(field_name, field_name)


def problems_of(problem: ValidationError) -> str:
    """All problems in one line, told by the options that cause them."""
    return "; ".join(
        " ".join([*([f"{_FLAGS[name]}:"] if name in _FLAGS else []), *messages])
        for name, messages in problem.message_dict.items()
    )
