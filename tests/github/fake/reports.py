"""Deployments, check runs and commit statuses in the fake of GitHub."""

from typing import Any

from .. import rules
from .state import _R, Asked, Refused, State, Thing, does, gone, now

#: https://docs.github.com/en/rest/checks/runs#create-a-check-run
_MOST_ANNOTATIONS = 50
#: https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status
_LONGEST_DESCRIPTION = 140


@does(f"GET {_R}/deployments")
def deployments(state: State, asked: Asked) -> tuple[int, Any]:
    names = {"sha", "ref", "task", "environment"} & set(asked.query)
    rows = [
        row
        for row in reversed(state.deployments.values())
        if all(row[name] == asked.query[name] for name in names)
    ]
    return 200, rows


@does(f"POST {_R}/deployments")
def make_deployment(state: State, asked: Asked) -> tuple[int, Any]:
    _check_mergeable(state, asked)
    row = rules.example(asked.operation.name, 201)
    wanted: Thing = {"task": "deploy", "environment": "production", "payload": {}}
    wanted["description"] = None
    given = {name: asked.body.get(name, value) for name, value in wanted.items()}
    row |= given | {"id": next(state.ids), "ref": asked.body["ref"], "sha": asked.body["ref"]}
    row |= {"created_at": now(), "updated_at": now(), "original_environment": given["environment"]}
    row["transient_environment"] = asked.body.get("transient_environment", False)
    row |= {"production_environment": asked.body.get("production_environment", False)}
    state.deployments[row["id"]] = row
    state.environments.add(given["environment"])
    return 201, row


def _check_mergeable(state: State, asked: Asked) -> None:
    """As https://docs.github.com/en/rest/deployments/deployments#create-a-deployment has it."""
    ref = asked.body["ref"]
    if state.commits is not None and ref not in {*state.commits, *state.branches}:
        raise Refused(422, f"No ref found for: {ref}")
    if asked.body.get("auto_merge", True) and ref in state.conflicting:
        raise Refused(409, f"Conflict merging main into {ref}.")
    told = {row["context"]: row["state"] for row in state.commit_statuses.get(ref, [])}
    required = asked.body.get("required_contexts")
    wanted = set(told) if required is None else set(required)
    if any(told.get(context) != "success" for context in wanted):
        raise Refused(409, f"Conflict: Commit status checks failed for {ref}.")


@does(f"GET {_R}/deployments/{{deployment_id}}/statuses")
def statuses(state: State, asked: Asked) -> tuple[int, Any]:
    if asked.number("deployment_id") not in state.deployments:
        raise gone()
    return 200, state.statuses.get(asked.number("deployment_id"), [])[::-1]


@does(f"POST {_R}/deployments/{{deployment_id}}/statuses")
def make_status(state: State, asked: Asked) -> tuple[int, Any]:
    number = asked.number("deployment_id")
    if number not in state.deployments:
        raise gone()
    if len(asked.body.get("description") or "") > _LONGEST_DESCRIPTION:
        error = {"resource": "DeploymentStatus", "field": "description", "code": "custom"}
        raise Refused(422, "Validation Failed", error)
    row = rules.example(asked.operation.name, 201)
    names = ("state", "description", "log_url", "environment_url", "environment")
    row |= {name: asked.body[name] for name in names if name in asked.body}
    row |= {"id": next(state.ids), "created_at": now(), "updated_at": now()}
    state.statuses.setdefault(number, []).append(row)
    return 201, row


@does(f"DELETE {_R}/deployments/{{deployment_id}}")
def delete_deployment(state: State, asked: Asked) -> tuple[int, Any]:
    # https://docs.github.com/en/rest/deployments/deployments#delete-a-deployment
    number = asked.number("deployment_id")
    if number not in state.deployments:
        raise gone()
    is_active = state.state_of(number) not in {"pending", "inactive"}
    if len(state.deployments) > 1 and is_active:
        raise Refused(422, "We cannot delete an active deployment unless it is the only deployment")
    del state.deployments[number]
    return 204, None


@does(f"DELETE {_R}/environments/{{environment_name}}")
def delete_environment(state: State, asked: Asked) -> tuple[int, Any]:
    name = asked.operation.values["environment_name"]
    if name not in state.environments:
        raise gone()
    state.environments.remove(name)
    return 204, None


@does(f"GET {_R}/commits/{{ref}}/check-runs")
def checks(state: State, asked: Asked) -> tuple[int, Any]:
    state.check_commit(asked.operation.values["ref"])
    rows = [
        row
        for row in reversed(state.checks.values())
        if row["head_sha"] == asked.operation.values["ref"]
        and asked.query.get("check_name", row["name"]) == row["name"]
    ]
    return 200, {"total_count": len(rows), "check_runs": rows}


@does(f"POST {_R}/check-runs")
def make_check(state: State, asked: Asked) -> tuple[int, Any]:
    state.check_commit(asked.body["head_sha"])
    row = rules.example(asked.operation.name, 201)
    row |= {"id": next(state.ids), "started_at": now(), "completed_at": None, "conclusion": None}
    row |= {"external_id": "", "status": "queued"}
    state.checks[row["id"]] = _told(row, asked)
    return 201, row


@does(f"PATCH {_R}/check-runs/{{check_run_id}}")
def edit_check(state: State, asked: Asked) -> tuple[int, Any]:
    if asked.number("check_run_id") not in state.checks:
        raise gone()
    return 200, _told(state.checks[asked.number("check_run_id")], asked)


def _told(row: Thing, asked: Asked) -> Thing:
    if asked.by != "installation":
        raise Refused(403, "You must authenticate via a GitHub App.")
    output = asked.body.get("output") or {}
    if len(output.get("annotations", [])) > _MOST_ANNOTATIONS:
        raise Refused(422, "Invalid request.\n\nNo more than 50 items are allowed.")
    row |= {name: value for name, value in asked.body.items() if name not in {"output", "actions"}}
    row["output"] |= {name: output[name] for name in ("title", "summary", "text") if name in output}
    row["output"]["annotations_count"] = len(output.get("annotations", []))
    if "conclusion" in asked.body:
        row |= {"status": "completed", "completed_at": asked.body.get("completed_at", now())}
    return row


@does(f"POST {_R}/statuses/{{sha}}")
def commit_status(state: State, asked: Asked) -> tuple[int, Any]:
    state.check_commit(asked.operation.values["sha"])
    row = rules.example(asked.operation.name, 201)
    row |= asked.body | {"id": next(state.ids), "created_at": now(), "updated_at": now()}
    state.commit_statuses.setdefault(asked.operation.values["sha"], []).append(row)
    return 201, row
