import os
from wsgiref.simple_server import make_server


def shop(request, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"The shop was asked for {request['PATH_INFO']}".encode()]


make_server("", int(os.environ["PORT"]), shop).serve_forever()
