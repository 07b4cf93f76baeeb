"""Subscriptions: which other tools hear of previews, and how that goes."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.access import Role, requires
from dashboard.shown_once import keep, take
from deployments import subscribers
from deployments.models import Notice, Subscription

from . import subscribing
from .subscription_form import SubscriptionForm

#: A test's answer stands at the top of the page for so long.
_TEST_SHOWN = timedelta(minutes=10)
#: Notices that a page shows, the newest first.
_SHOWN = 50


@require_GET
@requires(Role.ADMIN)
def listed(request: HttpRequest) -> HttpResponse:
    waiting = Count("notices", filter=Q(notices__state=Notice.State.WAITING))
    rows = Subscription.objects.annotate(waiting=waiting).prefetch_related("repositories")
    return render(request, "administration/subscriptions.html", {"subscriptions": rows})


@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN)
def add(request: HttpRequest) -> HttpResponse:
    form = SubscriptionForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form)
    subscription, secret = subscribing.add(form, actor=request.user.get_username())
    if secret:
        keep(request, "subscription", {"secret": secret})
    return redirect("subscription", subscription.pk)


@require_GET
@requires(Role.ADMIN)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    subscription = get_object_or_404(Subscription, pk=pk)
    notices = subscription.notices.prefetch_related("tries").select_related("branch__repository")
    context = {
        "subscription": subscription,
        "notices": notices[:_SHOWN],
        "new": take(request, "subscription"),
        "test": _newest_test(subscription),
    }
    return render(request, "administration/subscription.html", context)


@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    subscription = get_object_or_404(Subscription, pk=pk)
    form = SubscriptionForm(request.POST or None, instance=subscription)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, Subscription.objects.get(pk=pk))
    subscribing.change(form, actor=request.user.get_username())
    messages.success(request, _("Saved."))
    return redirect("subscription", pk)


@require_POST
@requires(Role.ADMIN)
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Another secret, which is shown once; the one before signs on beside it for a day."""
    subscription = get_object_or_404(Subscription, pk=pk, kind=Subscription.Kind.WEBHOOK)
    secret = subscribing.rotate(subscription, actor=request.user.get_username())
    keep(request, "subscription", {"secret": secret})
    return redirect("subscription", pk)


@require_POST
@requires(Role.ADMIN)
def test(request: HttpRequest, pk: int) -> HttpResponse:
    subscription = get_object_or_404(Subscription, pk=pk)
    if subscription.is_enabled:
        subscribers.send_test(subscription)
    else:
        messages.error(request, _("It is turned off. Turn it on first."))
    return redirect("subscription", pk)


@require_POST
@requires(Role.ADMIN)
def again(request: HttpRequest, pk: int, notice: int) -> HttpResponse:
    row = get_object_or_404(Notice.objects.select_related("subscription"), pk=notice)
    if row.subscription_id == pk and row.subscription.is_enabled:
        subscribers.send_again(row)
        messages.success(request, _("It is sent again."))
    else:
        messages.error(request, _("It is turned off. Turn it on first."))
    return redirect("subscription", pk)


@require_POST
@requires(Role.ADMIN)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    subscription = get_object_or_404(Subscription, pk=pk)
    subscribing.remove(subscription, actor=request.user.get_username())
    messages.success(request, _("%s hears of nothing any more.") % subscription.name)
    return redirect("subscriptions")


def _newest_test(subscription: Subscription) -> Notice | None:
    """The last one, as long as somebody may be waiting for its answer."""
    since = timezone.now() - _TEST_SHOWN
    rows = subscription.notices.filter(event=subscribers.TEST, at__gte=since)
    return rows.prefetch_related("tries").first()


def _form(
    request: HttpRequest, form: SubscriptionForm, subscription: Subscription | None = None
) -> HttpResponse:
    context = {"form": form, "subscription": subscription}
    return render(request, "administration/subscription_form.html", context)
