"""The streams' addresses. The views are over in a moment; what they return goes on."""

from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from contextlib import aclosing

from asgiref.sync import SyncToAsync
from django.db import close_old_connections
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.views.decorators.http import require_GET

from dashboard.access import Role, requires
from deployments.models import Branch, Deployment

from . import branches, log


@require_GET
@requires(Role.VIEWER)
def all_branches(request: HttpRequest) -> StreamingHttpResponse:
    return _stream(branches.follow_all(_after(request), _language()))


@require_GET
@requires(Role.VIEWER)
def one_branch(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    get_object_or_404(Branch.objects.only("pk"), pk=pk)
    return _stream(branches.follow_one(pk, _language()))


@require_GET
@requires(Role.VIEWER)
def deployment_log(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    get_object_or_404(Deployment.objects.only("pk"), pk=pk)
    return _stream(log.follow(pk, _after(request), _language()))


@require_GET
@requires(Role.DEPLOYER)
def deliveries(request: HttpRequest) -> StreamingHttpResponse:
    return _stream(branches.follow_deliveries(_language()))


def _stream(events: AsyncGenerator[bytes]) -> StreamingHttpResponse:
    # The stream outlives this thread's use of its connection by far.
    close_old_connections()
    return StreamingHttpResponse(
        _without_thread(events),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _without_thread(events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    # asgiref keeps a thread for each request until its response has ended: a thousand viewers
    # would hold a thousand idle ones.
    context = SyncToAsync.thread_sensitive_context.get(None)
    executor = context and SyncToAsync.context_to_thread_executor.pop(context, None)
    if isinstance(executor, Executor):
        executor.shutdown(wait=False)
    async with aclosing(events):
        async for part in events:
            yield part


def _after(request: HttpRequest) -> int:
    """Where to go on: what the browser saw last comes before what the page was made with."""
    for text in (request.headers.get("Last-Event-ID", ""), request.GET.get("after", "")):
        if text.isascii() and text.isdigit() and len(text) < 16:
            return int(text)
    return 0


def _language() -> str:
    return translation.get_language() or "en"
