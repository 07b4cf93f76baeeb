"""Which organisations and teams at GitHub somebody belongs to."""

from typing import Any

import httpx

from ..config import config
from ..errors import PlatformError

#: 1,000 of each; who is in more needs no finer mapping than by organisation.
_PAGES = 10


def groups_of(token: str) -> list[str]:
    """`acme` for each organisation, `acme/platform` for each team, of the token's owner.

    https://docs.github.com/en/rest/orgs/members#list-organization-memberships-for-the-authenticated-user
    https://docs.github.com/en/rest/teams/teams#list-teams-for-the-authenticated-user
    """
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "edaha",
    }
    with httpx.Client(base_url=config().github_api_url, headers=headers, timeout=10) as github:
        organisations = _listed(github, "/user/memberships/orgs", state="active")
        teams = _listed(github, "/user/teams")
    # An invitation that was never taken up is no membership.
    names = [each["organization"]["login"] for each in organisations if each["state"] == "active"]
    return names + [f"{team['organization']['login']}/{team['slug']}" for team in teams]


def _listed(github: httpx.Client, path: str, **wanted: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(1, _PAGES + 1):
        params: dict[str, str | int] = {**wanted, "per_page": 100, "page": page}
        try:
            answer = github.request("GET", path, params=params).raise_for_status()
        except httpx.HTTPError as problem:
            raise PlatformError(f"GitHub does not tell whose teams these are: {problem}") from None
        found += answer.json()
        if len(answer.json()) < 100:
            break
    return found
