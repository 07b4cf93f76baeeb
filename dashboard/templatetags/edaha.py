"""Filters of the templates: times, durations, states, roles."""

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django import template
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from dashboard import (
    accounts,
    ecs_words,
    estimates,
    explaining,
    forks,
    navigation,
    presentation,
    undoing,
    waterfall,
)
from dashboard.access import Anybody, Role, access_of, role_of
from deployments.models import AuditEntry, Branch, Deployment, Repository, Service

register = template.Library()


@register.simple_tag
def fixed(template_name: str) -> str:
    """A part that is the same on every page; rendered once for each language."""
    return _fixed(template_name, get_language() or "en")


@lru_cache(maxsize=64)
def _fixed(template_name: str, language: str) -> str:
    with override(language):
        return render_to_string(template_name)


@register.filter
def when(at: datetime | None) -> SafeString:
    """A point in time; static/app.js turns it into “5 minutes ago” and keeps it true."""
    if at is None:
        return SafeString("")
    utc = timezone.localtime(at, timezone=UTC)
    words = f"{date_format(utc, 'DATE_FORMAT')} {utc:%H:%M} UTC"
    return format_html('<time datetime="{}" data-ago>{}</time>', utc.isoformat(), words)


@register.filter
def running(since: datetime | None) -> SafeString:
    """How long something has been under way; static/app.js makes it count."""
    if since is None:
        return SafeString("")
    words = took(timezone.now() - since)
    return format_html('<time datetime="{}" data-running>{}</time>', since.isoformat(), words)


@register.filter
def took(duration: timedelta | float | None) -> str:
    """A duration as people write it: 0.4 s, 12 s, 3 min 5 s."""
    if duration is None:
        return ""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if seconds < 9.95:
        return _("%(seconds).1f s") % {"seconds": max(seconds, 0)}
    minutes, seconds = divmod(round(seconds), 60)
    if not minutes:
        return _("%(seconds)d s") % {"seconds": seconds}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}


@register.filter
def as_text(value: object) -> str:
    """A part of a definition: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def other_services(branch: Branch) -> list[Service]:
    """What a preview has beside the service at its own address."""
    return presentation.other_services(branch)


@register.filter
def can(user: Anybody, role: str) -> bool:
    """Whether the user has this role or a higher one everywhere."""
    held = role_of(user)
    return held is not None and held >= Role[role.upper()]


@register.filter
def is_reader(user: object) -> bool:
    """Whether the frame of the pages is for this visitor: signed in, or where everybody reads."""
    if isinstance(user, AnonymousUser):
        return role_of(user) is not None
    return isinstance(user, AbstractBaseUser)


@register.filter
def may_deploy(user: Anybody, branch: Branch) -> bool:
    """Whether the user may redeploy and destroy this preview."""
    return (access_of(user).inside(branch.repository_id) or 0) >= Role.DEPLOYER


@register.filter
def may_change(user: Anybody, repository: Repository) -> bool:
    """Whether the user may change this repository's settings."""
    return (access_of(user).inside(repository.pk) or 0) >= Role.ADMIN


@register.filter
def may_check(user: Anybody, repository: Repository) -> bool:
    """Whether the user may have this repository's settings checked."""
    return (access_of(user).inside(repository.pk) or 0) >= Role.DEPLOYER


@register.filter
def changes(entry: AuditEntry) -> list[tuple[str, tuple[str, str]]]:
    """What an entry of the audit log tells of values: before, and after."""
    names = dict.fromkeys([*entry.before, *entry.after])
    pairs = [(name, (entry.before.get(name), entry.after.get(name))) for name in names]
    return [(name, (_spoken(old), _spoken(new))) for name, (old, new) in pairs if old != new]


def _spoken(value: object) -> str:
    """Lists and yes or no as people write them."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


@register.filter
def lasted(deployment: Deployment) -> timedelta | None:
    """From the wish to its end, whatever the end was."""
    if deployment.finished_at is None:
        return None
    return deployment.finished_at - deployment.created_at


@register.filter
def queued(deployment: Deployment) -> str:
    """Its place in the queue, in a sentence or two; empty once it does not wait."""
    return presentation.place_of(deployment)


@register.filter
def unlocalized(number: float) -> str:
    """A number as SVG reads it, in every language."""
    return f"{number:g}"


@register.filter
def left(until: datetime | None) -> SafeString:
    """How long it takes still; static/times.js counts it down."""
    if until is None:
        return SafeString("")
    words = took(max(timedelta(0), until - timezone.now()))
    return format_html('<time datetime="{}" data-left>{}</time>', until.isoformat(), words)


@register.filter
def commit_address(repository: Repository, commit: str) -> str:
    """Where GitHub shows the commit; empty for a repository that lives elsewhere."""
    return presentation.commit_address(repository, commit)


register.filter("explanation", explaining.explain)
register.filter("bars", waterfall.bars)
register.filter("worded", presentation.reason)
register.filter("failure", presentation.failure)
register.filter("estimate", estimates.estimate)
register.filter("undo", undoing.undo_of)
register.filter("ecs_event", ecs_words.event)
register.filter("ecs_status", ecs_words.status)
register.filter("ecs_health", ecs_words.health)
register.filter("exit_code", ecs_words.exit_code)
register.filter("login", accounts.login_of)
register.filter("sections", navigation.main)
register.filter("tabs", navigation.tabs)
register.filter("stages", presentation.stages)
register.filter("may_be_tried_again", presentation.may_be_tried_again)
register.filter("is_on_its_way", presentation.is_on_its_way)
register.filter("sentence", presentation.sentence)
register.filter("visitor_sentence", presentation.visitor_sentence)
register.filter("trigger", presentation.trigger)
register.filter("reason", presentation.reason)
register.filter("shown_state", forks.shown_state)
register.filter("state_label", presentation.state_label)
register.filter("web_address", presentation.web_address)
