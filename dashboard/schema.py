"""The JSON Schema of edaha.yml, where editors find it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from deployments.definitions.edaha_yml import json_schema


@login_not_required
@require_GET
def schema(request: HttpRequest) -> JsonResponse:
    """What editors complete and check edaha.yml by."""
    response = JsonResponse(json_schema())
    response["Access-Control-Allow-Origin"] = "*"
    return response
