"""Pages travel compressed; streams as they are, and static files as WhiteNoise has them."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressionMiddleware(GZipMiddleware):
    """Django's own, which also keeps the length of a page from telling its secrets (BREACH:
    https://docs.djangoproject.com/en/5.2/ref/middleware/#module-django.middleware.gzip)."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # Events of a stream would wait for each other in the compressor.
        return response if response.streaming else super().process_response(request, response)
