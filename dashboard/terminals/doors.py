"""What a terminal asks: it has no session, and no browser would send it here by itself."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboard import limits
from dashboard.api.problems import answer
from deployments.config import config

from . import asking, holding


@csrf_exempt  # nosemgrep: edaha-csrf-exempt (asks for nothing that a session would allow)
@login_not_required
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """`name` is what the machine calls itself."""
    if too_many := _too_many(request, "terminal-begin"):
        return too_many
    try:
        question, secret = asking.ask(request.POST.get("name", ""), limits.address_of(request))
    except asking.TooManyAsk:
        return _wait(60)
    page = f"{config().base_url.rstrip('/')}{reverse('terminal')}"
    return _told(
        {
            "device_code": secret,
            "user_code": question.shown_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={question.shown_code}",
            "expires_in": int(asking.LASTS.total_seconds()),
            "interval": asking.EVERY,
        }
    )


@csrf_exempt  # nosemgrep: edaha-csrf-exempt (a secret of its own)
@login_not_required
@require_POST
def redeem(request: HttpRequest) -> HttpResponse:
    """`device_code` is what `begin` gave."""
    given = asking.redeem(request.POST.get("device_code", ""))
    if given is asking.Answer.OVER and (too_many := _too_many(request, "terminal-redeem")):
        return too_many
    if isinstance(given, asking.Answer):
        return _told({"error": given}, status=400)
    terminal, token = given
    return _told(
        {
            "access_token": token,
            "token_type": "Bearer",  # nosec B105 (a word of RFC 6749)
            "person": terminal.user.get_username(),
            "expires_at": terminal.expires_at.isoformat(timespec="seconds"),
        }
    )


@csrf_exempt  # nosemgrep: edaha-csrf-exempt (a token of its own)
@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Ends the token that is shown. The answer is the same whether there was such a one."""
    if too_many := _too_many(request, "terminal-leave"):
        return too_many
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind == "Bearer" and (terminal := holding.find(token.strip())):
        holding.end(terminal)
    return HttpResponse(status=204)


def _told(values: dict[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(values, status=status, headers={"Cache-Control": "no-store"})


def _too_many(request: HttpRequest, kind: str) -> HttpResponse | None:
    seconds = limits.wait_after_refusal(kind, limits.address_of(request))
    return _wait(seconds) if seconds else None


def _wait(seconds: int) -> HttpResponse:
    return answer(
        429,
        "Too many terminals ask to be let in.",
        "Wait as long as Retry-After says.",
        headers={"Retry-After": str(seconds)},
    )
