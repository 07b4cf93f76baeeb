"""The page on which a person says whether a terminal is theirs, and the end of those that are."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboard import limits
from dashboard.access import Role, requires

from . import asking, holding

#: Codes that a person may try in a minute.
_TRIES = 10
_USUAL_DAYS = 30


@require_GET
@requires(Role.VIEWER, is_personal=True)
def page(request: HttpRequest) -> HttpResponse:
    """With a code, the question; otherwise a field for one."""
    code = request.GET.get("code", "").strip()
    return _asked(request, code) if code else _field(request)


@require_POST
@requires(Role.VIEWER, is_personal=True)
def decide(request: HttpRequest) -> HttpResponse:
    person, code = cast(User, request.user), request.POST.get("code", "")
    if seconds := _wait(person):
        return _field(request, _too_many(seconds), 429)
    question = asking.open_question(code)
    if question is None:
        return _field(request, _unknown(), 404)
    if request.POST.get("answer") != "allow":
        done, said = asking.refuse(question, person), _("%s was not let in.")
    else:
        days = request.POST.get("days", "")
        lasts = int(days) if days in map(str, asking.DAYS) else _USUAL_DAYS
        done = asking.let_in(question, person, lasts)
        said = _("%s is signed in. You may close this page, and go on there.")
    if not done:
        return _field(request, _unknown(), 404)
    messages.success(request, said % question.name)
    return redirect("preferences")


@require_POST
@requires(Role.VIEWER, is_personal=True)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Only one's own."""
    terminal = get_object_or_404(holding.of(cast(User, request.user)), pk=pk)
    holding.end(terminal)
    messages.success(request, _("%s is signed out.") % terminal.name)
    return redirect("preferences")


def _asked(request: HttpRequest, code: str) -> HttpResponse:
    if seconds := _wait(cast(User, request.user)):
        return _field(request, _too_many(seconds), 429)
    question = asking.open_question(code)
    if question is None:
        return _field(request, _unknown(), 404)
    known = {"question": question, "lives": asking.DAYS, "usual": _USUAL_DAYS}
    return render(request, "terminals/asked.html", known)


def _field(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    return render(request, "terminals/code.html", {"problem": problem}, status=status)


def _wait(person: User) -> int:
    return limits.wait_after("terminal-code", str(person.pk), _TRIES)


def _too_many(seconds: int) -> str:
    return _("Too many codes were tried. Try again in %d seconds.") % seconds


def _unknown() -> str:
    return _("No terminal asks with this code now. Run “edaha login” again for a new one.")
