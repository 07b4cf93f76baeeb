"""Every message that people may come to read, found in the source."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Which argument of these calls is the message.
_ERRORS = {
    "UserError": 0,
    "PlatformError": 0,
    "Superseded": 0,
    "Judgement": 1,
    "Refused": 1,
    "Finding": 1,
}
_HIDDEN = {"Verdict.WAITING", "Verdict.RUNNING"}

#: What an application's files are refused with: which argument is the message, which the hint.
_PROBLEMS = {
    "Mistake": (1, 2),
    "Problem": (2, 3),
    "TemplateError": (0, 2),
    "_problem": (0, 2),
    "_refuse": (0, 2),
    "_wrong": (0, 2),
    "ignore": (1, 2),
    "in_container": (2, 3),
    "in_edaha_yml": (1, 2),
    "in_service": (1, 2),
    "in_task": (1, 2),
    "problem": (1, 2),
    "refuse": (1, 2),
    "say": (1, 2),
    "wrong": (0, 1),
}

#: A variable → whatever its function assigns to it.
_Values = dict[str, list[ast.expr]]


@dataclass(frozen=True)
class Problem:
    """A message about a file of the application, and whether it comes with what to do."""

    #: The file that tells it, from the root.
    module: str
    message: str
    has_hint: bool


def errors(*folders: str) -> set[str]:
    """Messages of errors; what is filled in later is told as “…”."""
    found = {text for _, tree in _modules(*folders) for text in _errors_in(tree)}
    # What has no word of its own only passes another message on.
    return {text for text in found if text.strip("…:. ")}


def problems() -> set[Problem]:
    """Messages about an application's files."""
    return {
        Problem(path, text, has_hint)
        for path, tree in _modules("deployments/definitions", "deployments/adapters")
        for text, has_hint in _problems_in(tree)
    }


def decisions() -> set[str]:
    """What may be decided about a delivery, apart from what succeeds."""
    modules = ("deliveries", "decisions", "forks", "pulls")
    trees = [ast.parse((ROOT / f"deployments/{name}.py").read_text()) for name in modules]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    parts = {id(part) for each in nodes if isinstance(each, ast.JoinedStr) for part in each.values}
    texts = {text for node in nodes if id(node) not in parts for text in _texts(node, {})}
    return {text for text in texts if text.startswith(("ignored: ", "failed: ", "kept "))}


def _modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def _errors_in(tree: ast.Module) -> Iterator[str]:
    for name, call, values in _calls(tree):
        index = _ERRORS.get(name, len(call.args))
        if index < len(call.args) and ast.unparse(call.args[0]) not in _HIDDEN:
            yield from _texts(call.args[index], values)


def _problems_in(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    for name, call, values in _calls(tree):
        index, hint = _PROBLEMS.get(name, (len(call.args), 0))
        if index < len(call.args):
            named = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
            given = [*call.args[hint : hint + 1], *named]
            has_hint = any(ast.unparse(each) != "''" for each in given)
            yield from ((text, has_hint) for text in _texts(call.args[index], values))


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call, _Values]]:
    """Every call within a function: of what, and what the function's variables may be."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            values = _assigned(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    yield name, node, values


def _assigned(function: ast.FunctionDef) -> _Values:
    values: _Values = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values.setdefault(node.targets[0].id, []).append(node.value)
    return values


def _texts(node: ast.AST, values: _Values) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        yield "".join(map(str, parts))
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, values)
        yield from _texts(node.orelse, values)
    elif isinstance(node, ast.Name):
        for value in values.get(node.id, ()):
            yield from _texts(value, values)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "_":
        yield from _texts(node.args[0], values)
