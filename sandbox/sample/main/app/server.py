"""Hinode Coffee: one page, and where it comes from.

Edaha tells a preview about itself by EDAHA_BRANCH, EDAHA_COMMIT, EDAHA_PULL_REQUEST and
EDAHA_URL, and where to listen by PORT.
"""

import json
import os
from html import escape
from pathlib import Path
from string import Template

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

HERE = Path(__file__).parent
PAGE = Template((HERE / "page.html").read_text("utf-8"))
ITEM = Template("<li><div><h2>$name</h2><p>$description</p></div><strong>¥$price</strong></li>")
MENU = json.loads((HERE / "menu.json").read_text("utf-8"))


def origin() -> dict[str, str]:
    """The branch, commit and pull request that this container was built from."""
    number = os.environ.get("EDAHA_PULL_REQUEST", "")
    return {
        "branch": escape(os.environ.get("EDAHA_BRANCH", "on your own machine")),
        "commit": escape(os.environ.get("EDAHA_COMMIT", "")[:7] or "not committed"),
        "pull_request": escape(f"pull request #{number}" if number else "no pull request"),
    }


def listed(item: dict[str, str]) -> str:
    return ITEM.substitute({key: escape(str(value)) for key, value in item.items()})


async def menu(request: Request) -> HTMLResponse:
    items = "\n".join(map(listed, MENU))
    return HTMLResponse(PAGE.substitute(origin(), items=items))


async def health(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


app = Starlette(routes=[Route("/", menu), Route("/healthz", health)])

if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]), timeout_graceful_shutdown=3)  # nosec B104
