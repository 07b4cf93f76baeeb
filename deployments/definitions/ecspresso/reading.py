"""One of ecspresso's files as a value: jsonnet first, then the Go template, then JSON or YAML.

https://github.com/kayac/ecspresso#template-syntax
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .. import json, yaml
from ..files import beneath, read_text
from ..problems import DefinitionError, Problem, refuse
from .evaluator import render
from .functions import Functions
from .lexer import TemplateError
from .output import Rendered
from .surroundings import Surroundings

_ACTION = re.compile(r"\{\{.*?\}\}")


@dataclass
class Source:
    """A file's value, and how to tell the line of each part of it."""

    file: str
    value: object
    line: Callable[[tuple[str, ...]], int | None]


@dataclass
class Reader:
    """Reads files with the same surroundings, and remembers which of them it took."""

    surroundings: Surroundings
    #: The files whose change may change what is deployed; not the data that jsonnet takes as text.
    taken: set[str] = field(default_factory=set)

    def text(self, path: str, *, said_in: str = "", line: int | None = None) -> str:
        self.taken.add(path)
        return read_text(self.surroundings.files, path, said_in=said_in, line=line)

    def read(self, path: str, text: str, functions: Functions) -> Source:
        """The value of the file at `path`, which has this text. Raises DefinitionError."""
        if path.endswith(".jsonnet"):
            return self.read_jsonnet(path, text, functions)
        rendered = _rendered(path, text, functions, lambda line, _: line)
        load = yaml.load if path.endswith((".yml", ".yaml")) else json.load
        try:
            value, positions = load(rendered.text, path)
        except DefinitionError as problem:
            raise _moved(problem, rendered.line) from None
        return Source(path, value, lambda at: rendered.line(yaml.line_of(positions, at)))

    def read_jsonnet(self, path: str, text: str, functions: Functions) -> Source:
        evaluated = self.evaluate(path, text, functions)

        def line_of_action(line: int, output: str) -> int | None:
            action = _ACTION.search(output.split("\n")[line - 1])
            return _only_line(text, re.escape(action[0])) if action else None

        rendered = _rendered(path, evaluated, functions, line_of_action)
        try:
            value, _ = json.load(rendered.text, path)
        except DefinitionError as problem:
            raise _moved(problem, lambda _: None) from None
        # The lines are those of the output: where a key is written once, that is its line.
        return Source(path, value, lambda at: _line_of_key(text, at))

    def evaluate(self, path: str, text: str, functions: Functions) -> str:
        """What the jsonnet `text` of the file at `path` stands for."""
        around = self.surroundings
        return around.jsonnet(
            path,
            text,
            imports=self._import,
            natives=functions.natives,
            ext_str=around.ext_str,
            ext_code=around.ext_code,
        )

    def _import(self, folder: str, name: str) -> tuple[str, bytes]:
        try:
            path = beneath(name, base=folder)
            content = self.surroundings.files.read(path)
        except DefinitionError as problem:
            raise refuse("", f"“{name}” cannot be imported. {_messages(problem)}") from None
        if content is None:
            raise refuse("", f"“{name}” cannot be imported: there is no file {path}.")
        if posixpath.splitext(path)[1] in (".jsonnet", ".libsonnet"):
            self.taken.add(path)
        return path, content


def render_text(file: str, text: str, functions: Functions, line: int | None = None) -> str:
    """A single value of a file that is a template of its own."""
    return _rendered(file, text, functions, lambda *_: line).text


def _rendered(
    file: str, text: str, functions: Functions, line_of: Callable[[int, str], int | None]
) -> Rendered:
    try:
        return render(text, functions.templates)
    except TemplateError as problem:
        line = line_of(problem.line, text)
        raise refuse(file, problem.message, line=line, hint=problem.hint) from None


def _moved(problem: DefinitionError, line: Callable[[int | None], int | None]) -> DefinitionError:
    """The same problems at other lines."""
    return DefinitionError(
        Problem(each.file, line(each.line), each.message, each.hint) for each in problem.problems
    )


def _messages(problem: DefinitionError) -> str:
    return " ".join(each.message for each in problem.problems)


def _line_of_key(text: str, at: tuple[str, ...]) -> int | None:
    """Where the last key of the path is the only one of its name."""
    keys = [key for key in at if not key.isdigit()]
    if not keys:
        return None
    return _only_line(text, rf"""(?m)^[^/\n]*?\b{re.escape(keys[-1])}['"]?\s*\+?:""")


def _only_line(text: str, pattern: str) -> int | None:
    found = [match.end() for match in re.finditer(pattern, text)]
    return text.count("\n", 0, found[0]) + 1 if len(found) == 1 else None
