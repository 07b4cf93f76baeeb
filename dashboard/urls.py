"""Every address of the dashboard."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.i18n import set_language

from . import (
    actions,
    api,
    deliveries,
    deployment,
    health,
    home,
    logs,
    preview,
    previews,
    schema,
    system,
)
from .streams import views as streams

urlpatterns = [
    path("", home.page, name="branches"),
    path("branches/stream", streams.all_branches, name="branches_stream"),
    path("branches/<int:pk>", preview.page, name="branch"),
    path("branches/<int:pk>/stream", streams.one_branch, name="branch_stream"),
    path("branches/<int:pk>/running", preview.running, name="running"),
    path("branches/<int:pk>/qr.svg", preview.qr, name="qr"),
    path("branches/<int:pk>/redeploy", actions.redeploy, name="redeploy"),
    path("branches/<int:pk>/deploy", actions.choose_deployment, name="choose_deployment"),
    path("branches/<int:pk>/rollback", actions.choose_rollback, name="choose_rollback"),
    path("branches/<int:pk>/rollback/confirmed", actions.roll_back, name="roll_back"),
    path("branches/<int:pk>/destroy", actions.confirm_destroy, name="confirm_destroy"),
    path("branches/<int:pk>/destroy/confirmed", actions.destroy, name="destroy"),
    path("branches/<int:pk>/cancel", actions.confirm_cancel, name="confirm_cancel"),
    path("branches/<int:pk>/pin", actions.pin, name="pin"),
    path("branches/<int:pk>/unpin", actions.unpin, name="unpin"),
    path("branches/<int:pk>/extend", actions.extend, name="extend"),
    path("deployments/<int:pk>", deployment.page, name="deployment"),
    path("deployments/<int:pk>/definitions", deployment.definitions, name="definitions"),
    path("deployments/<int:pk>/screenshot.png", deployment.screenshot, name="screenshot"),
    path("deployments/<int:pk>/log", logs.page, name="log"),
    path("deployments/<int:pk>/log/lines", logs.lines, name="log_lines"),
    path("deployments/<int:pk>/log/search", logs.search, name="log_search"),
    path("deployments/<int:pk>/log.txt", logs.text, name="log_text"),
    path("deployments/<int:pk>/log/stream", streams.deployment_log, name="log_stream"),
    path("deployments/<int:pk>/cancel", actions.cancel, name="cancel"),
    path("deliveries", deliveries.listed, name="deliveries"),
    path("deliveries/stream", streams.deliveries, name="deliveries_stream"),
    path("deliveries/<int:pk>", deliveries.page, name="delivery"),
    path("system", system.page, name="system"),
    path("system/compare", system.compare, name="compare"),
    path("system/banner", system.banner, name="banner"),
    path("edaha.schema.json", schema.schema, name="schema"),
    path("sign-in", LoginView.as_view(redirect_authenticated_user=True), name="sign_in"),
    path("sign-out", LogoutView.as_view(), name="sign_out"),
    path("language", login_not_required(set_language), name="set_language"),
    path("api/v1/", api.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("router/gate", previews.gate, name="router_gate"),
    path("router/status", previews.status, name="router_status"),
]
