"""`POST /webhooks/github`: each delivery becomes one durable row before it is answered.

    receiver ── the ASGI layer: what is asked, what is answered
    ├── request ── headers, body and payload, checked
    ├── keyring ── whose signature it is
    ├── writer ─── rows of concurrent requests, written together
    └── announcer  afterwards: wakes workers and watching pages up

Nothing else happens here. What a delivery means is decided later, by `deployments.deliveries`.
"""

from .receiver import App, WebhookReceiver

__all__ = ["App", "WebhookReceiver"]
