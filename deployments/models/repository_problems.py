"""What is wrong with a repository's settings, all of it at once."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from ..allowed import NAMED, WORDS, is_entry
from ..changed import is_pattern
from ..config import config
from ..fargate import SIZES, offered

if TYPE_CHECKING:
    from .repository import Repository

#: Owner and name as GitHub allows them.
FULL_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
#: Names have no spaces, full stops or capitals: https://slack.com/help/articles/201402297
SLACK_CHANNEL = re.compile(r"#[^\s.,:;@#<>&|A-Z]{1,80}|[CG][A-Z0-9]{2,40}")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: More than anybody has, and what both databases hold.
LIMIT_MAX = 1_000_000
PLATFORMS = {"linux/amd64": "X86_64", "linux/arm64": "ARM64"}
#: A look takes a fraction of a second; a day without one is as good as none.
POLL_LEAST, POLL_MOST = 5, 86400

#: A field's name, and what is wrong with it.
Problems = list[tuple[str, Any]]


def problems_of(repository: "Repository") -> Problems:
    return [
        *_name_problems(repository),
        *_build_problems(repository),
        *_list_problems(repository),
        *_filter_problems(repository),
        *_task_problems(repository),
        *_limit_problems(repository),
        *_slack_problems(repository),
    ]


def _slack_problems(repository: "Repository") -> Problems:
    if not repository.slack_channel or SLACK_CHANNEL.fullmatch(repository.slack_channel):
        return []
    return [("slack_channel", _("Write a channel as #name, or as its ID, such as C0123456789."))]


def _name_problems(repository: "Repository") -> Problems:
    found: Problems = []
    if not FULL_NAME.fullmatch(repository.full_name):
        found.append(("full_name", _("Write it as OWNER/NAME, as GitHub does.")))
    url = repository.clone_url
    if not url.startswith("https://") and not config().allow_local_clone:
        found.append(("clone_url", _("Use an https:// address.")))
    elif not url.startswith(("https://", "file:///", "/")):
        found.append(("clone_url", _("Use an https:// address or an absolute path.")))
    if "@" in urlsplit(url).netloc:
        found.append(("clone_url", _("Give no name or token here; set EDAHA_GITHUB_TOKEN.")))
    if any(ord(character) < 33 for character in url):
        found.append(("clone_url", _("An address has no spaces or control characters.")))
    return found


def _build_problems(repository: "Repository") -> Problems:
    found: Problems = []
    for field in ("dockerfile", "context", "definitions"):
        path = getattr(repository, field)
        if path.startswith(("/", "-")) or ".." in path.split("/"):
            found.append((field, _("Give a path inside the repository.")))
    known = ", ".join(PLATFORMS)
    platforms = repository.platforms
    if not isinstance(platforms, list) or not platforms or set(platforms) - set(PLATFORMS):
        found.append(("platforms", _("Give a list of one or more of %s.") % known))
    return found


def _list_problems(repository: "Repository") -> Problems:
    found: Problems = []
    for field in (
        "patterns",
        "workflow_refs",
        "subnets",
        "security_groups",
        "allowed",
        "bots",
        "base_branches",
        "paths",
    ):
        value = getattr(repository, field)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            found.append((field, _("Give a list of texts.")))
    if repository.policy == repository.Policy.PATTERNS and not repository.patterns:
        found.append(("patterns", _("Give at least one pattern, such as feature/*.")))
    found += _allowed_problems(repository)
    environment = repository.environment
    if not isinstance(environment, dict):
        return [*found, ("environment", _("Give names and values."))]
    for name, value in environment.items():
        if not _ENVIRONMENT_NAME.fullmatch(name) or not isinstance(value, str):
            found.append(("environment", _("“%s” is not a name with a text value.") % name))
    return found


def _allowed_problems(repository: "Repository") -> Problems:
    if not isinstance(repository.allowed, list):
        return []  # told already
    known = ", ".join([*(f"{kind}:PATTERN" for kind in NAMED), *WORDS])
    return [
        ("allowed", _("“%(entry)s” is none of %(known)s.") % {"entry": entry, "known": known})
        for entry in repository.allowed
        if not is_entry(str(entry))
    ]


def _filter_problems(repository: "Repository") -> Problems:
    found: Problems = []
    labels: dict[str, str] = {}
    for field in ("start_label", "skip_label", "pin_label"):
        label = getattr(repository, field)
        if any(ord(character) < 32 for character in label):
            found.append((field, _("A label has no control characters.")))
        if label and label.casefold() in labels.values():
            found.append((field, _("Each label has to be another one.")))
        labels[field] = label.casefold()
    if repository.only_with_label and not repository.start_label:
        found.append(("start_label", _("Name the label, without which there is no preview.")))
    if isinstance(repository.paths, list):
        found += [
            ("paths", _("“%s” is no pattern such as gitignore’s.") % str(pattern)[:80])
            for pattern in repository.paths
            if isinstance(pattern, str) and not is_pattern(pattern)
        ]
    seconds = repository.poll_seconds
    if seconds and not POLL_LEAST <= seconds <= POLL_MOST:
        told = {"least": POLL_LEAST, "most": POLL_MOST}
        says = _("Give 0, which means never, or %(least)d to %(most)d seconds.") % told
        found.append(("poll_seconds", says))
    return found


def _task_problems(repository: "Repository") -> Problems:
    found: Problems = []
    if repository.launch_type and repository.capacity_providers:
        found.append(("launch_type", _("Choose a launch type or capacity providers, not both.")))
    providers = repository.capacity_providers
    if not isinstance(providers, list) or not all(isinstance(item, str) for item in providers):
        found.append(("capacity_providers", _("Give a list of capacity provider names.")))
    path = repository.health_path
    if path and (not path.startswith("/") or any(ord(c) < 33 or ord(c) > 126 for c in path)):
        found.append(("health_path", _("Begin the path with “/”.")))
    if repository.launch_type == repository.LaunchType.FARGATE:
        if repository.cpu not in SIZES:
            sizes = ", ".join(map(str, SIZES))
            found.append(("cpu", _("Fargate offers %s CPU units.") % sizes))
        elif repository.memory not in SIZES[repository.cpu]:
            sizes = offered(repository.cpu)
            found.append(("memory", _("With this CPU, Fargate offers %s MiB.") % sizes))
    return found


def _limit_problems(repository: "Repository") -> Problems:
    fields = ("max_builds", "max_previews", "deployments_per_hour")
    return [
        (field, _("Give a number from 0, which means no limit, to %d.") % LIMIT_MAX)
        for field in fields
        if not 0 <= (getattr(repository, field) or 0) <= LIMIT_MAX
    ]
