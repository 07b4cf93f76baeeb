"""ASGI entry: webhooks go past Django's request machinery, everything else through it."""

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

import django

django.setup(set_prefix=False)

from dashboard.serving import Handler  # noqa: E402 (needs the app registry)
from dashboard.webhooks import App, WebhookReceiver  # noqa: E402

application = WebhookReceiver(cast(App, Handler()))
