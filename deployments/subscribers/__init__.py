"""Other tools that are told of previews: webhooks by the rules of Standard Webhooks, and Slack."""

from .sending import deliver, send_again, send_test, wake_senders

__all__ = ["deliver", "send_again", "send_test", "wake_senders"]
