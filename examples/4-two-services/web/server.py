import json
import os
from urllib.request import urlopen
from wsgiref.simple_server import make_server


def shop(request, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if request["PATH_INFO"] == "/healthz":
        return [b"ok"]
    with urlopen(os.environ["API_URL"], timeout=5) as answer:
        prices = json.load(answer)
    return [f"{name} costs {price}\n".encode() for name, price in prices.items()]


make_server("", int(os.environ["PORT"]), shop).serve_forever()
