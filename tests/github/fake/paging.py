"""Pages and ETags of the fake of GitHub.

https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlencode

from .state import State

_REPOSITORY = re.compile(r"/repositories/(\d+)(/.*)?")


class Paging:
    def __init__(self, state: State) -> None:
        self._state = state
        #: However many are asked for.
        self.most = 100
        #: Where links to further pages lead, if it is not where GitHub is.
        self.elsewhere = ""

    def by_name(self, path: str) -> str:
        """Links have a repository's number instead of its name."""
        if (found := _REPOSITORY.fullmatch(path)) is None:
            return path
        for name in {*self._state.installations, *self._state.repositories, "acme/shop"}:
            if self._state.repository_id(name) == int(found[1]):
                return f"/repos/{name}{found[2] or ''}"
        return path

    def answer(
        self, url: str, path: str, query: dict[str, str], known: str, status: int, body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        """The page that was asked for, and its headers; 304 where the asker has it."""
        more: dict[str, str] = {}
        name = next((n for n in ("check_runs", "repositories") if _is_envelope(body, n)), "")
        rows = body[name] if name else body
        if isinstance(rows, list):
            rows, links = self._page(rows, path, query)
            body = body | {name: rows} if name else rows
            if links:
                home = self.elsewhere or url
                told = [f'<{home}{where}>; rel="{rel}"' for rel, where in links.items()]
                more["Link"] = ", ".join(told)
        if status == 200:
            content = json.dumps(body, sort_keys=True).encode()
            more["ETag"] = f'W/"{hashlib.sha256(content).hexdigest()}"'
            if known == more["ETag"]:
                return 304, None, more
        return status, body, more

    def _page(
        self, rows: list[Any], path: str, query: dict[str, str]
    ) -> tuple[list[Any], dict[str, str]]:
        size = min(self.most, int(query.get("per_page", 30)))
        if path.endswith("/deliveries"):
            links = {}
            if len(rows) > size:
                cursor = {"cursor": f"v1_{rows[size]['id']}"}
                links["next"] = f"{self._by_number(path)}?{urlencode(query | cursor)}"
            return rows[:size], links
        page, last = int(query.get("page", 1)), -(-len(rows) // size)
        places = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        wanted = [
            *(["prev", "first"] if page > 1 else []),
            *(["next", "last"] if page < last else []),
        ]
        links = {
            rel: f"{self._by_number(path)}?{urlencode(query | {'page': str(places[rel])})}"
            for rel in wanted
        }
        return rows[(page - 1) * size : page * size], links

    def _by_number(self, path: str) -> str:
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if found is None:
            return path
        return f"/repositories/{self._state.repository_id(found[1])}{found[2] or ''}"


def _is_envelope(body: Any, name: str) -> bool:
    return isinstance(body, dict) and "total_count" in body and isinstance(body.get(name), list)
