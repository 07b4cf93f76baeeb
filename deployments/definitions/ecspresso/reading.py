"""One of ecspresso's files as a value: jsonnet first, then the Go template, then JSON or YAML.

https://github.com/kayac/ecspresso#template-syntax
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .. import json, yaml
from ..characters import wrong_character
from ..files import beneath, read_text
from ..problems import DefinitionError, Problem, refuse
from .evaluator import render
from .functions import Functions
from .lexer import TemplateError
from .output import Rendered
from .surroundings import Surroundings

#: Jsonnet's comments, strings and names, and whether a colon follows. No part of it can fail after
#: it has begun, not even a string without an end: that is what keeps it linear.
#: https://jsonnet.org/ref/spec.html#lexing
_KEYS = re.compile(
    r"""(?://|\#)[^\n]*|(?:"((?:[^"\\\n]|\\.)*)"?|'((?:[^'\\\n]|\\.)*)'?|([^\W\d]\w*))"""
    r"""(\s*\+?:)?"""
)


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
            begun, ended, _ = output.split("\n")[line - 1].partition("{{")[2].partition("}}")
            action = f"{{{{{begun}}}}}"
            # Where the action is written once, that is its line.
            once = ended and text.count(action) == 1
            return text.count("\n", 0, text.find(action)) + 1 if once else None

        rendered = _rendered(path, evaluated, functions, line_of_action)
        try:
            value, _ = json.load(rendered.text, path)
        except DefinitionError as problem:
            raise _moved(problem, lambda _: None) from None
        # The lines are those of the output: where a key is written once, that is its line.
        lines = _lines_of_keys(text)
        return Source(path, value, lambda at: _line_of_last_key(lines, at))

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
    rendered = _rendered(file, text, functions, lambda *_: line).text
    if wrong := wrong_character(rendered):
        raise refuse(file, wrong, line=line)
    return rendered


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


def _lines_of_keys(text: str) -> dict[str, int | None]:
    """Each key of the jsonnet `text` → its line; None for those of several lines."""
    lines: dict[str, int | None] = {}
    line, counted_to = 1, 0
    for found in _KEYS.finditer(text):
        if not found[4]:
            continue
        key = found[1] or found[2] or found[3] or ""
        line += text.count("\n", counted_to, found.start())
        counted_to = found.start()
        lines[key] = line if lines.get(key, line) == line else None
    return lines


def _line_of_last_key(lines: Mapping[str, int | None], at: tuple[str, ...]) -> int | None:
    """Numbers are positions in lists, which have no key."""
    return lines.get(next((key for key in reversed(at) if not key.isdigit()), ""))
