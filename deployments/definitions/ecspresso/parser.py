"""Go's text/template, second step: tokens as nodes.

https://pkg.go.dev/text/template#hdr-Actions, and text/template/parse/parse.go.
"""

from collections.abc import Collection

from .cursor import Cursor
from .expressions import KEYWORDS, Expressions
from .lexer import TemplateError, unquoted
from .nodes import Action, Branch, Include, Leave, Node, Template, Text
from .variables import Variables

_BRANCHES = frozenset(("if", "range", "with"))


def parse(template: str, functions: Collection[str]) -> Template:
    """Raises TemplateError for what is no template, or calls what is not in `functions`."""
    return _Parser(template, functions).template()


class _Parser:
    def __init__(self, template: str, functions: Collection[str]) -> None:
        self._cursor = Cursor(template)
        self._expressions = Expressions(self._cursor, functions)
        self._loops = 0
        self._defined: dict[str, tuple[Node, ...]] = {}

    def template(self) -> Template:
        body, ended_by = self._body()
        if ended_by:
            raise self._cursor.wrong(f"There is an {{{{{ended_by}}}}} without a beginning.")
        return Template(body, self._defined)

    def _body(self) -> tuple[tuple[Node, ...], str]:
        """The nodes up to `end`, `else` or the template's end, and which of them it was."""
        nodes: list[Node] = []
        while self._cursor.peek():
            token = self._cursor.next()
            if token.kind == "text":
                nodes.append(Text(token.value, token.line))
                continue
            self._cursor.space()
            word = self._cursor.next().value if self._cursor.at("word", *KEYWORDS) else ""
            if word in ("end", "else"):
                if word == "end":
                    self._cursor.end_of_action("end")
                return tuple(nodes), word
            nodes.extend(self._statement(word))
        return tuple(nodes), ""

    def _statement(self, word: str) -> list[Node]:
        line = self._cursor.line
        if word in _BRANCHES:
            return [self._branch(word)]
        if word in ("break", "continue"):
            if not self._loops:
                raise self._cursor.wrong(f"{{{{{word}}}}} is only possible within {{{{range}}}}.")
            self._cursor.end_of_action(word)
            return [Leave(word, line)]
        if word == "define":
            self._define()
            return []
        if word in ("template", "block"):
            return [self._include(word)]
        if word == "nil":
            raise self._cursor.wrong("nil is not a command.")
        pipeline = self._expressions.pipeline()
        self._cursor.end_of_action("an action")
        return [Action(pipeline, line)]

    def _branch(self, kind: str) -> Branch:
        self._cursor.deeper()
        line, known = self._cursor.line, len(self._expressions.variables)
        pipeline = self._expressions.pipeline(loop=kind == "range")
        self._cursor.end_of_action(kind)
        self._loops += kind == "range"
        body, ended_by = self._body()
        self._loops -= kind == "range"
        otherwise: tuple[Node, ...] = ()
        if ended_by == "else":
            otherwise, ended_by = self._otherwise(kind)
        if not ended_by:
            raise TemplateError(f"This {{{{{kind}}}}} has no {{{{end}}}}.", line)
        self._expressions.variables.forget(known)
        self._cursor.depth -= 1
        return Branch(kind, pipeline, body, otherwise, line)

    def _otherwise(self, kind: str) -> tuple[tuple[Node, ...], str]:
        """What follows `else`; `else if` and `else with` share the end of what they belong to."""
        self._cursor.space()
        if kind != "range" and self._cursor.at("word", kind):
            self._cursor.next()
            return (self._branch(kind),), "end"
        self._cursor.end_of_action("else")
        body, ended_by = self._body()
        if ended_by == "else":
            raise self._cursor.wrong("There is a second {{else}}.")
        return body, ended_by

    def _define(self) -> None:
        if self._cursor.depth:
            raise self._cursor.wrong("{{define}} is only possible outside of other blocks.")
        name = self._name("define")
        self._cursor.end_of_action("define")
        self._defined[name] = self._separate_body("define")

    def _include(self, kind: str) -> Include:
        line, name = self._cursor.line, self._name(kind)
        self._cursor.space()
        pipeline = None if self._cursor.at("close") else self._expressions.pipeline()
        self._cursor.end_of_action(kind)
        if kind == "block":
            if pipeline is None:
                raise self._cursor.wrong("{{block}} takes a name and a value.")
            self._defined[name] = self._separate_body("block")
        return Include(name, pipeline, line)

    def _separate_body(self, kind: str) -> tuple[Node, ...]:
        """A body that sees none of the variables around it."""
        self._cursor.deeper()
        variables, self._expressions.variables = self._expressions.variables, Variables()
        loops, self._loops = self._loops, 0
        body, ended_by = self._body()
        if ended_by != "end":
            raise self._cursor.wrong(f"This {{{{{kind}}}}} has no {{{{end}}}}.")
        self._expressions.variables, self._loops = variables, loops
        self._cursor.depth -= 1
        return body

    def _name(self, kind: str) -> str:
        self._cursor.space()
        token = self._cursor.next()
        if token.kind not in ("string", "raw"):
            raise self._cursor.wrong(f"{{{{{kind}}}}} takes a name in quotes.")
        return unquoted(token)
