"""Edaha's API."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from . import http
from .errors import NotFound, Unreachable
from .http import Json as Json
from .safe import one_line


@dataclass
class Server:
    """One installation, asked with one token; `token` is called for each request, since those
    of GitHub Actions are valid for minutes only."""

    address: str
    token: Callable[[], str]

    def ask(self, path: str, method: str = "GET", body: Json | None = None, **query: Any) -> Any:
        return http.ask(self.call(path, method, **query).with_json(body))[0]

    def call(self, path: str, method: str = "GET", **query: Any) -> http.Call:
        url = f"{self.address}/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self.token()}", "Accept": "application/json"}
        return http.Call(method, url, headers)

    def branches(self, **query: Any) -> list[Json]:
        """Every page of them."""
        found: list[Json] = []
        while True:
            more = {"after": found[-1]["id"]} if found else {}
            page, link = http.ask(self.call("/branches", **({"limit": 1000} | query | more)))
            if not isinstance(page, list):
                raise Unreachable(f"What answers at {self.address} is not Edaha.")
            found += page
            if not page or 'rel="next"' not in link:
                return found

    def branch(self, repository: str, name: str, forks: tuple[str, ...] = ()) -> Json:
        """The one of that name: the repository's own rather than a fork's, the newest one.

        Where there is none, a pull request of the branch from one of these forks.
        """
        rows = self.branches(repository=repository, name=name)
        if not rows:
            others = self.branches(repository=repository)
            rows = [row for row in others if _is_of(row, name, forks)]
            if not rows:
                raise NotFound(*self._nothing(repository, name, others))
        return max(rows, key=lambda row: (not row["is_fork"], row["id"]))

    def log(self, deployment: int, after: int) -> list[Json]:
        lines: list[Json] = self.ask(f"/deployments/{deployment}/log", after=after)
        return lines

    def deployment(self, number: int) -> Json:
        found: Json = self.ask(f"/deployments/{number}")
        return found

    def _nothing(self, repository: str, name: str, others: list[Json]) -> tuple[str, str]:
        said = f"{repository} has no preview of {name} at {self.address}."
        near = get_close_matches(name, [one_line(row["name"]) for row in others], n=3)
        if near:
            return said, f"Did you mean {' or '.join(near)}? Then say --branch."
        if not others:
            return said, (
                "It has no preview at all, or you may not see it. In a clone of a fork, say "
                "--repository OWNER/NAME, which is what it was forked from."
            )
        what = "Push the branch, or open a pull request of it; `edaha list` says which there are."
        return said, what


def _is_of(row: Json, name: str, forks: tuple[str, ...]) -> bool:
    known = {each.lower() for each in forks}
    is_one = row["is_fork"] and str(row["head_repository"]).lower() in known
    return bool(is_one and row.get("head_branch") == name)
