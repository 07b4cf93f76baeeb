"""Definitions that compute for long, as an attacker wrote them: each ends soon, with a message."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.definitions import json, yaml
from deployments.definitions.files import Folder, read_text
from deployments.definitions.problems import DefinitionError

from .test_jsonnet import evaluated
from .world import CONFIG, loaded

#: Of this process alone: other work of the machine does not count.
SECONDS = 20


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


def rendered(text: str) -> None:
    loaded({"task.json": text})


def test_an_error_of_many_lines_is_told_at_once() -> None:
    with pytest.raises(DefinitionError):
        evaluated("error std.repeat('\\n', 300000) + 'x x'")


def test_functions_pay_for_what_they_are_given() -> None:
    bomb = "\N{BOMB}" * 100_000
    grow = f'{{{{$x := "{bomb}"}}}}{{{{range 6}}}}{{{{$x = print $x $x}}}}{{{{end}}}}'
    with pytest.raises(DefinitionError, match="too much text"):
        rendered(grow + "{{range 18000}}{{if len $x}}{{end}}{{end}}")


def test_thousands_of_variables_are_soon_refused_or_soon_done() -> None:
    text = "{{$a:=1}}" * 50_000 + "{{$b:=1}}" + "{{$b}}" * 80_000
    with pytest.raises(DefinitionError):
        rendered(text)


def test_aliases_of_aliases_are_no_way_past_the_depth() -> None:
    lines = ["a0: &a0 " + "[" * 90 + "]" * 90]
    lines += [f"a{n}: &a{n} {'[' * 90}*a{n - 1}{']' * 90}" for n in range(1, 40)]
    with pytest.raises(DefinitionError, match="levels deep"):
        yaml.load("\n".join(lines), "edaha.yml")


@pytest.mark.parametrize("text", [r'{"a": "x\ud800"}', r'{"a": "x\u0000"}'])
def test_what_no_database_can_keep_is_refused(text: str) -> None:
    for load in (json.load, yaml.load):
        with pytest.raises(DefinitionError):
            load(text, "task.json")


@pytest.mark.parametrize(
    "files",
    [
        {"task.json": r'{{ must_env "\x00" }}'},
        {"task.json": r'{{ "\x00" }}'},
        {"task.json": r'{"family": "{{ "\x00" }}"}'},
        {"ecspresso.yml": CONFIG + r"""plugins: [{name: '{{ "\x00" }}'}]"""},
    ],
)
def test_what_is_told_of_it_can_be_kept(files: dict[str, str]) -> None:
    with pytest.raises(DefinitionError) as problem:
        loaded(files)
    assert "\0" not in str(problem.value)


def test_half_a_character_in_a_tag_is_refused() -> None:
    with pytest.raises(DefinitionError, match="valid YAML"):
        yaml.load("a: !x%ED%A0%80 b", "edaha.yml")


def test_called_templates_are_no_way_past_the_depth() -> None:
    body = "{{if 1}}" * 58 + '{{template "t"}}' + "{{end}}" * 58
    with pytest.raises(DefinitionError, match="levels deep"):
        rendered(f'{{{{define "t"}}}}{body}{{{{end}}}}{{{{template "t"}}}}')


def test_one_long_text_does_not_grow_by_its_aliases() -> None:
    with pytest.raises(DefinitionError, match="more than 4,194,304 characters"):
        yaml.load(f"a: &a {'x' * 500_000}\nb: [{'*a,' * 1000}]", "edaha.yml")


def test_merging_nothing_many_times_is_soon_done() -> None:
    keys = ", ".join(f"k{number}: 1" for number in range(15_000))
    value, _ = yaml.load(f"a: &a {{{keys}}}\nb:\n  <<: *a\n" + "  <<: {}\n" * 15_000, "f.yml")
    assert len(value["b"]) == 15_000


@pytest.mark.parametrize("text", ["9" * 399, "1e999"])
def test_numbers_that_no_float_holds_are_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"too (long|large)"):
        json.load(text, "task.json")


def test_the_lines_of_keys_are_looked_up_once_for_all() -> None:
    tags = "[{ key: 'a' + i, value: 'b' } for i in std.range(1, 8000)]"
    source = "// x\n" * 2000 + f"{{ family: 'a', containerDefinitions: [], tags: {tags} }}"
    began = time.process_time()
    found = loaded({"ecspresso.yml": "task_definition: task.jsonnet", "task.jsonnet": source})
    assert time.process_time() - began < 5
    assert found.line_of("task.jsonnet", "tags", 7, "key") == 2001


@pytest.mark.parametrize(
    "source",
    [
        'local a = |||\n  "' + '\\"' * 400_000 + "\n|||; { family: 1 }",
        "{ family: std.repeat('{', 1000000) }",
    ],
)
def test_no_text_makes_the_search_for_a_line_slow(source: str) -> None:
    with pytest.raises(DefinitionError):
        loaded({"ecspresso.yml": "task_definition: task.jsonnet", "task.jsonnet": source})


def test_a_value_that_is_nested_too_deep_for_a_native_function_is_refused() -> None:
    nested = "local f(n) = if n == 0 then 1 else [f(n - 1)]; std.native('env')(f(400), '')"
    with pytest.raises(DefinitionError):
        loaded({"ecspresso.yml": "task_definition: task.jsonnet", "task.jsonnet": nested})


class TestFolder:
    def test_a_link_to_itself_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "edaha.yml").symlink_to("edaha.yml")
        with pytest.raises(DefinitionError, match=r"edaha\.yml: .*leads back to itself"):
            Folder(tmp_path).read("edaha.yml")

    def test_a_name_that_no_file_can_have_is_no_file(self, tmp_path: Path) -> None:
        assert Folder(tmp_path).read("x" * 400) is None
        with pytest.raises(DefinitionError, match="There is no file xxx"):
            read_text(Folder(tmp_path), "x" * 400)
