"""The proxy's HTTP: a connection a thread, so that an answer may be late, or never come."""

import json
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .account import Account
from .call import Call, Json, Refusal, Reply
from .faults import Fault, Plan

#: Paths of the proxy's own.
CONTROL = "/_proxy/"


class NoAnswer(Exception):
    """The connection ends without a word."""


class Proxy:
    """The rules and the faults together, and what happened."""

    def __init__(self, account: Account, plan: Plan, *, silence: float) -> None:
        """`silence` is how long a call without an answer keeps its caller, in seconds."""
        self.account, self.plan, self._silence = account, plan, silence
        self._calls: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Reply:
        """Raises NoAnswer."""
        fault = self.plan.draw(call.name)
        self._count(call, fault)
        reply = self._faulty(call, fault) if fault else self.account.answer(call)
        with self._lock:
            self._answers[f"{call.name} {reply.status}"] += 1
        return reply

    def _faulty(self, call: Call, fault: Fault) -> Reply:
        if fault is Fault.THROTTLED:
            return Refusal("ThrottlingException", "Rate exceeded").reply(call)
        if fault is Fault.SILENT:
            time.sleep(self.plan.seconds(self._silence))
            raise NoAnswer
        reply = self.account.answer(call) if fault.is_after else None
        if fault is Fault.SLOW and reply:
            time.sleep(self.plan.seconds(self._silence / 3))
            return reply
        if fault is Fault.LOST:
            raise NoAnswer
        return Refusal("InternalFailure", "An internal error has occurred.", status=500).reply(call)

    def _count(self, call: Call, fault: Fault | None) -> None:
        with self._lock:
            self._calls[call.name] += 1
            if fault:
                self._faults[fault.value] += 1

    def control(self, method: str, path: str, body: Json) -> Json | None:
        """What is asked of the proxy itself; None for an unknown path."""
        parts = urlsplit(path)
        what = parts.path.removeprefix(CONTROL)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if (method, what) == ("GET", "left"):
            return self.account.left(asked.get("prefix", ""))
        if (method, what) == ("GET", "running"):
            return self.account.running(asked["name"])
        if (method, what) == ("GET", "upstream"):
            return {"url": self.account.emulator}
        if (method, what) == ("GET", "statistics"):
            with self._lock:
                counters = {"calls": self._calls, "faults": self._faults, "answers": self._answers}
                return {name: dict(counter) for name, counter in counters.items()}
        if (method, what) == ("POST", "faults"):
            self._set_faults(body)
            return {"part": self.plan.part}
        return None

    def _set_faults(self, body: Json) -> None:
        if "part" in body:
            self.plan.part = float(body["part"])
        if "next" in body:
            self.plan.put(body["next"], Fault(body["fault"]))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: What is written is small: waiting for more of it would cost 40 ms a call.
    disable_nagle_algorithm = True
    proxy: Proxy

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if self.path.startswith(CONTROL):
            self._control(content)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            reply = self.proxy.answer(Call(self.command, self.path, headers, content))
        except NoAnswer:
            self._hang_up()
        else:
            self._send(reply)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST  # noqa: N815 (as the base class has them)

    def _control(self, content: bytes) -> None:
        body = json.loads(content) if content else {}
        said = self.proxy.control(self.command, self.path, body)
        status = 404 if said is None else 200
        self._send(Reply(status, json.dumps(said).encode(), {"Content-Type": "application/json"}))

    def _send(self, reply: Reply) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the caller has given up
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *about: Any) -> None:
        """A caller that was killed is nothing to tell of."""


def serve(proxy: Proxy, port: int) -> Server:
    handler = type("BoundHandler", (Handler,), {"proxy": proxy})
    return Server(("127.0.0.1", port), handler)
