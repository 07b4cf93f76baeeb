"""What tests wait for, and which errors they want."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    """Fails unless the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)  # DescribeServices has 20 tokens a second


@contextmanager
def refused(code: str, about: str = "") -> Iterator[None]:
    """AWS refuses what is inside, with this code and these words."""
    with pytest.raises(ClientError, match=about or None) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code
