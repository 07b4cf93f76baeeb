"""Put each bug into a copy of the tree, and see that the tests named for it fail there.

python -m tests.mutants [WORD …]    all, or those whose name has one of the words in it
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .bugs import BUGS, Bug
from .trees import ROOT, Outcome, copied, run_with, side_by_side


def main(words: Sequence[str]) -> int:
    chosen = [bug for bug in BUGS if not words or any(word in bug.name for word in words)]
    for bug in chosen:
        planted(bug)  # what does not fit is told before anything is run
    with copied() as tree:
        # None: nothing is changed. The same tests pass there, so they fail for the bug's sake.
        outcomes = side_by_side(partial(_try, tree, chosen), [None, *chosen])
        right = next(outcomes)
        is_right = _tell("", "without any bug", right, is_good=right.is_fine)
        noticed = [
            _tell(
                "noticed" if outcome.is_noticed else "OVERLOOKED",
                bug.name,
                outcome,
                is_good=outcome.is_noticed,
            )
            for bug, outcome in zip(chosen, outcomes, strict=True)
        ]
    print(f"{sum(noticed)} of {len(chosen)} bugs are noticed.")
    return int(not (is_right and all(noticed)))


def _try(tree: Path, chosen: Sequence[Bug], bug: Bug | None) -> Outcome:
    if bug is None:
        return run_with(tree, "", "", sorted({test for each in chosen for test in each.tests}))
    return run_with(tree, bug.file, planted(bug), bug.tests)


def _tell(word: str, name: str, outcome: Outcome, *, is_good: bool) -> bool:
    print(f"{word:<11} {name}", flush=True)
    if not is_good:
        print(outcome.printed[-2000:], flush=True)
    return is_good


def planted(bug: Bug) -> str:
    """The file with the wrong text in the right one's place, which must be there exactly once."""
    text = (ROOT / bug.file).read_text()
    if text.count(bug.right) != 1:
        raise ValueError(f"{bug.name}: {bug.file} has its text {text.count(bug.right)} times")
    return text.replace(bug.right, bug.wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
