"""What the router asks for: where a preview's requests go, and the page for when they cannot.

Both are for nginx alone, which passes the visitor's host name on as `X-Edaha-Host`.
"""

import base64
import hashlib
from datetime import timedelta
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from deployments import visits
from deployments.adapters.preview import PROBE_SALT
from deployments.config import config
from deployments.models import Branch, BuildStep, Deployment, Service
from deployments.states import BranchState, DeploymentState

from .presentation import stages
from .protection import passes
from .protection.hosts import asked_label, branch_of

#: A worker signs a deployment's id with this to see it through the router before it is live.
_PROBE = TimestampSigner(salt=PROBE_SALT)
_PROBE_SECONDS = 60
#: What looks at a preview without showing it to anybody.
_NO_VISIT = {"HEAD", "OPTIONS"}
#: What the gate reads: it is asked for every preview that somebody looks at.
_GATE = (
    "release_name",
    "port",
    "deployment__namespace",
    *(f"deployment__branch__{name}" for name in visits.READ),
    "deployment__branch__repository__expires_seconds",
    "deployment__branch__repository__protection",
    "deployment__branch__repository__is_private",
)


@login_not_required
@require_GET
def gate(request: HttpRequest) -> HttpResponse:
    """204 with the tasks' address where the preview has any, 401 where it is protected from this
    visitor, otherwise 403."""
    is_probe = "X-Edaha-Probe" in request.headers
    services = _probed(request) if is_probe else _live(request)
    service = services.select_related("deployment__branch__repository").only(*_GATE).first()
    if not is_probe and not _is_let_in(request, service):
        return _expected(HttpResponse(status=401))
    if service is None:
        return _expected(HttpResponse(status=403))
    if not is_probe and request.headers.get("X-Edaha-Method") not in _NO_VISIT:
        visits.note(service.deployment.branch)
    upstream = f"{service.release_name}.{service.deployment.namespace}:{service.port}"
    return HttpResponse(status=204, headers={"X-Edaha-Upstream": upstream})


@login_not_required
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The page at a preview's own address while there is no application to show."""
    label = asked_label(request)
    branch = branch_of(label)
    lacks = branch is not None and _lacks(branch, label)
    state = branch.state if branch and not lacks else "unknown"
    code = {"unknown": 404, BranchState.DESTROYED: 410}.get(state, 503)
    context = _context(branch) | {"lacks": lacks}
    response = render(request, "previews/status.html", context, status=code)
    response["Content-Security-Policy"] = _policy()
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    response["X-Edaha-Status"] = state
    if code == 503:
        response["Retry-After"] = "5"
    return _expected(response)


def _expected(response: HttpResponse) -> HttpResponse:
    # Django's log would otherwise tell of an error every time that somebody waits for a preview.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _is_let_in(request: HttpRequest, service: Service | None) -> bool:
    label = asked_label(request)
    # What a protected preview's status page tells is not for everybody either.
    branch = service.deployment.branch if service else branch_of(label)
    return passes.is_let_in(request, label, branch)


def _live(request: HttpRequest) -> QuerySet[Service]:
    return Service.objects.filter(
        label=asked_label(request), deployment__branch__live=F("deployment")
    )


def _probed(request: HttpRequest) -> QuerySet[Service]:
    try:
        key = _PROBE.unsign(request.headers["X-Edaha-Probe"], max_age=_PROBE_SECONDS)
        return Service.objects.filter(deployment=int(key), label=asked_label(request))
    except (BadSignature, ValueError):
        return Service.objects.none()


def _lacks(branch: Branch, label: str) -> bool:
    """Whether the branch's services are known, and none of them has this address."""
    known = Service.objects.filter(deployment__in=[branch.live_id, branch.deployment_id])
    is_told = branch.live_id is not None and label != branch.slug
    return is_told and not known.filter(label=label).exists()


def _context(branch: Branch | None) -> dict[str, object]:
    if branch is None:
        return {"branch": None}
    deployment = branch.deployment
    is_coming = deployment is not None and deployment.is_active
    return {
        "branch": branch,
        "deployment": deployment,
        "is_coming": is_coming,
        "stages": stages(deployment) if deployment else (),
        "step": _step(deployment) if deployment and is_coming else None,
        "elapsed": timezone.now() - deployment.created_at if deployment and is_coming else None,
        "estimate": _estimate(branch) if is_coming else None,
        "dashboard": config().base_url + reverse("branch", args=[branch.pk]),
    }


def _step(deployment: Deployment) -> BuildStep | None:
    running = deployment.steps.filter(started_at__isnull=False, completed_at=None)
    return running.order_by("-number").first()


def _estimate(branch: Branch) -> timedelta | None:
    """How long the newest build that went live took: the branch's own, or its repository's."""
    successes = Deployment.objects.filter(
        branch__repository=branch.repository_id,
        state__in=(DeploymentState.LIVE, DeploymentState.RETIRED),
        finished_at__isnull=False,
        build_reused=False,
    ).order_by("-pk")
    last = successes.filter(branch=branch).first() or successes.first()
    return last.finished_at - last.created_at if last and last.finished_at else None


@cache
def _policy() -> str:
    """Nothing but the page's own style and script, known by their hashes, may be used."""
    style, script = (_hash(f"previews/status.{kind}") for kind in ("css", "js"))
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(template: str) -> str:
    digest = hashlib.sha256(render_to_string(template).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
