"""Go's text/template, last step: nodes as text.

https://pkg.go.dev/text/template, and text/template/exec.go. A template of a pull request may be
an attack: steps, output and what functions return are bounded.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ...errors import UserError
from .calling import Function, all_checked, check_count, is_true
from .lexer import TemplateError
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
from .output import MAX_OUTPUT, Output, Rendered
from .parser import parse
from .printing import plain, type_name
from .variables import Variables

MAX_STEPS = 100_000
#: Of all that functions are given and return in one template, in characters.
MAX_WORK = 16 * MAX_OUTPUT
#: Templates that call each other or themselves.
MAX_CALLS = 20
#: Blocks within each other, those of called templates included: Python's own stack must not end.
MAX_LEVELS = 120

_NOTHING = object()


def render(template: str, functions: Mapping[str, Function]) -> Rendered:
    """Raises TemplateError."""
    run = _Run(parse(template, functions), functions)
    run.all()
    return run.output.rendered()


class _LeaveLoop(Exception):
    def __init__(self, kind: str) -> None:
        self.kind = kind


class _Run:
    def __init__(self, template: Template, functions: Mapping[str, Function]) -> None:
        self._template = template
        self._functions = functions
        self._variables = Variables()
        self._steps = self._work = self._calls = self._levels = 0
        self.output = Output()

    def all(self) -> None:
        # ecspresso gives its templates no data: the dot is nil.
        self._walk(self._template.body, None)

    def _step(self, line: int) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TemplateError(f"This template takes more than {MAX_STEPS:,} steps.", line)

    # Nodes

    def _walk(self, nodes: Sequence[Node], dot: Any) -> None:
        for node in nodes:
            self._step(node.line)
            if isinstance(node, Text):
                self.output.write(node.text, node.line, is_source=True)
            elif isinstance(node, Action):
                value = self._pipeline(node.pipeline, dot)
                if not node.pipeline.variables:
                    shown = "<no value>" if value is None else plain(value)
                    self.output.write(shown, node.line, is_source=False)
            elif isinstance(node, Branch):
                self._branch(node, dot)
            elif isinstance(node, Include):
                self._include(node, dot)
            elif isinstance(node, Leave):
                raise _LeaveLoop(node.kind)

    @contextmanager
    def _scope(self, line: int) -> Iterator[None]:
        """Variables that are declared within end with it."""
        known = len(self._variables)
        self._levels += 1
        if self._levels > MAX_LEVELS:
            raise TemplateError(
                f"This template is nested more than {MAX_LEVELS} levels deep.", line
            )
        try:
            yield
        finally:
            self._levels -= 1
            self._variables.forget(known)

    def _branch(self, node: Branch, dot: Any) -> None:
        with self._scope(node.line):
            value = self._pipeline(node.pipeline, dot)
            if node.kind == "range":
                self._range(node, value, dot)
            elif is_true(value):
                self._walk(node.body, value if node.kind == "with" else dot)
            else:
                self._walk(node.otherwise, dot)

    def _range(self, node: Branch, over: Any, dot: Any) -> None:
        items = _items(over, node)
        empty = True
        for key, item in items:
            empty = False
            self._step(node.line)
            with self._scope(node.line):
                self._assign_item(node.pipeline, key, item)
                try:
                    self._walk(node.body, item)
                except _LeaveLoop as leave:
                    if leave.kind == "break":
                        break
        if empty:
            self._walk(node.otherwise, dot)

    def _assign_item(self, pipeline: Pipeline, key: Any, item: Any) -> None:
        names = pipeline.variables
        values = (item,) if len(names) == 1 else (key, item)
        for name, value in zip(names, values, strict=False):
            self._assign(name, value, new=pipeline.declares)

    def _include(self, node: Include, dot: Any) -> None:
        body = self._template.defined.get(node.name)
        if body is None:
            raise TemplateError(f"There is no template “{node.name}”.", node.line)
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise TemplateError(
                f"Templates call each other more than {MAX_CALLS} levels deep.", node.line
            )
        value = self._pipeline(node.pipeline, dot) if node.pipeline else None
        variables, self._variables = self._variables, Variables(value)
        self._walk(body, value)
        self._variables = variables
        self._calls -= 1

    # Values

    def _assign(self, name: str, value: Any, *, new: bool) -> None:
        if new:
            self._variables.declare(name, value)
        else:
            self._variables.set(name, value)

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: Any = _NOTHING
        for command in pipeline.commands:
            self._step(command.line)
            value = self._command(command, dot, value)
        # A loop's variables are set by the loop.
        if len(pipeline.variables) == 1:
            self._assign(pipeline.variables[0], value, new=pipeline.declares)
        return value

    def _command(self, command: Command, dot: Any, final: Any) -> Any:
        first, *arguments = command.operands
        if isinstance(first, Call):
            return self._call(first, arguments, dot, final)
        value = self._operand(first, dot)
        if arguments or final is not _NOTHING:
            raise TemplateError("Only a function can be given arguments.", command.line)
        if isinstance(first, Constant) and value is None:
            raise TemplateError("nil is not a command.", command.line)
        return value

    def _operand(self, operand: Operand, dot: Any) -> Any:
        self._step(operand.line)
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, Dot):
            return dot
        if isinstance(operand, Variable):
            return self._variables.get(operand.name)
        if isinstance(operand, Pipeline):
            return self._pipeline(operand, dot)
        if isinstance(operand, Fields):
            return self._fields(operand, dot)
        return self._call(operand, [], dot, _NOTHING)

    def _fields(self, operand: Fields, dot: Any) -> Any:
        value = self._operand(operand.operand, dot)
        for name in operand.names:
            if value is None:
                return None
            if not isinstance(value, dict):
                raise TemplateError(
                    f"There is no field {name} in {type_name(value)}.", operand.line
                )
            value = value.get(name)
        return value

    # Functions

    def _call(self, call: Call, arguments: Sequence[Operand], dot: Any, final: Any) -> Any:
        function = self._functions[call.name]
        check_count(len(arguments) + (final is not _NOTHING), function, call)
        if function.lazy:
            return self._decide(call, arguments, dot, final)
        values = [self._operand(argument, dot) for argument in arguments]
        if final is not _NOTHING:
            values.append(final)
        self._charge(values, call)
        try:
            result = function.call(*all_checked(values, function, call))
        except UserError as problem:
            raise TemplateError(problem.message, call.line, problem.hint) from None
        self._charge([result], call)
        return result

    def _charge(self, values: Sequence[Any], call: Call) -> None:
        """What is short to write, such as `len $x`, may be long to do."""
        self._work += sum(len(value) if isinstance(value, str) else 1 for value in values)
        if self._work > MAX_WORK:
            raise TemplateError("This template's functions take or make too much text.", call.line)

    def _decide(self, call: Call, arguments: Sequence[Operand], dot: Any, final: Any) -> Any:
        """`and` is the first value that is not true, `or` the first that is; else the last."""
        value: Any = None
        for argument in arguments:
            value = self._operand(argument, dot)
            if is_true(value) == (call.name == "or"):
                return value
        return value if final is _NOTHING else final


def _items(over: Any, node: Branch) -> Iterator[tuple[Any, Any]]:
    if over is None:
        return iter(())
    if isinstance(over, list):
        return iter(enumerate(over))
    if isinstance(over, dict):
        return iter(sorted(over.items()))
    if isinstance(over, int) and not isinstance(over, bool):
        if len(node.pipeline.variables) > 1:
            raise TemplateError("A range over a number has one variable.", node.line)
        return ((number, number) for number in range(over))
    raise TemplateError(f"A range over {plain(over)[:100]} is not possible.", node.line)
