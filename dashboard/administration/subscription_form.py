"""The form of a subscription; what is wrong is told at its field."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments.adapters import callout
from deployments.models import Event, Repository, Subscription
from deployments.models.repository_problems import SLACK_CHANNEL

_SLACK_URL = re.compile(r"https://hooks\.slack(-gov)?\.com/\S+")
_BOT_TOKEN = re.compile(r"xoxb-[A-Za-z0-9-]+")
_INPUT = {"class": "input w-full"}
_CHECKBOX = {"class": "checkbox checkbox-sm"}


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]
    #: Slack's only: a webhook's secret Edaha makes itself.
    secret = forms.CharField(
        label=_("Slack: incoming webhook's URL, or bot token"),
        help_text=_("It is kept encrypted and never shown. Empty keeps the one that is there."),
        required=False,
        max_length=500,
        widget=forms.PasswordInput({**_INPUT, "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=_("What it hears of"),
        choices=Event.choices,
        widget=forms.CheckboxSelectMultiple(_CHECKBOX),
    )
    repositories = forms.ModelMultipleChoiceField(
        label=_("Of which repositories"),
        help_text=_("None chosen means every repository that is not private."),
        queryset=Repository.objects.order_by("full_name"),
        required=False,
        widget=forms.CheckboxSelectMultiple(_CHECKBOX),
    )

    class Meta:
        model = Subscription
        fields = ("name", "kind", "address", "secret", "channel", "events", "repositories",
                  "is_enabled")  # fmt: skip
        labels = {
            "name": _("Name"),
            "kind": _("Kind"),
            "address": _("Webhook: URL"),
            "channel": _("Slack: channel of the bot"),
            "is_enabled": _("Turned on"),
        }
        help_texts = {
            "address": _("Such as https://ci.example.com/hooks/edaha"),
            "channel": _("Such as #previews; an incoming webhook has its own."),
        }
        widgets = {
            "name": forms.TextInput(_INPUT),
            "kind": forms.Select({"class": "select w-full"}),
            "address": forms.URLInput(_INPUT),
            "channel": forms.TextInput(_INPUT),
            "is_enabled": forms.CheckboxInput(_CHECKBOX),
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("kind") == Subscription.Kind.SLACK:
            self._clean_slack(given)
        elif given.get("kind"):
            self._clean_webhook(given)
        return given

    def _clean_webhook(self, given: dict[str, Any]) -> None:
        problem = callout.problem_of(given.get("address") or "")
        if problem:
            self.add_error("address", problem)
        given |= {"channel": "", "secret": ""}  # nosec B105 (empty: it has none)
        if self._was_kind(Subscription.Kind.SLACK):
            self.add_error("kind", _("Make another subscription for another kind."))

    def _clean_slack(self, given: dict[str, Any]) -> None:
        secret, channel = given.get("secret") or "", given.get("channel") or ""
        given["address"] = ""
        is_token = bool(_BOT_TOKEN.fullmatch(secret))
        if secret and not is_token and not _SLACK_URL.fullmatch(secret):
            self.add_error("secret", _("Slack's URLs begin with https://hooks.slack.com/, its bot "
                                       "tokens with xoxb-."))  # fmt: skip
        elif not secret and not self.instance.sealed:
            self.add_error("secret", _("Slack tells you one or the other; paste it here."))
        elif channel and not SLACK_CHANNEL.fullmatch(channel):
            self.add_error("channel", _("Write a channel as #name, or as its ID, such as "
                                        "C0123456789."))  # fmt: skip
        elif not channel and (is_token or (not secret and self.initial.get("channel"))):
            self.add_error("channel", _("A bot has to know its channel."))
        if self._was_kind(Subscription.Kind.WEBHOOK):
            self.add_error("kind", _("Make another subscription for another kind."))

    def _was_kind(self, kind: str) -> bool:
        """`instance` has the new values only after this."""
        return bool(self.instance.pk) and self.initial.get("kind") == kind

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        secret = self.cleaned_data.get("secret")
        if secret:
            self.instance.keep(secret)
