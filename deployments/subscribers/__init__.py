"""Other tools that are told of previews: webhooks by the rules of Standard Webhooks, and Slack."""

from .payloads import TEST
from .sending import deliver, send_again, send_test, wake_senders

__all__ = ["TEST", "deliver", "send_again", "send_test", "wake_senders"]
