from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .server import served
from .visit import Visitors, chromium


@pytest.fixture(scope="module")
def visitors() -> Iterator[Visitors]:
    """People who look at the story's dashboard, and at the one of the first day."""
    with ExitStack() as end:
        servers = {story: end.enter_context(served(story)) for story in ("full", "empty")}
        yield Visitors(end.enter_context(chromium()), servers)
