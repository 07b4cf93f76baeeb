"""Every message that people may come to read, found in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Which argument of these calls is the message.
_ERRORS = {"UserError": 0, "PlatformError": 0, "Superseded": 0, "Judgement": 1, "Refused": 1}
_HIDDEN = {"Verdict.WAITING", "Verdict.RUNNING"}


def errors(*folders: str) -> set[str]:
    """Messages of errors; what is filled in later is told as “…”."""
    found = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(_errors_in(ast.parse(path.read_text())))
    return found


def _errors_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            index = _ERRORS.get(name, len(node.args))
            if index < len(node.args) and ast.unparse(node.args[0]) not in _HIDDEN:
                yield from _texts(node.args[index])


def decisions() -> set[str]:
    """What `deployments.deliveries` may decide, apart from what succeeds."""
    tree = ast.parse((ROOT / "deployments/deliveries.py").read_text())
    nodes = list(ast.walk(tree))
    parts = {id(part) for each in nodes if isinstance(each, ast.JoinedStr) for part in each.values}
    texts = {text for node in nodes if id(node) not in parts for text in _texts(node)}
    return {text for text in texts if text.startswith(("ignored: ", "failed: ", "kept "))}


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        yield "".join(map(str, parts))
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "_":
        yield from _texts(node.args[0])
