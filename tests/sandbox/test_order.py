"""The order of containers, as plain values.

Source: dependsOn in ContainerDefinition of the Amazon ECS API reference.
"""

from typing import Any

import pytest

from sandbox.emulator.containers import local_names, mebibytes
from sandbox.emulator.order import BadOrder, Seen, blocked, stop_waves
from tests.sandbox.cluster import after

RUNNING, HEALTHY = Seen(), Seen(healthy=True)
DONE, FAILED = Seen(ended=True, exit_code=0), Seen(ended=True, exit_code=2)


@pytest.mark.parametrize(
    ("condition", "allowing", "waiting", "hopeless"),
    [
        ("START", [RUNNING, HEALTHY, DONE, FAILED], [], []),
        ("COMPLETE", [DONE, FAILED], [RUNNING, HEALTHY], []),
        ("SUCCESS", [DONE], [RUNNING, HEALTHY], [FAILED]),
        ("HEALTHY", [HEALTHY], [RUNNING], [DONE, FAILED]),
    ],
)
def test_conditions(
    condition: str, allowing: list[Seen], waiting: list[Seen], hopeless: list[Seen]
) -> None:
    first = {"name": "first"}
    second: dict[str, Any] = {"name": "second", "dependsOn": after("first", condition)}

    def found(seen: Seen | None) -> bool | None:
        """None when the second one may start; else whether it will never be able to."""
        known = {"first": seen} if seen else {}
        verdict = blocked(second, [first, second], known)
        return verdict.forever if verdict else None

    assert found(None) is False
    assert [found(each) for each in allowing] == [None] * len(allowing)
    assert [found(each) for each in waiting] == [False] * len(waiting)
    assert [found(each) for each in hopeless] == [True] * len(hopeless)


def test_a_start_timeout_is_counted_from_the_start_of_the_dependency() -> None:
    first = {"name": "first", "startTimeout": 10}
    second: dict[str, Any] = {"name": "second", "dependsOn": after("first", "COMPLETE")}

    early = blocked(second, [first, second], {"first": Seen(age=9)})
    late = blocked(second, [first, second], {"first": Seen(age=11)})

    assert early is not None
    assert not early.forever
    assert late is not None
    assert late.forever


def test_containers_stop_after_all_that_depend_on_them() -> None:
    waves = stop_waves(
        [
            {"name": "db"},
            {"name": "app", "dependsOn": after("db", "START")},
            {"name": "web", "dependsOn": [*after("app", "START"), *after("db", "START")]},
            {"name": "alone"},
        ]
    )

    assert waves == {"web": 0, "alone": 0, "app": 1, "db": 2}


def test_a_dependency_that_is_not_there_is_named() -> None:
    with pytest.raises(BadOrder, match="app depends on db, which is no container"):
        stop_waves([{"name": "app", "dependsOn": after("db", "START")}])


def test_names_of_previews_are_found_wherever_a_value_has_them() -> None:
    values = {
        "URL": "http://api--x.localhost:8080/path",
        "LIST": "a.localhost,B.b.localhost",
        "NOT": "localhost mylocalhost x.localhost.example.com .localhost",
    }

    assert local_names([values]) == ["a.localhost", "api--x.localhost", "b.b.localhost"]


@pytest.mark.parametrize(
    ("said", "meant"), [("512", 512), (2048, 2048), ("0.5 GB", 512), ("1GB", 1024), (None, None)]
)
def test_the_memory_of_a_task_in_mebibytes(said: object, meant: int | None) -> None:
    assert mebibytes(said) == meant
