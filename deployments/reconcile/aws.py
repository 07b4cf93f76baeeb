"""AWS against the rows, both ways: what is live and is not there, what is there for nothing."""

from ..adapters import logs
from ..config import config
from . import drift, orphans
from .notebook import Notebook
from .sight import look_around


def compare(notebook: Notebook) -> None:
    """Put right what is live, remove what is left over, keep logs no longer than is set."""
    # Rows of what has to be there are read before AWS is looked at, and rows that things may
    # stand for after it: what a deployment makes meanwhile is neither missing nor left over.
    expected = drift.expected()
    sight = look_around(drift.names_by_cluster(expected), notebook)
    with notebook.guarded("What is live is not compared with AWS"):
        drift.put_right(expected, sight, notebook)
    with notebook.guarded("What is left over in AWS is not looked for"):
        orphans.settle(sight, notebook)
    with notebook.guarded("The retention of log groups is not compared"):
        for group in logs.groups_kept_for_ever(f"/{config().installation}/"):
            logs.put_retention(group)
            days = config().log_retention_days
            notebook.found(f"The log group {group} kept everything", f"it keeps {days} days")
