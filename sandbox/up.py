"""bin/up: everything on this machine, in the foreground, until Ctrl-C."""

import argparse
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import FrameType

from rich.markup import escape

from sandbox import base_image, cloud, engine, manage, packages, processes, readiness, samples
from sandbox.console import Progress
from sandbox.instance import ROOT, Instance, StartError, free_port, taken_port
from sandbox.supervise import Supervisor, end_left_over
from sandbox.virtualenv import EMULATOR, SetupError, ensure

LABELS = {
    "valkey": "Valkey", "emulator": "AWS emulator", "dashboard": "Dashboard",
    "build-worker": "Build worker", "control-worker": "Control worker", "beat": "Beat",
    "discovery": "Service discovery and DNS", "router": "Router",
}


class Stopped(Exception):
    """SIGINT or SIGTERM asked for an orderly end."""


def main() -> None:
    options = _options()
    progress = Progress()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
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
        prog="bin/up", description="Runs Edaha with an AWS emulator on this machine.",
        epilog="EDAHA_DATA (.edaha), EDAHA_PORT (8000), EDAHA_ROUTER_PORT (8080) and "
               "EDAHA_AWS_PORT (4566) let several run side by side.")
    parser.add_argument("--fresh", action="store_true", help="delete all data first")
    parser.add_argument("--no-sample", dest="sample", action="store_false",
                        help="start without the sample application")
    return parser.parse_args()


def run(instance: Instance, options: argparse.Namespace, progress: Progress) -> None:
    """Starts all, watches over it, and ends all, however it comes to an end."""
    started = time.monotonic()
    with ExitStack() as end:
        end.callback(progress.end)
        end.enter_context(_alone(instance))
        if end_left_over(instance):
            progress.note("Ended processes that an earlier start had left behind")
        _check_ports(instance)
        packages.ensure(progress.note)
        docker = engine.Engine()
        end.enter_context(engine.shared(docker, instance.logs / "dockerd.log", progress.note))
        if options.fresh:
            _forget(instance, docker)
        _warn(engine.shortcomings(docker), progress)
        base = _in_background(base_image.ensure) if options.sample else None

        supervisor = Supervisor(instance)
        end.callback(_clean_up, instance, docker)
        end.callback(_stop_processes, supervisor, progress)
        values = _start(instance, supervisor, progress)
        password = _ensure_admin(values)
        if base is not None:
            with progress.step("Sample application"):
                base()
                samples.ensure(instance, values)
        progress.end()
        _welcome(instance, progress, password, options.sample, time.monotonic() - started)
        _watch(instance, supervisor, progress)


def _start(instance: Instance, supervisor: Supervisor, progress: Progress) -> dict[str, str]:
    """Starts the processes in order; returns what Edaha's are told."""
    ensure(EMULATOR, ROOT / "sandbox/requirements.txt")
    stores = processes.stores(instance)
    supervisor.start(stores)
    migrated = _in_background(_manage, manage.values(instance), "migrate", "--no-input")
    with progress.step("AWS emulator and Valkey"):
        readiness.wait(instance, supervisor, [one.name for one in stores])
        values = processes.environment(instance, cloud.prepare(instance))
    manage.write(instance, values)
    processes.write_router_config(instance, values)
    with progress.step("Database"):
        migrated()
    rest = processes.edaha(instance, values)
    supervisor.add([*stores, *rest])
    with progress.step("Dashboard, workers, service discovery and router"):
        readiness.wait(instance, supervisor, [one.name for one in rest],
                       lambda name: progress.begin(f"{LABELS[name]} is ready"))
    return values


def _watch(instance: Instance, supervisor: Supervisor, progress: Progress) -> None:
    """Until a signal comes: tells of restarts, and sets the account up again after one."""
    pids = supervisor.pids()
    told: dict[str, float] = {}
    while True:
        time.sleep(1)
        if not supervisor.is_alive():
            raise StartError("supervisord was killed, so everything was stopped; start again")
        now = supervisor.pids()
        for name in (name for name, pid in now.items() if pid and pid != pids.get(name)):
            if time.monotonic() - told.get(name, -60) >= 60:   # it may well die again and again
                progress.note(f"{LABELS[name]} was restarted (see {instance.logs}/{name}.log)")
                told[name] = time.monotonic()
            if name == "emulator":
                readiness.wait(instance, supervisor, ["emulator"])
                cloud.prepare(instance)
        pids = {name: pid or pids.get(name, 0) for name, pid in now.items()}


@contextmanager
def _alone(instance: Instance) -> Iterator[None]:
    """Holds the data folder; a second bin/up on it is refused."""
    instance.make_folders()
    with (instance.data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"another bin/up is running on {instance.data} (choose another "
                             "EDAHA_DATA and other ports to run a second one)") from None
        yield


def _check_ports(instance: Instance) -> None:
    for name, port in (("EDAHA_PORT", instance.port), ("EDAHA_ROUTER_PORT", instance.router_port),
                       ("EDAHA_AWS_PORT", instance.aws_port)):
        if taken_port(port):
            raise StartError(f"port {port} is taken; set {name} to a free one")
    if taken_port(instance.dns_port):
        instance.remember("dns_port", str(free_port()))


def _forget(instance: Instance, docker: engine.Engine) -> None:
    engine.remove_containers(docker, instance.name)
    for path in instance.data.iterdir():
        if path.name == "lock":
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    instance.make_folders()


def _manage(environment: dict[str, str], *arguments: str) -> str:
    """Runs a management command. Raises StartError with the last line that it said."""
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, text=True,
                          capture_output=True, env=environment)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise StartError(f"manage.py {' '.join(arguments[:2])}: {lines[-1]}")
    return done.stdout


def _ensure_admin(environment: dict[str, str]) -> str | None:
    """The password of `admin` when this start created that user."""
    answer = json.loads(_manage(environment, "user", "ensure", "admin", "--role", "admin"))
    return str(answer["password"]) if answer["created"] else None


def _warn(shortcomings: str, progress: Progress) -> None:
    if shortcomings:
        progress.say(f"[yellow]![/] {escape(shortcomings)}")


def _welcome(instance: Instance, progress: Progress, password: str | None, sample: bool,
             seconds: float) -> None:
    signing_in = (f"admin / [bold]{password}[/]  (shown this once)" if password else
                  "admin  (a new password: [bold]bin/manage changepassword admin[/])")
    lines = ["", f"[bold]Edaha runs[/], {seconds:.1f} s after it was started.",
             f"  Dashboard  [link]{instance.dashboard_url}[/]",
             f"  Sign in    {signing_in}",
             f"  Previews   http://<branch>.localhost:{instance.router_port}",
             f"  AWS        {instance.aws_url}"]
    if sample:
        lines += ["", "Three pull requests of a sample application are on their way. Push to one:",
                  f"  cd {escape(str(samples.checkout(instance)))}",
                  "  edit app/menu.json, then: git commit -am 'New prices' && git push"]
    progress.say("\n".join([*lines, "", "[dim]Ctrl-C stops everything that was started here.[/]"]))


def _stop_processes(supervisor: Supervisor, progress: Progress) -> None:
    progress.begin("Stopping")
    supervisor.stop()


def _clean_up(instance: Instance, docker: engine.Engine) -> None:
    """What a process in a hurry may have left: children, and containers started at the last."""
    end_left_over(instance)
    engine.remove_containers(docker, instance.name)


def _in_background(work: Callable[..., object], *arguments: object) -> Callable[[], object]:
    """Starts the work; calling the result waits for it and raises what it raised."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work, *arguments)
    pool.shutdown(wait=False)
    return future.result


def _stop(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)   # what follows is the end, and it is quick
    raise Stopped


if __name__ == "__main__":
    main()
