"""What one bin/up holds for itself alone: its data folder and its ports."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox import engine
from sandbox.instance import Instance, StartError, free_port, taken_port
from sandbox.supervise import end_left_over

MADE_FIRST = {"lock", "logs", "run"}  # before the file by which a folder is known as ours


@contextmanager
def data(instance: Instance) -> Iterator[None]:
    """Holds the data folder; a second bin/up on it is refused with StartError.

    So is a folder with anything else in it, since --fresh deletes all that it finds.
    """
    if not (instance.data / "instance.json").exists() and instance.data.is_dir():
        foreign = {path.name for path in instance.data.iterdir()} - MADE_FIRST
        if foreign:
            raise StartError(
                f"{instance.data} has other things in it ({min(foreign)}); "
                "EDAHA_DATA must be a folder of its own"
            )
    instance.make_folders()
    with (instance.data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                f"another bin/up is running on {instance.data} (choose another EDAHA_DATA "
                "and other ports to run a second one)"
            ) from None
        yield


def check_ports(instance: Instance) -> None:
    """Raises StartError for a port that something else has; chooses DNS's anew if need be."""
    for name, port in (
        ("EDAHA_PORT", instance.port),
        ("EDAHA_ROUTER_PORT", instance.router_port),
        ("EDAHA_AWS_PORT", instance.aws_port),
    ):
        if taken_port(port):
            raise StartError(f"port {port} is taken; set {name} to a free one")
    if taken_port(instance.dns_port):
        instance.remember("dns_port", str(free_port()))


def forget(instance: Instance, docker: engine.Engine) -> None:
    """Deletes all that earlier starts left: data, containers and images."""
    engine.remove_containers(docker, instance.name)
    engine.remove_file_systems(docker, instance.name)
    engine.remove_images(docker, f"127.0.0.1:{instance.aws_port}")
    for path in instance.data.iterdir():
        if path.name == "lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    instance.make_folders()


def clean_up(instance: Instance, docker: engine.Engine) -> None:
    """What a process in a hurry may leave: children, and containers started at the last."""
    end_left_over(instance)
    engine.remove_containers(docker, instance.name)
