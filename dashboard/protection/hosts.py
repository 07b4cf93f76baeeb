"""Names and addresses of previews, as visitors give them."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.presentation import preview_rows
from deployments.config import config
from deployments.models import Branch, Service
from deployments.names import is_label

#: Longer ones do not come back after signing in: headers have limits.
_LONGEST_PATH = 2000


def label_of(host: str) -> str:
    """The label before the previews' domain; empty where the host is not a preview's."""
    label, _, domain = host.lower().partition(":")[0].partition(".")
    return label if domain == config().preview_domain and is_label(label) else ""


def asked_label(request: HttpRequest) -> str:
    """Of the host name that the router was asked for."""
    return label_of(request.headers.get("X-Edaha-Host", ""))


def branch_of(label: str) -> Branch | None:
    """The branch that an address belongs to, also before its services are known."""
    slug = label.rpartition("--")[2]
    known = preview_rows().filter(slug=slug).first()
    if known is None and label != slug:
        # A label that was cut to fit does not end with the slug.
        service = Service.objects.filter(label=label).select_related("deployment").last()
        known = preview_rows().filter(pk=service.deployment.branch_id).first() if service else None
    return known


def asked_path(request: HttpRequest) -> str:
    """What the router was asked for, as a path that leads nowhere else."""
    return safe_path(request.headers.get("X-Edaha-Uri", ""))


def target(address: str) -> tuple[str, str]:
    """The label and the path of a preview's full address; the label is empty for any other."""
    try:
        parts = urlsplit(address)
        label = label_of(parts.netloc)
    except ValueError:
        return "", "/"
    is_ours = parts.scheme == config().preview_scheme and label
    if not is_ours or parts.netloc.lower() != config().preview_host(label):
        return "", "/"
    query = f"?{parts.query}" if parts.query else ""
    return label, safe_path(parts.path + query)


def safe_path(text: str) -> str:
    """The path and query where they stay on their host, else the first page."""
    is_plain = text.isascii() and text.isprintable() and len(text) <= _LONGEST_PATH
    stays = text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None)
    return text if is_plain and stays else "/"
