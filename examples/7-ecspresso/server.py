import os
from wsgiref.simple_server import make_server


def shop(request, start_response):
    text = "ok" if request["PATH_INFO"] == "/healthz" else os.environ["GREETING"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]


make_server("", int(os.environ["PORT"]), shop).serve_forever()
