"""What a GitHub App needs for each operation, all of it; nothing where its own name is enough.

https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps (published as
data in github/docs, src/github-apps/data/fpt-2022-11-28/server-to-server-permissions.json). Of
comments it says that either of two is enough; GitHub wants both of Apps where it is a pull
request that is commented: https://github.com/github/rest-api-description/issues/6994
"""

_R = "/repos/{owner}/{repo}"
_READS = {"issues": "read", "pull_requests": "read"}
_WRITES = {"issues": "write", "pull_requests": "write"}

NEEDED: dict[str, dict[str, str]] = {
    "GET /app": {},
    "GET /app/installations": {},
    "POST /app/installations/{installation_id}/access_tokens": {},
    "GET /app/hook/deliveries": {},
    "POST /app/hook/deliveries/{delivery_id}/attempts": {},
    "POST /app-manifests/{code}/conversions": {},
    "GET /installation/repositories": {"metadata": "read"},
    "GET /rate_limit": {},
    "GET /user": {},
    "GET /user/memberships/orgs": {},
    "GET /user/teams": {},
    f"GET {_R}": {"metadata": "read"},
    f"GET {_R}/installation": {},
    f"GET {_R}/branches": {"contents": "read"},
    f"GET {_R}/compare/{{basehead}}": {"contents": "read"},
    f"GET {_R}/hooks": {"repository_hooks": "read"},
    f"GET {_R}/hooks/{{hook_id}}/deliveries": {"repository_hooks": "read"},
    f"POST {_R}/hooks/{{hook_id}}/deliveries/{{delivery_id}}/attempts": {
        "repository_hooks": "write"
    },
    f"GET {_R}/issues/{{issue_number}}/comments": _READS,
    f"POST {_R}/issues/{{issue_number}}/comments": _WRITES,
    f"GET {_R}/issues/comments/{{comment_id}}": _READS,
    f"PATCH {_R}/issues/comments/{{comment_id}}": _WRITES,
    f"DELETE {_R}/issues/comments/{{comment_id}}": _WRITES,
    f"POST {_R}/issues/comments/{{comment_id}}/reactions": {"issues": "write"},
    f"GET {_R}/deployments": {"deployments": "read"},
    f"POST {_R}/deployments": {"deployments": "write"},
    f"DELETE {_R}/deployments/{{deployment_id}}": {"deployments": "write"},
    f"GET {_R}/deployments/{{deployment_id}}/statuses": {"deployments": "read"},
    f"POST {_R}/deployments/{{deployment_id}}/statuses": {"deployments": "write"},
    f"DELETE {_R}/environments/{{environment_name}}": {"administration": "write"},
    f"GET {_R}/commits/{{ref}}/check-runs": {"checks": "read"},
    f"POST {_R}/check-runs": {"checks": "write"},
    f"PATCH {_R}/check-runs/{{check_run_id}}": {"checks": "write"},
    f"POST {_R}/statuses/{{sha}}": {"statuses": "write"},
    f"GET {_R}/pulls": {"pull_requests": "read"},
    f"GET {_R}/pulls/{{pull_number}}": {"pull_requests": "read"},
    f"GET {_R}/pulls/{{pull_number}}/files": {"pull_requests": "read"},
    f"GET {_R}/collaborators/{{username}}/permission": {"metadata": "read"},
}
LEVELS = ["", "read", "write", "admin"]


def lacking(operation: str, given: dict[str, str]) -> dict[str, str]:
    return {
        name: level
        for name, level in NEEDED[operation].items()
        if LEVELS.index(given.get(name, "")) < LEVELS.index(level)
    }
