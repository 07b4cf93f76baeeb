"""Docker by its command line, as far as these tests need it."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def docker(*arguments: str, timeout: float = 300) -> str:
    """What the command printed; its own words when it failed."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"docker {arguments[0]}: {(done.stderr or done.stdout)[-3000:]}"
    return done.stdout.strip()


def has_image(reference: str) -> bool:
    command = ["docker", "image", "inspect", reference]
    return subprocess.run(command, capture_output=True).returncode == 0


def gateway() -> str:
    """The host's address on the bridge: where containers reach what listens on this machine."""
    template = "{{(index .IPAM.Config 0).Gateway}}"
    return docker("network", "inspect", "bridge", "--format", template)


@dataclass(frozen=True)
class Container:
    id: str

    @classmethod
    def start(
        cls,
        image: str,
        *command: str,
        environment: Mapping[str, str],
        options: tuple[str, ...] = (),
    ) -> "Container":
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        return cls(docker("run", "--detach", *variables, *options, image, *command))

    def inspect(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(docker("inspect", self.id))
        return found[0]

    @property
    def address(self) -> str:
        return str(self.inspect()["NetworkSettings"]["IPAddress"])

    def run(self, *command: str) -> str:
        return docker("exec", self.id, *command)

    def logs(self) -> str:
        done = subprocess.run(["docker", "logs", self.id], capture_output=True, text=True)
        return done.stdout + done.stderr

    def wait_until_healthy(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            state = self.inspect()["State"]
            if state["Health"]["Status"] == "healthy":
                return
            assert state["Running"], f"it ended with {state['ExitCode']}:\n{self.logs()[-3000:]}"
            assert time.monotonic() < deadline, f"{state['Health']}\n{self.logs()[-3000:]}"
            time.sleep(0.2)

    def stop(self) -> tuple[int, float]:
        """Ask it to end as an orchestrator does; its exit code, and the seconds that it took."""
        began = time.monotonic()
        docker("stop", "--time", "10", self.id)
        seconds = time.monotonic() - began
        return int(self.inspect()["State"]["ExitCode"]), seconds

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.id)
