"""ASGI entry: webhooks go past Django's request machinery, everything else through it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.core.asgi import get_asgi_application  # noqa: E402 (needs the variable above)

_django = get_asgi_application()

from dashboard.webhooks import WebhookReceiver  # noqa: E402 (needs the app registry)

application = WebhookReceiver(_django)
