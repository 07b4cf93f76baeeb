"""The form of one secret: what is written into it is never shown again, not even by itself."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from deployments.models import Secret
from deployments.safekeeping import Wish


class WriteOnly(forms.Textarea):
    """Opens empty, also after a mistake elsewhere in the form."""

    def format_value(self, value: Any) -> str:
        return ""


class SecretForm(forms.Form):
    name = forms.CharField(
        label=_("Variable"),
        max_length=255,
        help_text=_("The environment variable, such as DATABASE_URL; for builds the secret’s id."),
    )
    pattern = forms.CharField(
        label=_("Branches"),
        max_length=255,
        initial="*",
        help_text=_("Such as feature/*; * is every branch. The most specific pattern counts."),
    )
    for_containers = forms.BooleanField(
        label=_("For containers, as a variable"), required=False, initial=True
    )
    for_builds = forms.BooleanField(label=_("For builds, as a secret of BuildKit"), required=False)
    reference = forms.CharField(
        label=_("Where AWS has it"),
        required=False,
        max_length=1024,
        help_text=_(
            "Better than a value: ssm:NAME, secretsmanager:NAME or secretsmanager:NAME:KEY."
        ),
    )
    value = forms.CharField(
        label=_("Or its value"),
        required=False,
        strip=False,
        widget=WriteOnly(attrs={"rows": 3}),
        help_text=_(
            "Stored encrypted, and never shown again. Logs show what is shorter than 6 characters."
        ),
    )

    def __init__(self, *args: Any, known: Secret | None = None, **kwargs: Any) -> None:
        if known is not None:
            fields = ("name", "pattern", "for_containers", "for_builds", "reference")
            kwargs["initial"] = {field: getattr(known, field) for field in fields}
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_box = isinstance(field.widget, forms.CheckboxInput)
            style = "checkbox checkbox-sm" if is_box else "input w-full"
            field.widget.attrs["class"] = "textarea w-full font-mono" if name == "value" else style
            if not is_box:
                field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        if known is not None:
            # Another name or pattern makes another secret.
            self.fields["name"].disabled = self.fields["pattern"].disabled = True

    def wish(self) -> Wish:
        return Wish(**{**self.cleaned_data, "value": _as_typed(self.cleaned_data["value"])})

    def refuse(self, problem: ValidationError) -> None:
        """Tell at each field what is wrong."""
        for name, messages in problem.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)


def _as_typed(value: str) -> str:
    """Browsers send every end of a line as CR LF."""
    return value.replace("\r\n", "\n")
