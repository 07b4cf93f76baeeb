from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command

Run = Callable[..., str]


@pytest.fixture
def run(db: None) -> Run:
    """Runs a management command and gives what it prints on standard output."""

    def run(*arguments: str) -> str:
        out = StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue().strip()

    return run


@pytest.fixture
def add(run: Run) -> Run:
    """Adds acme/shop, with more options if wanted."""

    def add(*options: str) -> str:
        needed = ("--clone-url", "https://example.com/shop.git", "--webhook-secret", "first")
        return run("repository", "add", "acme/shop", *needed, *options)

    return add
