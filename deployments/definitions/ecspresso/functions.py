"""The functions of ecspresso's templates and jsonnet: its own, and those that plugins add.

https://github.com/kayac/ecspresso#template-syntax, #plugins; https://github.com/kayac/go-config.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import UserError
from .builtins import BUILTINS
from .calling import Function
from .printing import as_json, escaped, plain, sprintf
from .surroundings import Lookups, Native
from .tfstate import State


@dataclass(frozen=True)
class Functions:
    """What templates and jsonnet may call, by name."""

    templates: Mapping[str, Function]
    natives: Mapping[str, Native]

    def prefixed(self, prefix: str) -> "Functions":
        return Functions(
            {f"{prefix}{name}": function for name, function in self.templates.items()},
            {f"{prefix}{name}": native for name, native in self.natives.items()},
        )

    def __or__(self, more: "Functions") -> "Functions":
        return Functions({**self.templates, **more.templates}, {**self.natives, **more.natives})


def own(environment: Mapping[str, str]) -> Functions:
    """Those that need no plugin."""

    def env(*names: str) -> str:
        """The first variable that is not empty; the last name is the default."""
        found = (environment[name] for name in names if environment.get(name))
        return next(found, names[-1] if names else "")

    def must_env(name: str) -> str:
        """A variable that must be there, though it may be empty."""
        if name in environment:
            return environment[name]
        raise UserError(
            f"The environment variable {name} is not set.",
            hint=f"Set {name} under ecspresso: env: in edaha.yml; Edaha gives EDAHA_BRANCH, "
            "EDAHA_SLUG, EDAHA_COMMIT and others.",
        )

    return Functions(
        {
            **BUILTINS,
            "env": Function(env, (), "string"),
            "must_env": Function(must_env, ("string",)),
            "json_escape": Function(escaped, ("string",)),
        },
        {
            "env": Native(
                ("name", "default"),
                lambda args: environment.get(_text("env", args, 0)) or args[1],
            ),
            "must_env": Native(("name",), lambda args: must_env(_text("must_env", args, 0))),
            "json_escape": Native(("text",), lambda args: escaped(_text("json_escape", args, 0))),
        },
    )


def ssm(lookups: Lookups) -> Functions:
    def template(name: str, *index: int) -> str:
        if len(index) > 1:
            raise UserError("ssm takes a name and at most one index.")
        return lookups.ssm(name, index[0] if index else None)

    def item(args: Any) -> str:
        if isinstance(args[1], bool) or not isinstance(args[1], int | float):
            raise UserError("ssm_list: the index must be a number.")
        return lookups.ssm(_text("ssm_list", args, 0), int(args[1]))

    return Functions(
        {"ssm": Function(template, ("string",), "int")},
        {
            "ssm": Native(("name",), lambda args: lookups.ssm(_text("ssm", args, 0), None)),
            "ssm_list": Native(("name", "index"), item),
        },
    )


def secretsmanager(lookups: Lookups) -> Functions:
    arn = lookups.secretsmanager_arn
    return Functions(
        {
            "secretsmanager_arn": Function(arn, ("string",)),
            "secretsmanager_arnf": Function(
                lambda form, *values: arn(sprintf(form, values)), ("string",), "any"
            ),
        },
        {
            "secretsmanager_arn": Native(
                ("id",), lambda args: arn(_text("secretsmanager_arn", args, 0))
            ),
            "secretsmanager_arnf": Native(
                ("format", "args"),
                lambda args: arn(sprintf(_text("secretsmanager_arnf", args, 0), args[1:])),
            ),
        },
    )


def cloudformation(lookups: Lookups) -> Functions:
    def output(args: Any) -> str:
        return lookups.cfn_output(_text("cfn_output", args, 0), _text("cfn_output", args, 1))

    return Functions(
        {
            "cfn_output": Function(lookups.cfn_output, ("string", "string")),
            "cfn_export": Function(lookups.cfn_export, ("string",)),
        },
        {
            "cfn_output": Native(("stackName", "outputKey"), output),
            "cfn_export": Native(
                ("name",), lambda args: lookups.cfn_export(_text("cfn_export", args, 0))
            ),
        },
    )


def tfstate(state: State) -> Functions:
    def found(address: str) -> Any:
        value = state.lookup(address)
        if value is None:
            raise UserError(f"{address} is not found in the Terraform state {state.location}.")
        return value

    def template(address: str) -> str:
        # Quotes of either kind, so that addresses fit into JSON.
        value = found(address.replace("'", '"'))
        return value if isinstance(value, str) else as_json(value)

    return Functions(
        {
            "tfstate": Function(template, ("string",)),
            "tfstatef": Function(
                lambda form, *values: template(sprintf(form, values)), ("string",), "any"
            ),
        },
        {"tfstate": Native(("address",), lambda args: found(_text("tfstate", args, 0)))},
    )


def _text(function: str, args: Any, position: int) -> str:
    value = args[position]
    if not isinstance(value, str):
        raise UserError(f"{function} takes text, not {plain(value)[:100]}.")
    return value
