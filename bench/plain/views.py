import hashlib
import hmac
import json

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboard.celery import app
from deployments.models import Delivery


@app.task(name="bench.decide", ignore_result=True)
def decide(delivery_id: int) -> None:
    """Never run: what is measured is handing it over."""


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> JsonResponse:
    secret = settings.EDAHA.webhook_secret.encode()
    expected = "sha256=" + hmac.new(secret, request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["X-Hub-Signature-256"]):
        return JsonResponse({"status": "unsigned"}, status=401)
    json.loads(request.body)
    delivery, is_new = Delivery.objects.get_or_create(
        guid=request.headers["X-GitHub-Delivery"],
        defaults={
            "event": request.headers["X-GitHub-Event"],
            "payload": request.body,
            "received_at": timezone.now(),
        },
    )
    if not is_new:
        return JsonResponse({"status": "duplicate"})
    decide.delay(delivery.pk)
    return JsonResponse({"status": "accepted"}, status=202)


urlpatterns = [path("webhooks/github", webhook)]
