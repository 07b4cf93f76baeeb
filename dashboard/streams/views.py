"""The streams' addresses. The views are over in a moment; what they return goes on."""

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.views.decorators.http import require_GET

from dashboard import loglines, outputs
from dashboard.access import Role, Sight, access_of, requires
from dashboard.presentation import preview_rows
from deployments.models import Branch, Deployment
from deployments.pipeline import secrets

from . import branches, log, tail
from .response import events


@require_GET
@requires(Role.VIEWER)
def all_branches(request: HttpRequest) -> StreamingHttpResponse:
    return events(branches.follow_all(_after(request), _language(), _sight(request)))


@require_GET
@requires(Role.VIEWER, of=Branch)
def one_branch(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    get_object_or_404(Branch.objects.only("pk"), pk=pk)
    return events(branches.follow_one(pk, _language()))


@require_GET
@requires(Role.VIEWER, of=Deployment)
def deployment_log(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """`?tail` asks for the end alone: what is before it, the page loads when it is looked at."""
    get_object_or_404(Deployment.objects.only("pk"), pk=pk)
    after = _after(request)
    if "tail" in request.GET:
        after = max(after, loglines.before_tail(pk))
    return events(log.follow(pk, after, _language()))


@require_GET
@requires(Role.DEPLOYER, of=Branch)
def runtime_log(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """What a container prints, as long as somebody watches."""
    branch = get_object_or_404(preview_rows(), pk=pk)
    chosen = outputs.chosen(branch, request.GET)
    if chosen is None:
        raise Http404
    concealed = secrets.redactor(branch)
    return events(tail.follow(chosen.group, chosen.stream, concealed, _language()))


@require_GET
@requires(Role.DEPLOYER)
def deliveries(request: HttpRequest) -> StreamingHttpResponse:
    return events(branches.follow_deliveries(_after(request), _language(), _sight(request)))


def _after(request: HttpRequest) -> int:
    """Where to go on: what the browser saw last comes before what the page was made with."""
    for text in (request.headers.get("Last-Event-ID", ""), request.GET.get("after", "")):
        if text.isascii() and text.isdigit() and len(text) < 16:
            return int(text)
    return 0


def _sight(request: HttpRequest) -> Sight:
    return access_of(request.user).sight


def _language() -> str:
    return translation.get_language() or "en"
