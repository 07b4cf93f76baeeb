"""`edaha login` and `edaha logout`: a code that one compares in a browser, or a token by hand."""

import getpass
import platform
import sys
import time
import webbrowser
from typing import Any

from . import credentials, http
from .errors import CommandError, NotAllowed, Unreachable, Usage
from .http import Call, Json
from .safe import one_line
from .server import Server

#: Longer than any server lets one compare a code.
_MOST = 900.0


def login(address: str, *, by_hand: bool, with_browser: bool) -> None:
    """Keep a token for that server."""
    if credentials.from_environment():
        print("Note: EDAHA_TOKEN is set, and comes before what is kept here.", file=sys.stderr)
    if by_hand or (with_browser and not sys.stdin.isatty()):
        token, who = _typed(address), ""
    else:
        token, who = _compared(address, with_browser=with_browser)
    credentials.keep(address, token)
    person = f" as {who}" if who else ""
    print(f"Signed in at {address}{person}. The token is in {credentials.path()}.")


def logout(address: str) -> None:
    """End the token at the server, and forget it here whatever comes of that."""
    token = credentials.kept_for(address)
    if not token:
        raise NotAllowed(f"Nobody is signed in at {address}.")
    credentials.forget(address)
    if not token.startswith("edaha_terminal_"):
        print(f"Signed out of {address}. The token itself goes on: an administrator revokes it.")
        return
    headers = {"Authorization": f"Bearer {token}"}
    try:
        http.ask(Call("POST", f"{address}/terminal/leave", headers))
    except CommandError as problem:
        raise type(problem)(
            f"The token is forgotten here, and may still work: {problem.message}",
            f"End it at {address}/me.",
        ) from None
    print(f"Signed out of {address}.")


def _typed(address: str) -> str:
    asked = f"Token for {address}: "
    token = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip().isascii() or not token.strip().isprintable() or not token.strip():
        raise Usage("That is no token.", "`manage token create` and the page Tokens make one.")
    Server(address, token.strip).ask("/branches", limit=1)
    return token.strip()


def _compared(address: str, *, with_browser: bool) -> tuple[str, str]:
    """Token and person."""
    begin = Call("POST", f"{address}/terminal/begin").with_form(name=platform.node())
    asked: Json = http.ask(begin)[0]
    try:
        code, secret = one_line(asked["user_code"]), str(asked["device_code"])
        every = min(30.0, max(1.0, float(asked["interval"])))
        end = time.monotonic() + min(_MOST, float(asked["expires_in"]))
    except (KeyError, TypeError, ValueError):
        raise Unreachable(f"What answers at {address} is not Edaha.") from None
    # Of the address that one has chosen oneself, whatever the server would say.
    page = f"{address}/terminal?code={''.join(each for each in code if each.isalnum())}"
    print(f"Your code is {code}. Compare it at\n  {page}", file=sys.stderr, flush=True)
    if with_browser:
        webbrowser.open(page)
    while time.monotonic() < end:
        time.sleep(every)
        if given := _fetched(address, secret):
            return str(given["access_token"]), one_line(given.get("person", ""))
    raise NotAllowed("Nobody let this terminal in within the time.", "Run `edaha login` again.")


def _fetched(address: str, secret: str) -> Any:
    """None while nobody has answered."""
    call = Call("POST", f"{address}/terminal/redeem").with_form(device_code=secret)
    call.expected = (400,)
    told: Json = http.ask(call)[0]
    error = told.get("error")
    if error == "authorization_pending":
        return None
    if error == "access_denied":
        raise NotAllowed("It was said in the browser that this terminal is not to be let in.")
    if error:
        raise NotAllowed("The code is good no longer.", "Run `edaha login` again.")
    return told
