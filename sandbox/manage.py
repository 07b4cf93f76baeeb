"""bin/manage: manage.py with the values that bin/up uses, whether it runs or not."""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping

from sandbox.cloud import Cloud
from sandbox.instance import ROOT, Instance, StartError, write_private
from sandbox.processes import environment, inherited


def read(instance: Instance) -> dict[str, str]:
    """The values written at the last start. Raises FileNotFoundError before the first one."""
    lines = (instance.data / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


def write(instance: Instance, values: Mapping[str, str]) -> None:
    lines = [f"{name}={value}\n" for name, value in sorted(values.items())]
    write_private(instance.data / "env", "".join(lines))


def values(instance: Instance) -> dict[str, str]:
    """The last start's values; what the caller's own environment says of Edaha wins."""
    try:
        kept = read(instance)
    except FileNotFoundError:
        kept = environment(instance, Cloud((), (), ""))
    chosen = {
        name: value for name, value in os.environ.items() if name.startswith("EDAHA_") and value
    }
    return inherited() | kept | chosen


def check(environment: Mapping[str, str]) -> None:
    """Raises StartError with all that is said of settings that are unsafe."""
    command = [sys.executable, "manage.py", "check", "--tag", "edaha"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, env=environment)
    if done.returncode != 0:
        raise StartError(done.stderr.strip())


def main(arguments: list[str]) -> None:
    instance = Instance.from_environment(os.environ)
    instance.make_folders()
    found = values(instance)
    os.environ.clear()
    os.environ.update(found)
    sys.argv = ["bin/manage", *arguments]
    sys.path[0] = str(ROOT)
    runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except StartError as error:
        sys.exit(f"Edaha: {error}")
