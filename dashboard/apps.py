from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        # Whoever sends a task needs the configured application, web processes too.
        from . import celery  # noqa: F401
