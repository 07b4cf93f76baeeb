"""Go's text/template: pipelines, commands and values. Part of its second step.

https://pkg.go.dev/text/template#hdr-Pipelines
"""

from collections.abc import Collection

from .cursor import Cursor
from .lexer import TemplateError, Token, unquoted
from .nodes import Call, Command, Constant, Dot, Fields, Operand, Pipeline, Variable
from .numbers import number
from .variables import Variables

#: What no function may be called.
KEYWORDS = frozenset("block break continue define else end if nil range template with".split())
_WORDS = {"true": True, "false": False}


class Expressions:
    def __init__(self, cursor: Cursor, functions: Collection[str]) -> None:
        self._cursor = cursor
        self._functions = functions
        #: Those that are known where the cursor is.
        self.variables = Variables()

    def pipeline(self, *, loop: bool = False) -> Pipeline:
        self._cursor.space()
        line = self._cursor.line
        variables, declares, first = self._assigned(loop)
        commands = [self._command(first)]
        while self._cursor.at("mark", "|"):
            self._cursor.next()
            commands.append(self._command(None))
        for stage, command in enumerate(commands[1:], start=2):
            if isinstance(command.operands[0], Constant | Dot):
                raise self._cursor.wrong(f"Stage {stage} of this pipeline is no function.")
        if declares:
            for variable in variables:
                self.variables.declare(variable)
        return Pipeline(variables, declares, tuple(commands), line)

    def _assigned(self, loop: bool) -> tuple[tuple[str, ...], bool, Operand | None]:
        """The variables before `:=` or `=`; else the operand that a variable turned out to be."""
        if not self._cursor.at("variable"):
            return (), False, None
        name = self._cursor.next().value
        names = [name]
        spaced = self._cursor.space()
        if loop and self._cursor.at("mark", ","):
            self._cursor.next()
            self._cursor.space()
            names.append(self._cursor.next().value)
            self._cursor.space()
        if self._cursor.at("mark", ":=", "="):
            declares = self._cursor.next().value == ":="
            if not declares:
                for each in names:
                    self._known(each)
            return tuple(names), declares, None
        if len(names) > 1:
            raise self._cursor.wrong("Expected := after the variables of {{range}}.")
        self._known(name)
        variable: Operand = Variable(name, self._cursor.line)
        return (), False, variable if spaced else self._with_fields(variable)

    def _known(self, name: str) -> None:
        if name not in self.variables:
            raise self._cursor.wrong(f"The variable {name} is not defined.")

    def _command(self, first: Operand | None) -> Command:
        line = self._cursor.line
        operands = [first] if first else []
        while True:
            spaced = self._cursor.space()
            ends = self._cursor.at("close") or self._cursor.at("mark", "|", ")")
            if ends or not self._cursor.peek():
                break
            if operands and not spaced and operands != [first]:
                raise self._cursor.wrong(f"Unexpected “{self._cursor.next().value}” after a value.")
            operands.append(self._operand())
        if not operands:
            raise self._cursor.wrong("A value is missing in this action.")
        return Command(tuple(operands), line)

    def _operand(self) -> Operand:
        return self._with_fields(self._term())

    def _with_fields(self, operand: Operand) -> Operand:
        names = []
        while self._cursor.at("field"):
            names.append(self._cursor.next().value[1:])
        if names and isinstance(operand, Constant):
            raise self._cursor.wrong(f"{operand.source} has no fields.")
        return Fields(operand, tuple(names), self._cursor.line) if names else operand

    def _term(self) -> Operand:
        token = self._cursor.next()
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
        raise self._cursor.wrong(f"Unexpected “{token.value}” in an action.")

    def _word(self, token: Token) -> Operand:
        if token.value in _WORDS:
            return Constant(_WORDS[token.value], token.value, token.line)
        if token.value == "nil":
            return Constant(None, "nil", token.line)
        if token.value in KEYWORDS:
            raise self._cursor.wrong(f"Unexpected “{token.value}” in an action.")
        if token.value not in self._functions:
            raise TemplateError(
                f"There is no template function “{token.value}”.",
                token.line,
                hint=f"These are there: {', '.join(sorted(self._functions))}.",
            )
        return Call(token.value, token.line)

    def _parenthesis(self) -> Pipeline:
        self._cursor.deeper()
        pipeline = self.pipeline()
        if not self._cursor.at("mark", ")"):
            raise self._cursor.wrong("A closing parenthesis is missing.")
        self._cursor.next()
        self._cursor.depth -= 1
        return pipeline

    def _character(self, token: Token) -> int:
        character = unquoted(token)
        if len(character) != 1:
            raise self._cursor.wrong(f"{token.value} is not one character.")
        return ord(character)
