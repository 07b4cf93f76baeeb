import os
from wsgiref.simple_server import make_server


def serve(text):
    """Answer everything with this text."""

    def page(request, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [text.encode()]

    make_server("", int(os.environ["PORT"]), page).serve_forever()
