"""The guided form: everything about a repository, in the order in which one thinks of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments.models import Repository

from .fields import ExpiryField, ListField, PairsField


class Section(NamedTuple):
    name: str | Promise
    fields: tuple[str, ...]
    #: Folded until somebody wants it.
    is_advanced: bool


SECTIONS = (
    Section(_("Where it is"), ("full_name", "clone_url", "default_branch", "is_private"), False),
    Section(
        _("Which branches get a preview"), ("policy", "patterns", "deploy_drafts", "forks"), False
    ),
    Section(
        _("Which pull requests get a preview"),
        ("only_with_label", "start_label", "skip_label", "pin_label", "deploy_bots", "bots",
         "base_branches", "paths"),
        True,
    ),
    Section(_("How pushes are heard of"), ("host", "poll_seconds"), True),
    Section(
        _("What GitHub is told"),
        ("report_comment", "report_deployments", "report_status"),
        False,
    ),
    Section(_("What Slack is told"), ("slack_channel",), True),
    Section(_("Who may open previews"), ("protection",), False),
    Section(
        _("How it is built and run, where its edaha.yml says nothing"),
        ("builds", "dockerfile", "context", "port", "health_path", "startup_seconds", "cpu",
         "memory"),
        False,
    ),
    Section(_("Variables, and what its files may use"), ("environment", "allowed"), True),
    Section(
        _("Where it runs in AWS"),
        ("cluster", "namespace", "subnets", "security_groups", "assign_public_ip",
         "launch_type", "capacity_providers", "task_role_arn", "execution_role_arn"),
        True,
    ),
    Section(_("GitHub Actions"), ("workflow_role", "workflow_refs"), True),
    Section(
        _("Limits"),
        ("max_builds", "max_previews", "deployments_per_hour", "expires_seconds"),
        True,
    ),
    Section(_("Files"), ("definitions", "platforms"), True),
)  # fmt: skip

_LABELS: dict[str, str | Promise] = {
    "full_name": _("Owner and name"),
    "clone_url": _("Clone address"),
    "default_branch": _("Main line"),
    "is_private": _("Private"),
    "policy": _("Previews for"),
    "patterns": _("Patterns"),
    "deploy_drafts": _("Draft pull requests, too"),
    "forks": _("Pull requests from forks"),
    "only_with_label": _("Only with the label that starts one"),
    "start_label": _("Label that starts one"),
    "skip_label": _("Label that takes it away"),
    "pin_label": _("Label that pins it"),
    "deploy_bots": _("Pull requests of bots, too"),
    "bots": _("Also bots"),
    "base_branches": _("Only into these branches"),
    "paths": _("Only where these files change"),
    "host": _("Host"),
    "poll_seconds": _("Seconds between looks"),
    "report_comment": _("A comment in the pull request"),
    "report_deployments": _("Deployments"),
    "report_status": _("What becomes of a commit"),
    "slack_channel": _("Slack: channel of its own"),
    "protection": _("Open to"),
    "builds": _("Images are built by"),
    "dockerfile": _("Dockerfile"),
    "context": _("Build context"),
    "port": _("Port"),
    "health_path": _("Health path"),
    "startup_seconds": _("Seconds to start"),
    "cpu": _("CPU units"),
    "memory": _("Memory in MiB"),
    "environment": _("Environment variables"),
    "allowed": _("Allowed"),
    "cluster": _("ECS cluster"),
    "namespace": _("Cloud Map namespace"),
    "subnets": _("Subnets"),
    "security_groups": _("Security groups"),
    "assign_public_ip": _("Tasks get a public address"),
    "launch_type": _("Launch type"),
    "capacity_providers": _("Capacity providers"),
    "task_role_arn": _("Task role"),
    "execution_role_arn": _("Execution role"),
    "workflow_role": _("Its workflows may"),
    "workflow_refs": _("Of these refs"),
    "max_builds": _("Builds at once"),
    "max_previews": _("Previews at once"),
    "deployments_per_hour": _("Deployments an hour"),
    "expires_seconds": _("Ends after"),
    "definitions": _("Its own file"),
    "platforms": _("Platforms"),
}
_HELP: dict[str, str | Promise] = {
    "full_name": _("As on GitHub, such as acme/shop."),
    "clone_url": _("Such as https://github.com/acme/shop.git. The token is a setting of Edaha."),
    "is_private": _("Only people with a role inside it, and administrators, see that it exists."),
    "patterns": _("One a line, such as feature/*. Only with “Branches that match a pattern”."),
    "forks": _("Code of strangers: an approved commit gets no secrets and no role in AWS."),
    "start_label": _("It counts before drafts, bots, bases and files. Empty: no label does that."),
    "skip_label": _("Empty: no label does that."),
    "pin_label": _("It stays until the label is taken away. Empty: no label does that."),
    "deploy_bots": _("Such as Dependabot and Renovate, by GitHub’s kind of account."),
    "bots": _("Names of people’s accounts that are bots all the same, one a line."),
    "base_branches": _("What they are to be merged into, one pattern a line. Empty: any."),
    "paths": _(
        "Patterns as in .gitignore, one a line, such as src/ or !*.md. Empty: any. All that the "
        "branch changes counts."
    ),
    "host": _("Plain git has no pull requests and tells of no pushes: its branches are polled."),
    "poll_seconds": _("0: never. Empty: 30 for plain git unless the installation says otherwise."),
    "report_comment": _("One, which is edited: where the preview is, and how it is."),
    "report_deployments": _("GitHub shows them in the pull request, and under “Environments”."),
    "report_status": _("Whatever becomes of it, it ends in a final state."),
    "slack_channel": _(
        "Such as #shop. Bots that an administrator has connected write there instead of in their "
        "own channel, once they are members of it. Empty: their own."
    ),
    "protection": _("It holds at once, also for previews that are there already."),
    "builds": _("GitHub Actions: a workflow builds, pushes to ECR, and hands the digests over."),
    "dockerfile": _("Its path in the repository."),
    "context": _("The folder that the build sees; . is all of it."),
    "port": _("Where the application listens. Empty: the image’s only EXPOSE."),
    "health_path": _("Has to answer 200 to 399. Empty: anything below 500 at / will do."),
    "cpu": _("1024 are one processor."),
    "environment": _("NAME=VALUE, one a line. No secrets: these can be read."),
    "allowed": _("One a line, such as ssm:/shop/* or role:arn:aws:iam::…"),
    "cluster": _("Empty: the installation’s."),
    "namespace": _("Empty: the installation’s."),
    "subnets": _("One a line. Empty: the installation’s."),
    "security_groups": _("One a line. Empty: the installation’s."),
    "capacity_providers": _("One a line, instead of a launch type."),
    "workflow_role": _(
        "What its own workflows may do by the API, known by GitHub’s OpenID token: no secret is "
        "stored anywhere. Empty: nothing."
    ),
    "workflow_refs": _("One a line, such as refs/heads/*. Empty: any."),
    "max_builds": _("Empty: what the installation says. 0: no limit."),
    "max_previews": _("Empty: what the installation says. 0: no limit."),
    "deployments_per_hour": _("Empty: what the installation says. 0: no limit."),
    "expires_seconds": _(
        "Without a visit or a push, such as 14d; never; empty: the installation’s."
    ),
    "platforms": _("linux/amd64 or linux/arm64, one a line; tasks run on the first."),
}


#: What says what its code may reach. Whoever is an administrator of one repository alone must not
#: reach more than was given to it.
FOR_THE_INSTALLATION = (
    "full_name", "clone_url", "host", "poll_seconds", "allowed", "cluster", "namespace", "subnets",
    "security_groups", "assign_public_ip", "launch_type", "capacity_providers", "task_role_arn",
    "execution_role_arn", "max_builds", "max_previews", "deployments_per_hour",
)  # fmt: skip


class RepositoryForm(forms.ModelForm):  # type: ignore[type-arg]
    patterns = ListField(required=False)
    platforms = ListField()
    allowed = ListField(required=False)
    bots = ListField(required=False)
    base_branches = ListField(required=False)
    paths = ListField(required=False)
    workflow_refs = ListField(required=False)
    subnets = ListField(required=False)
    security_groups = ListField(required=False)
    capacity_providers = ListField(required=False)
    environment = PairsField(required=False)
    expires_seconds = ExpiryField(required=False)

    class Meta:
        model = Repository
        fields = tuple(name for section in SECTIONS for name in section.fields)

    def __init__(self, *args: Any, is_for_all: bool = True, **kwargs: Any) -> None:
        """Without `is_for_all`, what only an administrator of everything decides stays as it is."""
        super().__init__(*args, **kwargs)
        for name in () if is_for_all else FOR_THE_INSTALLATION:
            self.fields[name].disabled = True
        for name, field in self.fields.items():
            field.label, field.help_text = str(_LABELS[name]), str(_HELP.get(name, ""))
            is_box = isinstance(field.widget, forms.CheckboxInput)
            field.widget.attrs["class"] = "checkbox checkbox-sm" if is_box else "input w-full"
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["class"] = "textarea w-full font-mono"
            if isinstance(field.widget, forms.Select):
                field.widget.attrs["class"] = "select w-full"

    def sections(self) -> Iterator[tuple[Section, list[BoundField], bool]]:
        """Each with its fields, and whether it is to be seen at once."""
        for section in SECTIONS:
            fields = [self[name] for name in section.fields]
            is_open = not section.is_advanced or any(field.errors for field in fields)
            yield section, fields, is_open
