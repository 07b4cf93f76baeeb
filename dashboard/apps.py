from django.apps import AppConfig
from django.core.checks import register


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        # Whoever sends a task needs the configured application, web processes too.
        from . import (
            auditing,
            celery,  # noqa: F401
        )
        from .protection.domains import TAG, check_domains

        auditing.listen()
        register(check_domains, TAG)
