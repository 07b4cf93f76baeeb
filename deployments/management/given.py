"""What a command line says of a repository's settings, and how they are told there."""

import getpass
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError

from deployments.models import Repository

from .option import spoken_expiry
from .options import OPTIONS

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
    shown["expires"] = spoken_expiry(repository.expires_seconds)
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
