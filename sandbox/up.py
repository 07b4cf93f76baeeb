"""bin/up: everything on this machine, in the foreground, until Ctrl-C."""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TypeVar

from sandbox import (
    base_image,
    claim,
    cloud,
    engine,
    manage,
    packages,
    processes,
    readiness,
    samples,
)
from sandbox.console import Progress
from sandbox.instance import ROOT, Instance, StartError
from sandbox.supervise import Supervisor, end_left_over
from sandbox.virtualenv import EMULATOR, SetupError, ensure

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TELL_AGAIN = 60.0  # seconds before a process that dies again and again is spoken of again


T = TypeVar("T")


class Stopped(Exception):
    """A signal asked for an orderly end."""


def main() -> None:
    options = _options()
    progress = Progress()
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        run(Instance.from_environment(os.environ), options, progress)
    except (StartError, SetupError) as error:
        progress.end()
        sys.exit(f"Edaha: {error}")
    except Stopped:
        progress.end()
        print("Edaha has stopped.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/up",
        description="Runs Edaha with an AWS emulator on this machine.",
        epilog="EDAHA_DATA (.edaha), EDAHA_PORT (8000), EDAHA_ROUTER_PORT (8080) and "
        "EDAHA_AWS_PORT (4566) let several run side by side.",
    )
    parser.add_argument("--fresh", action="store_true", help="delete all data first")
    parser.add_argument(
        "--no-sample",
        dest="sample",
        action="store_false",
        help="start without the sample application",
    )
    return parser.parse_args()


def run(instance: Instance, options: argparse.Namespace, progress: Progress) -> None:
    """Starts all, watches over it, and ends all, however it comes to an end."""
    started = time.monotonic()
    docker = engine.Engine()
    with ExitStack() as end:
        end.callback(progress.end)
        end.enter_context(claim.data(instance))
        if end_left_over(instance):
            progress.note("Ended processes that an earlier start had left behind")
        claim.check_ports(instance)
        emulator = _in_background(ensure, EMULATOR, ROOT / "sandbox/requirements.txt")
        packages.ensure(progress.note)
        end.enter_context(engine.shared(docker, instance.logs / "dockerd.log", progress.note))
        if options.fresh:
            claim.forget(instance, docker)
        progress.warn(engine.shortcomings(docker))
        emulator()

        supervisor = Supervisor(instance)
        end.callback(claim.clean_up, instance, docker)
        end.callback(_stop_processes, supervisor, progress)
        password = _start(instance, supervisor, options.sample, progress)
        progress.end()
        progress.welcome(
            instance,
            password,
            samples.checkout(instance) if options.sample else None,
            time.monotonic() - started,
        )
        _watch(instance, supervisor, progress)


def _start(
    instance: Instance, supervisor: Supervisor, sample: bool, progress: Progress
) -> str | None:
    """Starts everything in order; returns the password of `admin` if it was made now."""
    base = _in_background(base_image.ensure) if sample else None
    stores = processes.stores(instance)
    supervisor.start(stores)
    checked = _in_background(manage.check, manage.values(instance))
    migrated = _in_background(_migrate, instance, manage.values(instance))
    collected = _in_background(_collect_static, instance, manage.values(instance))
    with progress.step("AWS emulator and Valkey"):
        readiness.wait(instance, supervisor, [one.name for one in stores])
        values = processes.environment(instance, cloud.prepare(instance))
    manage.write(instance, values)
    processes.write_router_config(instance, values, engine.gateway(engine.Engine()))
    with progress.step("Database"):
        checked()
        migrated()
        collected()
    prepared = _in_background(_prepare, instance, values, sample, progress)
    rest = processes.edaha(instance, values)
    supervisor.add([*stores, *rest])
    with progress.step("Dashboard, workers, service discovery and router"):
        readiness.wait(instance, supervisor, [one.name for one in rest], progress.begin)
    if base is not None:
        with progress.step("Sample application"):
            base()
            prepared()
            samples.tell(instance)
    return prepared()


def _migrate(instance: Instance, environment: dict[str, str]) -> None:
    """Brings the database to the present schema; a look at the files saves a second."""
    url = environment["EDAHA_DATABASE_URL"]
    schema = f"schema {_digest_of('*/migrations/*.py')}"
    if not instance.is_prepared(schema, url):
        _manage(environment, "migrate", "--no-input")
        instance.set_prepared(schema, url)


def _collect_static(instance: Instance, environment: dict[str, str]) -> None:
    """Style sheets and scripts as they are served in production: compressed, and kept for long."""
    files = f"static {_digest_of('static/**/*.*')}"
    folder = environment.get("EDAHA_STATIC_ROOT", str(instance.static))
    if not instance.is_prepared(files, folder) or not Path(folder).exists():
        chosen = environment | {"EDAHA_STATIC_ROOT": folder}
        _manage(
            chosen, "collectstatic", "--no-input", "--ignore", "src", "--clear", "--verbosity", "0"
        )
        instance.set_prepared(files, folder)


def _digest_of(pattern: str) -> str:
    digest = hashlib.sha256()
    for path in (ROOT / "requirements.txt", *sorted(ROOT.glob(pattern))):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _prepare(
    instance: Instance, environment: dict[str, str], sample: bool, progress: Progress
) -> str | None:
    """The first user and the sample's repository, where an earlier start has not made them."""
    password = None
    if not instance.is_prepared("admin", environment["EDAHA_DATABASE_URL"]):
        answer = _manage(environment, "user", "ensure", "admin", "--role", "admin")
        password = json.loads(answer).get("password")
        if password:
            # At once: a start that is broken off now could not tell it any more.
            progress.note(f"Made the user admin with the password {password}")
        instance.set_prepared("admin", environment["EDAHA_DATABASE_URL"])
    if sample:
        samples.make(instance)
    if sample and not instance.is_prepared("sample", environment["EDAHA_DATABASE_URL"]):
        _manage(environment, "repository", "add", *samples.registration(instance))
        instance.set_prepared("sample", environment["EDAHA_DATABASE_URL"])
    return password


def _watch(instance: Instance, supervisor: Supervisor, progress: Progress) -> None:
    """Until a signal comes: tells of restarts, and sets the account up again after one."""
    pids = supervisor.pids()
    told: dict[str, float] = {}
    while True:
        time.sleep(1)
        now = supervisor.pids()
        for name in (name for name, pid in now.items() if pid and pid != pids.get(name)):
            if time.monotonic() - told.get(name, -TELL_AGAIN) >= TELL_AGAIN:
                progress.note(f"{name} was restarted (see {instance.logs}/{name}.log)")
                told[name] = time.monotonic()
            if name == "emulator":
                readiness.wait(instance, supervisor, [name])
                cloud.prepare(instance)
        pids = {name: pid or pids.get(name, 0) for name, pid in now.items()}


def _stop_processes(supervisor: Supervisor, progress: Progress) -> None:
    progress.begin("Stopping")
    supervisor.stop()


def _manage(environment: dict[str, str], *arguments: str) -> str:
    """Runs a management command. Raises StartError with the last line that it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        text=True,
        capture_output=True,
        env=environment,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise StartError(f"manage.py {' '.join(arguments[:2])}: {lines[-1]}")
    return done.stdout


def _in_background(work: Callable[..., T], *arguments: object) -> Callable[[], T]:
    """Starts the work; calling the result waits for it and raises what it raised."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work, *arguments)
    pool.shutdown(wait=False)
    return future.result


def _stop(number: int, frame: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # what follows is the end, and it is quick
    raise Stopped


if __name__ == "__main__":
    main()
