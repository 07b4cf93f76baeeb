import json
import os
from wsgiref.simple_server import make_server


def prices(request, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"Coffee": 480, "Cocoa": 500}).encode()]


make_server("", int(os.environ["PORT"]), prices).serve_forever()
