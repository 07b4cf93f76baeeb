"""Jsonnet, evaluated in its confined process."""

import os
import time
from pathlib import Path

import pytest

from deployments.adapters import jsonnet
from deployments.definitions.ecspresso import Native
from deployments.definitions.problems import DefinitionError, refuse
from deployments.errors import PlatformError, UserError


def nothing(folder: str, name: str) -> tuple[str, bytes]:
    raise refuse("", f"“{name}” cannot be imported: there is no file {folder}{name}.")


def evaluated(source: str, **more: object) -> str:
    given = {"imports": nothing, "natives": {}, "ext_str": {}, "ext_code": {}} | more
    return jsonnet.evaluate("deploy/a.jsonnet", source, **given).strip()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 1", "2"),
        ("std.extVar('s') + std.extVar('c')", '"text25"'),
        ("std.native('double')('ab')", '"abab"'),
        ("(import 'x.libsonnet').a", "1"),
        ("importstr 'x.libsonnet'", '"{ a: 1 }"'),
        ("std.length(importbin 'x.libsonnet')", "8"),
        ("std.native('nobody')", "null"),
        ("'日本語'", '"日本語"'),
    ],
)
def test_what_go_jsonnet_can_do_is_there(source: str, value: str) -> None:
    found = evaluated(
        source,
        imports=lambda folder, name: (folder + name, b"{ a: 1 }"),
        natives={"double": Native(("text",), lambda args: args[0] * 2)},
        ext_str={"s": "text"},
        ext_code={"c": "24 + 1"},
    )
    assert found == value


def test_imports_are_asked_for_from_the_folder_of_the_file_that_imports() -> None:
    asked = []

    def imports(folder: str, name: str) -> tuple[str, bytes]:
        asked.append((folder, name))
        return ("lib/b.libsonnet", b"import 'c.libsonnet'") if len(asked) == 1 else ("c", b"1")

    assert evaluated("import '../lib/b.libsonnet'", imports=imports) == "1"
    assert asked == [("deploy/", "../lib/b.libsonnet"), ("lib/", "c.libsonnet")]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{\n a: 1,\n b 2 }", "deploy/a.jsonnet:3: "),
        ("{\n a: error 'no way' }", "deploy/a.jsonnet:2: no way."),
        ("\n\nstd.extVar('none')", "deploy/a.jsonnet:3: Undefined external variable: none."),
        ("{\n a: import 'x' }", "deploy/a.jsonnet:2: “x” cannot be imported"),
        ("{\n a: importstr '/etc/passwd' }", "deploy/a.jsonnet:2: “/etc/passwd” cannot be"),
        ("\nstd.native('fails')()", "deploy/a.jsonnet:2: This is not allowed."),
        ("local f(x) = f(x + 1); f(0)", "deploy/a.jsonnet:1: max stack frames exceeded."),
        ("local a = { b: a }; a", "deploy/a.jsonnet: max stack frames exceeded."),
        ("(import 'deep.libsonnet')", "deploy/a.jsonnet:1: “deep.libsonnet” cannot be"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(source: str, told: str) -> None:
    def fails(_: object) -> None:
        raise UserError("This is not allowed.", hint="Ask.")

    with pytest.raises(DefinitionError) as problem:
        evaluated(source, natives={"fails": Native((), fails)})
    assert str(problem.value).startswith(told)


def test_a_mistake_in_an_imported_file_is_told_there() -> None:
    with pytest.raises(DefinitionError) as problem:
        evaluated("import 'x'", imports=lambda *_: ("lib/x.libsonnet", b"\n\nerror 'here'"))
    assert str(problem.value) == "lib/x.libsonnet:3: here."


def test_a_native_function_that_is_not_there_comes_with_a_hint() -> None:
    with pytest.raises(DefinitionError) as problem:
        evaluated("std.native('tfstate')('a')")
    assert "plugin" in problem.value.hint


def test_a_fault_of_the_platform_stays_one() -> None:
    def fails(_: object) -> None:
        raise PlatformError("AWS is away.", retry=True)

    with pytest.raises(PlatformError, match="AWS is away"):
        evaluated("std.native('fails')()", natives={"fails": Native((), fails)})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("local f(x) = f(x + 1) tailstrict; f(0)", "512 MB of memory"),
        ("std.range(0, 1000000000)", "512 MB of memory"),
        ("std.repeat('x', 1000000000)", "512 MB of memory"),
        ("local a = std.repeat('x', 10000); [a for _ in std.range(0, 500)]", "4,194,304 bytes"),
    ],
)
def test_memory_is_bounded(source: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        evaluated(source)


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonnet, "CPU_SECONDS", 1)
    started = time.monotonic()
    with pytest.raises(DefinitionError, match="more than 1 seconds"):
        evaluated("local f(n) = if n == 0 then 0 else f(n - 1) + f(n - 1); f(60)")
    assert time.monotonic() - started < jsonnet.WALL_SECONDS


def test_the_number_of_questions_is_bounded() -> None:
    with pytest.raises(DefinitionError, match="more than 1000 times"):
        evaluated(
            "std.foldl(function(a, i) a + std.native('one')(i), std.range(0, 2000), 0)",
            natives={"one": Native(("n",), lambda _: 1)},
        )


def test_nothing_is_left_of_the_process() -> None:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = children.read_text()
    with pytest.raises(DefinitionError):
        evaluated("std.range(0, 1000000000)")
    assert children.read_text() == before


def test_the_process_has_neither_environment_nor_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A library that looks around in place of jsonnet's: it is confined the same way."""
    spy = tmp_path / "_gojsonnet.py"
    spy.write_text(
        "import os\n"
        "def evaluate_snippet(path, source, **_):\n"
        "    if not path:\n"
        "        return ''\n"
        "    found = [repr(dict(os.environ)), os.getcwd()]\n"
        "    for attempt in (lambda: open('/etc/passwd') and [open('/etc/passwd') "
        "for _ in range(3)], lambda: os.listdir('/')):\n"
        "        try:\n"
        "            kept = attempt()\n"
        "            found.append('succeeded')\n"
        "        except OSError as problem:\n"
        "            found.append(problem.strerror)\n"
        "    return '|'.join(found)\n"
    )
    monkeypatch.setenv("EDAHA_SECRET", "hidden")

    class Spec:
        origin = str(spy)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: Spec)
    found = evaluated("{}")
    assert "hidden" not in found
    assert "EDAHA" not in found
    assert "Too many open files" in found
    assert "edaha-jsonnet-" in found
