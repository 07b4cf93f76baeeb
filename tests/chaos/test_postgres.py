"""A restart of PostgreSQL, as a process with a pool of connections meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.postgres import postgres_server
from bench.report import NotMeasured

#: Asks, tells that it did, waits for a word, and asks again by every connection it had.
_ASK = """
import sys, threading, django
django.setup()
from django.db import connection

def ask(barrier):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        barrier.wait(20)
    connection.close()

def ask_by_many():
    barrier = threading.Barrier(3)
    threads = [threading.Thread(target=ask, args=[barrier]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

ask_by_many()
print("asked", flush=True)
sys.stdin.readline()
for _ in range(3):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()
print("asked again", flush=True)
"""


def test_a_restart_of_postgresql_fails_nobody_afterwards(tmp_path: Path) -> None:
    try:
        with postgres_server() as server:
            process = _start(tmp_path, server.url)
            assert process.stdout is not None
            assert process.stdout.readline() == "asked\n"
            server.stop()
            server.start()
            said, problems = process.communicate("go on\n", timeout=60)
            assert said == "asked again\n", problems
    except NotMeasured as why:
        pytest.skip(str(why))


def _start(folder: Path, url: str) -> "subprocess.Popen[str]":
    settings = {
        "EDAHA_DATABASE_URL": f"{url}/postgres",
        "EDAHA_DATABASE_POOL": "4",
        "EDAHA_DATA": str(folder),
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _ASK],
        env=os.environ | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
