"""A mutation score: how many small changes of the rules are noticed by the tests that know them.

    python -m tests.mutation [--sample 200] [--seed 1] [FILE …]

A change that no test notices is a survivor: a rule that nobody holds, or a change that means the
same. It takes hours for every change, and minutes for a sample.
"""

import argparse
import ast
import copy
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .mutants.trees import ROOT, copied, run_with, side_by_side

_HERE = "tests/deployments/"
_RECONCILER = ["tests/reconcile"]
#: Which fast tests know a file's rules.
TESTS = {
    "deployments/states.py": [f"{_HERE}test_states.py"],
    "deployments/models/moves.py": [f"{_HERE}test_states.py", f"{_HERE}test_concurrency.py"],
    "deployments/models/lease.py": [
        f"{_HERE}test_concurrency.py",
        f"{_HERE}test_verify.py",
    ],
    "deployments/intake.py": [
        f"{_HERE}test_intake.py",
        f"{_HERE}test_deliveries.py",
        f"{_HERE}test_concurrency.py",
    ],
    "deployments/decisions.py": [f"{_HERE}test_deliveries.py", "tests/reconcile/test_refs.py"],
    "deployments/deliveries.py": [f"{_HERE}test_deliveries.py"],
    "deployments/reconcile/tick.py": [f"{_HERE}test_intake.py", f"{_HERE}test_verify.py"],
    **{
        str(path.relative_to(ROOT)): _RECONCILER
        for path in sorted(ROOT.glob("deployments/reconcile/[!_]*.py"))
        if path.name != "tick.py"
    },
}

_OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}


class Change(NamedTuple):
    file: str
    line: int
    what: str
    text: str


def changes(file: str) -> Iterator[Change]:
    """Every small change of a file."""
    tree = ast.parse((ROOT / file).read_text())
    for number, node in enumerate(ast.walk(tree)):
        for what, change in _changes_of(node):
            changed = copy.deepcopy(tree)
            change(list(ast.walk(changed))[number])
            line = getattr(node, "lineno", 0)
            yield Change(file, line, what, ast.unparse(ast.fix_missing_locations(changed)))


def _changes_of(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OPPOSITES:
        yield f"{type(node.ops[0]).__name__} turned round", _turn_comparison
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _OPPOSITES:
        yield f"{type(node.op).__name__} turned round", _turn_operator
    elif isinstance(node, ast.If | ast.IfExp | ast.While) and not _is_constant(node.test):
        yield "the condition negated", _negate
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield f"{node.value} changed", _change_constant
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield f"{ast.unparse(node)[:40]} left out", _leave_out


def _is_constant(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant)


def _turn_comparison(node: ast.AST) -> None:
    assert isinstance(node, ast.Compare)
    node.ops[0] = _OPPOSITES[type(node.ops[0])]()  # type: ignore[call-overload]


def _turn_operator(node: ast.AST) -> None:
    assert isinstance(node, ast.BoolOp | ast.BinOp)
    node.op = _OPPOSITES[type(node.op)]()  # type: ignore[assignment]


def _negate(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp | ast.While)
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _change_constant(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    is_flag = isinstance(node.value, bool)
    node.value = not node.value if is_flag else int(str(node.value)) + 1


def _leave_out(node: ast.AST) -> None:
    assert isinstance(node, ast.Expr)
    node.value = ast.Constant(None)


def _try(tree: Path, change: Change) -> bool:
    """Whether it is noticed, be it by tests that can't even begin."""
    known = [test for test in TESTS[change.file] if (tree / test).exists()]
    return not run_with(tree, change.file, change.text, known).is_fine


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", default=sorted(TESTS))
    parser.add_argument("--sample", type=int, default=200, help="how many changes; 0 means all")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    every = [change for file in asked.files for change in changes(file)]
    chosen = random.Random(asked.seed).sample(every, min(asked.sample or len(every), len(every)))
    figures: dict[str, list[bool]] = defaultdict(list)
    with copied() as tree:
        for change, noticed in zip(chosen, side_by_side(partial(_try, tree), chosen), strict=True):
            figures[change.file].append(noticed)
            if not noticed:
                print(f"survived: {change.file}:{change.line}: {change.what}", flush=True)
    print(f"\n{len(chosen)} of {len(every)} changes tried")
    for file, results in sorted(figures.items()):
        print(f"{sum(results):4} of {len(results):4} noticed  {file}")
    total = [each for results in figures.values() for each in results]
    print(f"{sum(total):4} of {len(total):4} noticed: {sum(total) / max(1, len(total)):.0%}")


if __name__ == "__main__":
    main()
