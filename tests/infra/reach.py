"""Which calls to AWS can be reached from a function of the domain: read from the source.

Coarse where it must be: whoever names a class may call all of its methods, whoever uses a module
may run what stands at its top. So more may be found than is ever called, and never less.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parents[2]
#: What stands at the top of a module, outside of functions and classes.
_TOP = ""

#: A module and a name in it.
Place = tuple[str, str]


class _Source:
    """One module: its functions and classes by name, and what its names stand for."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(path.read_text())
        self.bodies: dict[str, list[ast.AST]] = defaultdict(list)
        for node in tree.body:
            is_named = isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef))
            self.bodies[node.name if is_named else _TOP].append(node)  # type: ignore[attr-defined]
        self.imported = dict(self._imports(tree))
        self.operations = _operations(tree)

    def _imports(self, tree: ast.AST) -> Iterator[tuple[str, Place]]:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                origin = self._absolute(node)
                for alias in node.names:
                    within = f"{origin}.{alias.name}"
                    place = (within, _TOP) if _path(within) else (origin, alias.name)
                    yield alias.asname or alias.name, place

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        base = self.package
        for _ in range(node.level - 1):
            base = base.rpartition(".")[0]
        return f"{base}.{node.module}" if node.module else base


def calls_from(*entries: Place) -> set[str]:
    """`service:Operation` of every call that can be reached from these functions."""
    seen: set[Place] = set()
    waiting, found = list(entries), set()
    while waiting:
        place = waiting.pop()
        if place in seen or not place[0].startswith("deployments"):
            continue
        seen.add(place)
        source = _source(place[0])
        if source is None:
            continue
        if place[1] not in source.bodies and place[1] in source.imported:
            waiting.append(source.imported[place[1]])  # handed on, as by a package
            continue
        waiting.append((place[0], _TOP))
        for body in source.bodies[place[1]]:
            for node in ast.walk(body):
                waiting += _named(source, node)
                found |= _called(source, node)
    return found


def _named(source: _Source, node: ast.AST) -> Iterator[Place]:
    if isinstance(node, ast.Name):
        if node.id in source.bodies:
            yield source.name, node.id
        elif node.id in source.imported:
            yield source.imported[node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module, name = source.imported.get(node.value.id, ("", "-"))
        if not name:
            yield module, node.attr


def _called(source: _Source, node: ast.AST) -> set[str]:
    if isinstance(node, ast.Attribute):
        return source.operations.get(node.attr, set())
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        text = node.args[0] if node.args else None
        if node.func.attr == "get_paginator" and isinstance(text, ast.Constant):
            return source.operations.get(str(text.value), set())
    return set()


def _operations(tree: ast.AST) -> dict[str, set[str]]:
    """A client's method → what IAM calls it, for the clients that a module makes."""
    found: dict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else _id(node.func)
        service = node.args[0]
        if name == "client" and isinstance(service, ast.Constant):
            for method, action in _actions(str(service.value)).items():
                found[method].add(action)
    return found


def _id(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


@cache
def _actions(service: str) -> dict[str, str]:
    make: Any = boto3.client  # its overloads ask for a literal name
    meta = make(service, region_name="eu-west-1").meta
    # What a call is signed for is what IAM calls the service: efs is elasticfilesystem.
    prefix = meta.service_model.signing_name
    return {name: f"{prefix}:{call}" for name, call in meta.method_to_api_mapping.items()}


@cache
def _source(module: str) -> _Source | None:
    path = _path(module)
    return _Source(module, path) if path else None


def _path(module: str) -> Path | None:
    plain = ROOT / f"{module.replace('.', '/')}.py"
    package = ROOT / module.replace(".", "/") / "__init__.py"
    return next((path for path in (plain, package) if path.exists()), None)
