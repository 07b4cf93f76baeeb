"""Pages travel compressed; streams and pictures as they are."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

#: Events would wait for each other in the compressor, and pictures do not shrink.
_AS_THEY_ARE = ("text/event-stream", "image/png", "font/")


class CompressionMiddleware(GZipMiddleware):
    """Django's own, which also keeps the length of a page from telling its secrets (BREACH:
    https://docs.djangoproject.com/en/5.2/ref/middleware/#module-django.middleware.gzip)."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").startswith(_AS_THEY_ARE):
            return response
        return super().process_response(request, response)
