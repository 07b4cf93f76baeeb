"""Which of GitHub's operations the product calls, read from its source, as a table.

python -m tests.github.operations writes it into docs/github.md.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from . import rules
from .permissions import NEEDED

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "github.md"
BEGIN, END = "<!-- operations -->\n", "<!-- end of operations -->\n"
_ADAPTERS = ROOT / "deployments" / "adapters"
_METHODS = {"GET", "POST", "PATCH", "PUT", "DELETE"}
_REPOSITORY = "/repos/x/x"
Kind = TypeVar("Kind", bound=ast.AST)


class Unreadable(Exception):
    """A call whose path cannot be read from the source."""


def used() -> set[str]:
    """Operations such as GET /user. Raises Unreadable."""
    return {_operation(method, path) for method, path in calls()}


def _operation(method: str, path: str) -> str:
    whole = path[1:] if path.startswith("//") else path
    for each in (whole, f"{_REPOSITORY}{whole}"):
        if found := rules.find(method, each):
            return found.name
    return f"{method} {whole}"


def calls() -> Iterator[tuple[str, str]]:
    """Method and path of each call to GitHub in the adapters; x is for what is put in."""
    for file in sorted(_ADAPTERS.rglob("*.py")):
        yield from calls_in(file.read_text("utf-8"), file.relative_to(ROOT).as_posix())


def calls_in(source: str, name: str) -> Iterator[tuple[str, str]]:
    module = Module(ast.parse(source))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (asked := _asked(node)):
            method, path = asked
            found = module.texts(path)
            if not found:
                raise Unreadable(f"{name}:{node.lineno}")
            yield from ((method, text.partition("?")[0]) for text in found)


#: What asks GitHub.
_ASKING = {"request", "github.request", "as_app", "wire.Call", "self._ask"}


def _asked(node: ast.Call) -> tuple[str, ast.expr] | None:
    if ast.unparse(node.func) not in _ASKING:
        return None
    for method, path in zip(node.args, node.args[1:], strict=False):
        if isinstance(method, ast.Constant) and method.value in _METHODS:
            return str(method.value), path
    return None


class Module:
    """Finds the texts that an expression may have, as far as the module itself says."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self._homes: dict[ast.AST, ast.FunctionDef] = {}
        for function in self._all(ast.FunctionDef):
            self._homes |= dict.fromkeys(ast.walk(function), function)

    def texts(self, node: ast.expr) -> list[str]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.JoinedStr):
            return self._joined(node)
        if isinstance(node, ast.Name):
            return self._named(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return self._of_a_field(node.attr) if node.value.id == "self" else []
        return []

    def _joined(self, node: ast.JoinedStr) -> list[str]:
        found = [""]
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            is_known = isinstance(inner, ast.Constant | ast.Attribute)
            texts = self.texts(inner) if is_known and isinstance(inner, ast.expr) else []
            unknown = "x/x" if ast.unparse(inner).endswith("full_name") else "x"
            found = [f"{before}{text}" for before in found for text in texts or [unknown]]
        return found

    def _named(self, node: ast.Name) -> list[str]:
        home = self._homes[node]
        given = [
            text
            for each in ast.walk(home)
            if isinstance(each, ast.Assign) and any(_is(target, node.id) for target in each.targets)
            for text in self.texts(each.value)
        ]
        names = [each.arg for each in home.args.args]
        if given or node.id not in names:
            return given
        return self._given_to(home.name, names.index(node.id))

    def _of_a_field(self, name: str) -> list[str]:
        for each in self._all(ast.ClassDef):
            fields = [
                field.target.id
                for field in each.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            ]
            if name in fields:
                return self._given_to(each.name, fields.index(name))
        return []

    def _given_to(self, name: str, place: int) -> list[str]:
        return [
            text
            for call in self._all(ast.Call)
            if _is(call.func, name) and len(call.args) > place
            for text in self.texts(call.args[place])
        ]

    def _all(self, kind: type[Kind]) -> list[Kind]:
        return [node for node in ast.walk(self.tree) if isinstance(node, kind)]


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def table() -> str:
    rows = ["| Operation | Permissions |", "|---|---|"]
    for name in sorted(used(), key=lambda name: (name.partition(" ")[2], name)):
        needs = ", ".join(f"`{key}`: {level}" for key, level in NEEDED[name].items())
        rows.append(f"| `{name}` | {needs or 'none'} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    text = PAGE.read_text("utf-8")
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    PAGE.write_text(f"{head}{BEGIN}{table()}{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
