"""The operations that the product uses: each is known, listed, and allowed by the least."""

import pytest

from deployments.adapters.github import permissions
from tests.github import operations, rules
from tests.github.permissions import LEVELS, NEEDED

#: What nobody has to give.
OPTIONAL = {"administration", "repository_hooks"}
#: What git needs, which is no operation of the REST API.
GIT = {"contents": "read"}


def test_every_call_in_the_source_is_one_that_the_fake_knows() -> None:
    assert operations.used() - set(rules.OPERATIONS) == set()


def test_the_table_in_the_docs_is_that_of_the_source() -> None:
    """If not: python -m tests.github.operations"""
    text = operations.PAGE.read_text("utf-8")
    assert f"{operations.BEGIN}{operations.table()}{operations.END}" in text


def test_the_app_asks_for_what_the_operations_need_and_for_nothing_else() -> None:
    least = dict(GIT)
    for operation in operations.used():
        for name, level in NEEDED[operation].items():
            least[name] = max(least.get(name, ""), level, key=LEVELS.index)
    assert {name: level for name, level in least.items() if name not in OPTIONAL} == (
        permissions.NEEDED
    )
    assert permissions.FOR_ENVIRONMENTS.items() <= least.items()


def test_nothing_else_in_the_product_has_a_client_for_github() -> None:
    """A second one would be looked at by nobody."""
    found = [
        file.relative_to(operations.ROOT).as_posix()
        for folder in ("deployments", "dashboard")
        for file in sorted((operations.ROOT / folder).rglob("*.py"))
        if "github_api_url" in file.read_text("utf-8")
    ]
    assert found == [
        "deployments/adapters/github/wire.py",
        "deployments/adapters/githubteams.py",
        "deployments/config.py",
        "deployments/homes.py",
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("request(r, 'GET', '/pulls?state=open')", [("GET", "/pulls")]),
        ("request(r, 'GET', f'/pulls/{n}/files')", [("GET", "/pulls/x/files")]),
        ("def f(r):\n path = f'/a/{r}'\n github.request(r, 'PUT', path)", [("PUT", "/a/x")]),
        (
            "def f(r, path):\n request(r, 'GET', path)\nf(1, '/a')\nf(2, '/b')",
            [("GET", "/a"), ("GET", "/b")],
        ),
        ("as_app('GET', f'/repos/{full_name}/installation')", [("GET", "/repos/x/x/installation")]),
        ("client.request('POST', url)", []),
    ],
)
def test_paths_are_read_from_the_source(source: str, found: list[tuple[str, str]]) -> None:
    assert list(operations.calls_in(source, "example")) == found


def test_a_path_that_cannot_be_read_is_told_with_its_place() -> None:
    with pytest.raises(operations.Unreadable, match="example:2"):
        list(operations.calls_in("\nrequest(r, 'GET', made_up())", "example"))
