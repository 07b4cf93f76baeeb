"""Secrets that an administrator has set win, are told, and need no permission of the files."""

from deployments.definitions import set_secrets
from deployments.definitions.changes import Edited

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/pulls"
KEPT = "ssm:/edaha/kept-by-edaha/7/DATABASE_URL/00ff"


def given(secrets: dict[str, str], *containers: dict[str, object], own: str = "app") -> Edited:
    task = {"executionRoleArn": ROLE, "containerDefinitions": list(containers)}
    edited = Edited(task, "taskDefinition")
    set_secrets.give(edited, secrets, REGION, {own})
    return edited


def test_a_variable_and_a_secret_of_the_files_give_way() -> None:
    edited = given(
        {"A": KEPT, "B": "secretsmanager:shop/db:url"},
        {
            "name": "app",
            "environment": [{"name": "A", "value": "x"}, {"name": "C", "value": "stays"}],
            "secrets": [{"name": "B", "valueFrom": "/theirs"}, {"name": "D", "valueFrom": "/d"}],
        },
    )
    (app,) = edited.value["containerDefinitions"]
    assert app["environment"] == [{"name": "C", "value": "stays"}]
    by_name = {each["name"]: each["valueFrom"] for each in app["secrets"]}
    assert by_name == {
        "A": KEPT.removeprefix("ssm:"),
        "B": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db:url::",
        "D": "/d",
    }
    assert [(change.where, change.before) for change in edited.changes] == [
        ("taskDefinition.containerDefinitions[app].secrets[A]", "x"),
        ("taskDefinition.containerDefinitions[app].secrets[B]", "/theirs"),
    ]


def test_somebody_elses_image_gets_only_what_its_definition_names() -> None:
    edited = given(
        {"PASSWORD": KEPT, "OTHER": KEPT},
        {"name": "app"},
        {"name": "db", "environment": [{"name": "PASSWORD", "value": ""}]},
        {"name": "collector"},
    )
    names = {
        each["name"]: [secret["name"] for secret in each.get("secrets", ())]
        for each in edited.value["containerDefinitions"]
    }
    assert names == {"app": ["PASSWORD", "OTHER"], "db": ["PASSWORD"], "collector": []}


def test_the_log_tells_names_and_where_they_come_from() -> None:
    edited = given(
        {"A": KEPT, "B": KEPT},
        {
            "name": "app",
            "environment": [{"name": "A", "value": "x"}],
            "secrets": [{"name": "Z", "valueFrom": "/z"}],
        },
        {"name": "quiet"},
    )
    replaced = {
        change.where.removeprefix("taskDefinition.")
        for change in edited.changes
        if change.before is not None
    }
    assert set_secrets.told(edited.value, {"A", "B"}, replaced) == [
        "Container app has secrets: A (in place of its own), B from Edaha; "
        "Z from its own definitions"
    ]
