"""What never ends by itself is ended."""

import re
import signal
import threading
import time

import pytest

from deployments.adapters.deadline import deadline
from deployments.errors import UserError


def test_it_ends_what_takes_too_long() -> None:
    with pytest.raises(UserError, match="Reading took longer than 0 s"), deadline(0.05, "Reading"):
        while True:
            pass


def test_it_ends_a_regular_expression_that_runs_away() -> None:
    began = time.monotonic()
    with pytest.raises(UserError), deadline(0.2, "Reading"):
        re.match(r"(a*)*b", "a" * 60)
    assert time.monotonic() - began < 30


def test_what_is_done_in_time_is_left_alone() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with deadline(0.2, "Reading"):
        pass
    time.sleep(0.3)
    assert signal.getsignal(signal.SIGALRM) is before


def test_another_thread_has_no_end() -> None:
    done: list[bool] = []

    def work() -> None:
        with deadline(0.01, "Reading"):
            time.sleep(0.05)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
