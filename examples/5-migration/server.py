import os
from wsgiref.simple_server import make_server


def shop(request, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"I keep my things in {os.environ['DATABASE']}".encode()]


make_server("", int(os.environ["PORT"]), shop).serve_forever()
