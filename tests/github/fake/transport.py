"""The fake of GitHub in this process, as what a client of httpx sends its requests by."""

from urllib.parse import urlsplit

import httpx

from .github import Fake


class Transport(httpx.BaseTransport):
    def __init__(self, fake: Fake) -> None:
        self._fake = fake

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode()
        if request.url.host != urlsplit(self._fake.url).hostname:
            self._fake.violations.append(f"{request.url.host} was asked, which is not GitHub")
            raise httpx.ConnectError("no route to host", request=request)
        answer = self._fake.answer(request.method, target, headers, request.read())
        if answer.is_lost and not answer.status:
            raise httpx.ConnectError("no route to host", request=request)
        if answer.is_lost or answer.seconds > request.extensions["timeout"]["read"]:
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.content)
