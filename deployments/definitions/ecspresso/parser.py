"""Go's text/template, second step: tokens as nodes.

https://pkg.go.dev/text/template#hdr-Actions, and text/template/parse/parse.go.
"""

from collections.abc import Collection

from .lexer import TemplateError, Token, tokens, unquoted
from .nodes import (
    Action,
    Branch,
    Call,
    Command,
    Constant,
    Dot,
    Fields,
    Include,
    Leave,
    Node,
    Operand,
    Pipeline,
    Template,
    Text,
    Variable,
)
from .numbers import number

#: Blocks and parentheses within each other. Python's own stack must not be what ends it.
MAX_DEPTH = 60

_WORDS = {"true": True, "false": False}
_KEYWORDS = frozenset("block break continue define else end if nil range template with".split())
_BRANCHES = frozenset(("if", "range", "with"))


def parse(template: str, functions: Collection[str]) -> Template:
    """Raises TemplateError for what is no template, or calls what is not in `functions`."""
    return _Parser(template, functions).template()


class _Parser:
    def __init__(self, template: str, functions: Collection[str]) -> None:
        self._tokens = tokens(template)
        self._functions = functions
        self._ahead: Token | None = None
        self._line = 1
        self._depth = 0
        self._loops = 0
        self._variables = ["$"]
        self._defined: dict[str, tuple[Node, ...]] = {}

    def template(self) -> Template:
        body, ended_by = self._body()
        if ended_by:
            raise self._wrong(f"There is an {{{{{ended_by}}}}} without a beginning.")
        return Template(body, self._defined)

    # Tokens

    def _peek(self) -> Token | None:
        if self._ahead is None:
            self._ahead = next(self._tokens, None)
        return self._ahead

    def _next(self) -> Token:
        token, self._ahead = self._peek(), None
        if token is None:
            raise self._wrong("The template ends too early.")
        self._line = token.line
        return token

    def _space(self) -> bool:
        if (token := self._peek()) and token.kind == "space":
            self._next()
            return True
        return False

    def _is(self, kind: str, *values: str) -> bool:
        token = self._peek()
        return bool(token and token.kind == kind and (not values or token.value in values))

    def _end_of_action(self, what: str) -> None:
        self._space()
        if (token := self._next()).kind != "close":
            raise self._wrong(f"Unexpected “{token.value}” in {{{{{what}}}}}.")

    def _wrong(self, message: str) -> TemplateError:
        return TemplateError(message, self._line)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong(f"This template is nested more than {MAX_DEPTH} levels deep.")

    # Blocks

    def _body(self) -> tuple[tuple[Node, ...], str]:
        """The nodes up to `end`, `else` or the template's end, and which of them it was."""
        nodes: list[Node] = []
        while self._peek():
            token = self._next()
            if token.kind == "text":
                nodes.append(Text(token.value, token.line))
                continue
            self._space()
            word = self._next().value if self._is("word", *_KEYWORDS) else ""
            if word in ("end", "else"):
                if word == "end":
                    self._end_of_action("end")
                return tuple(nodes), word
            nodes.extend(self._statement(word))
        return tuple(nodes), ""

    def _statement(self, word: str) -> list[Node]:
        line = self._line
        if word in _BRANCHES:
            return [self._branch(word)]
        if word in ("break", "continue"):
            if not self._loops:
                raise self._wrong(f"{{{{{word}}}}} is only possible within {{{{range}}}}.")
            self._end_of_action(word)
            return [Leave(word, line)]
        if word == "define":
            self._define()
            return []
        if word in ("template", "block"):
            return [self._include(word)]
        if word == "nil":
            raise self._wrong("nil is not a command.")
        pipeline = self._pipeline()
        self._end_of_action("an action")
        return [Action(pipeline, line)]

    def _branch(self, kind: str) -> Branch:
        self._deeper()
        line, known = self._line, len(self._variables)
        pipeline = self._pipeline(loop=kind == "range")
        self._end_of_action(kind)
        self._loops += kind == "range"
        body, ended_by = self._body()
        self._loops -= kind == "range"
        otherwise: tuple[Node, ...] = ()
        if ended_by == "else":
            otherwise, ended_by = self._otherwise(kind)
        if not ended_by:
            raise TemplateError(f"This {{{{{kind}}}}} has no {{{{end}}}}.", line)
        del self._variables[known:]
        self._depth -= 1
        return Branch(kind, pipeline, body, otherwise, line)

    def _otherwise(self, kind: str) -> tuple[tuple[Node, ...], str]:
        """What follows `else`; `else if` and `else with` share the end of what they belong to."""
        self._space()
        if kind != "range" and self._is("word", kind):
            self._next()
            return (self._branch(kind),), "end"
        self._end_of_action("else")
        body, ended_by = self._body()
        if ended_by == "else":
            raise self._wrong("There is a second {{else}}.")
        return body, ended_by

    def _define(self) -> None:
        if self._depth:
            raise self._wrong("{{define}} is only possible outside of other blocks.")
        name = self._name("define")
        self._end_of_action("define")
        self._defined[name] = self._separate_body("define")

    def _include(self, kind: str) -> Include:
        line, name = self._line, self._name(kind)
        self._space()
        pipeline = None if self._is("close") else self._pipeline()
        self._end_of_action(kind)
        if kind == "block":
            if pipeline is None:
                raise self._wrong("{{block}} takes a name and a value.")
            self._defined[name] = self._separate_body("block")
        return Include(name, pipeline, line)

    def _separate_body(self, kind: str) -> tuple[Node, ...]:
        """A body that sees none of the variables around it."""
        self._deeper()
        variables, self._variables = self._variables, ["$"]
        loops, self._loops = self._loops, 0
        body, ended_by = self._body()
        if ended_by != "end":
            raise self._wrong(f"This {{{{{kind}}}}} has no {{{{end}}}}.")
        self._variables, self._loops = variables, loops
        self._depth -= 1
        return body

    def _name(self, kind: str) -> str:
        self._space()
        token = self._next()
        if token.kind not in ("string", "raw"):
            raise self._wrong(f"{{{{{kind}}}}} takes a name in quotes.")
        return unquoted(token)

    # Pipelines

    def _pipeline(self, *, loop: bool = False) -> Pipeline:
        self._space()
        line = self._line
        variables, declares, first = self._assigned(loop)
        commands = [self._command(first)]
        while self._is("mark", "|"):
            self._next()
            commands.append(self._command(None))
        for stage, command in enumerate(commands[1:], start=2):
            if isinstance(command.operands[0], Constant | Dot):
                raise self._wrong(f"Stage {stage} of this pipeline is no function.")
        if declares:
            self._variables.extend(variables)
        return Pipeline(variables, declares, tuple(commands), line)

    def _assigned(self, loop: bool) -> tuple[tuple[str, ...], bool, Operand | None]:
        """The variables before `:=` or `=`; else the operand that a variable turned out to be."""
        if not self._is("variable"):
            return (), False, None
        name = self._next().value
        names = [name]
        spaced = self._space()
        if loop and self._is("mark", ","):
            self._next()
            self._space()
            names.append(self._next().value)
            self._space()
        if self._is("mark", ":=", "="):
            declares = self._next().value == ":="
            if not declares:
                for each in names:
                    self._known(each)
            return tuple(names), declares, None
        if len(names) > 1:
            raise self._wrong("Expected := after the variables of {{range}}.")
        self._known(name)
        variable: Operand = Variable(name, self._line)
        return (), False, variable if spaced else self._with_fields(variable)

    def _known(self, name: str) -> None:
        if name not in self._variables:
            raise self._wrong(f"The variable {name} is not defined.")

    def _command(self, first: Operand | None) -> Command:
        line = self._line
        operands = [first] if first else []
        while True:
            spaced = self._space()
            if not self._peek() or self._is("close") or self._is("mark", "|", ")"):
                break
            if operands and not spaced and operands != [first]:
                raise self._wrong(f"Unexpected “{self._next().value}” after a value.")
            operands.append(self._operand())
        if not operands:
            raise self._wrong("A value is missing in this action.")
        return Command(tuple(operands), line)

    def _operand(self) -> Operand:
        return self._with_fields(self._term())

    def _with_fields(self, operand: Operand) -> Operand:
        names = []
        while self._is("field"):
            names.append(self._next().value[1:])
        if names and isinstance(operand, Constant):
            raise self._wrong(f"{operand.source} has no fields.")
        return Fields(operand, tuple(names), self._line) if names else operand

    def _term(self) -> Operand:
        token = self._next()
        if token.kind in ("string", "raw"):
            return Constant(unquoted(token), token.value, token.line)
        if token.kind == "char":
            return Constant(self._character(token), token.value, token.line)
        if token.kind == "number":
            return Constant(number(token.value, token.line), token.value, token.line)
        if token.kind == "field":
            return Fields(Dot(token.line), (token.value[1:],), token.line)
        if token.kind == "variable":
            self._known(token.value)
            return Variable(token.value, token.line)
        if token.kind == "word":
            return self._word(token)
        if token.value == ".":
            return Dot(token.line)
        if token.value == "(":
            return self._parenthesis()
        raise self._wrong(f"Unexpected “{token.value}” in an action.")

    def _word(self, token: Token) -> Operand:
        if token.value in _WORDS:
            return Constant(_WORDS[token.value], token.value, token.line)
        if token.value == "nil":
            return Constant(None, "nil", token.line)
        if token.value in _KEYWORDS:
            raise self._wrong(f"Unexpected “{token.value}” in an action.")
        if token.value not in self._functions:
            raise TemplateError(
                f"There is no template function “{token.value}”.",
                token.line,
                hint=f"These are there: {', '.join(sorted(self._functions))}.",
            )
        return Call(token.value, token.line)

    def _parenthesis(self) -> Pipeline:
        self._deeper()
        pipeline = self._pipeline()
        if not self._is("mark", ")"):
            raise self._wrong("A closing parenthesis is missing.")
        self._next()
        self._depth -= 1
        return pipeline

    def _character(self, token: Token) -> int:
        character = unquoted(token)
        if len(character) != 1:
            raise self._wrong(f"{token.value} is not one character.")
        return ord(character)
