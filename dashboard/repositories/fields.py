"""Form fields for what the model keeps as lists, pairs and seconds."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from deployments.definitions.edaha_yml.values import expiry, spoken

_LINES = re.compile(r"[\r\n,]+")


class ListField(forms.CharField):
    """One entry a line."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        return [line.strip() for line in _LINES.split(text) if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PairsField(forms.CharField):
    """NAME=VALUE, one a line."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name}={text}" for name, text in value.items())

    def clean(self, value: Any) -> dict[str, str]:
        lines = [line for line in super().clean(value).splitlines() if line.strip()]
        for line in lines:
            if "=" not in line:
                raise ValidationError(_("Write “%s” as NAME=VALUE.") % line[:80])
        return {line.partition("=")[0].strip(): line.partition("=")[2] for line in lines}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class ExpiryField(forms.CharField):
    """14d, never, or nothing for what the installation says."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return spoken(value) if value else "never"
        return value

    def clean(self, value: Any) -> int | None:
        text = super().clean(value).strip()
        if not text:
            return None
        if text == "never":
            return 0
        try:
            return expiry(text)
        except ValueError:
            raise ValidationError(_("Write 5m to 365d, or never.")) from None
