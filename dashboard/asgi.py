"""ASGI entry: webhooks go past Django's request machinery, everything else through it."""

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.core.asgi import get_asgi_application

_django = get_asgi_application()

from dashboard.webhooks import App, WebhookReceiver  # noqa: E402 (needs the app registry)

application = WebhookReceiver(cast(App, _django))
