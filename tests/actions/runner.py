"""Does the steps of a composite action as GitHub's runner does them.

https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .expressions import evaluate, fill
from .third_party import INPUTS, OUTPUTS

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = ROOT / ".github/actions"

#: What a third party's action does: its inputs → its outputs.
StandIn = Callable[[Mapping[str, str]], Mapping[str, str]]


@dataclass
class Ended:
    """How a run of an action ended."""

    code: int
    said: str
    summary: str
    outputs: dict[str, str]
    #: The third parties' actions that ran, with their inputs.
    used: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Runner:
    """One job's runner; `folder` is its temporary directory, `workspace` where steps run."""

    folder: Path
    workspace: Path
    github: dict[str, Any]
    environment: dict[str, str]
    stand_ins: Mapping[str, StandIn] = field(default_factory=dict)

    def use(self, name: str, **inputs: str) -> Ended:
        """Use the action of that name, with the inputs of a workflow's `with`."""
        metadata = describe(name)
        ended = Ended(0, "", "", {})
        contexts: dict[str, Any] = {"github": self.github, "steps": {}}
        contexts["inputs"] = self._inputs(metadata, inputs, contexts)
        for number, step in enumerate(metadata["runs"]["steps"]):
            # Without a status function, `if` means success() as well.
            if ended.code or ("if" in step and not evaluate(step["if"], contexts)):
                continue
            outputs = self._step(ACTIONS / name, number, step, contexts, ended)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}
        summary = self.folder / "summary"
        ended.summary = summary.read_text() if summary.exists() else ""
        given = {key: fill(each["value"], contexts) for key, each in metadata["outputs"].items()}
        ended.outputs = {key: value for key, value in given.items() if value}
        return ended

    def _inputs(
        self, metadata: Any, given: Mapping[str, str], contexts: Mapping[str, Any]
    ) -> dict[str, str]:
        known = metadata["inputs"]
        assert not set(given) - set(known), "an input that the action does not have"
        assert all(name in given for name, each in known.items() if each.get("required"))
        defaults = {name: fill(each.get("default", ""), contexts) for name, each in known.items()}
        return defaults | dict(given)

    def _step(
        self, home: Path, number: int, step: Any, contexts: Mapping[str, Any], ended: Ended
    ) -> dict[str, str]:
        if "uses" in step:
            action, _, _ = step["uses"].partition("@")
            inputs = {key: fill(text, contexts) for key, text in step.get("with", {}).items()}
            assert not set(inputs) - INPUTS[action], f"inputs that {action} does not have"
            ended.used[action] = inputs
            outputs = dict(self.stand_ins[action](inputs)) if action in self.stand_ins else {}
            assert not set(outputs) - OUTPUTS[action], f"outputs that {action} does not have"
            return outputs
        assert step["shell"] == "sh"
        file = self.folder / f"output-{number}"
        file.touch()
        done = subprocess.run(
            ["sh", "-e", "-c", step["run"]],
            cwd=self.workspace,
            env=self._environment(home, file)
            | {name: fill(text, contexts) for name, text in step.get("env", {}).items()},
            capture_output=True,
            text=True,
            timeout=100,
        )
        ended.code, ended.said = done.returncode, ended.said + done.stdout + done.stderr
        return read_outputs(file)

    def _environment(self, home: Path, file: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GITHUB_ACTION_PATH": str(home),
            "GITHUB_OUTPUT": str(file),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        } | self.environment


def describe(name: str) -> Any:
    return yaml.safe_load((ACTIONS / name / "action.yaml").read_text())


def read_outputs(file: Path) -> dict[str, str]:
    """`name<<mark`, lines, and the mark; nothing else may be in the file."""
    text = file.read_text()
    found = re.compile(r"([a-z_]+)<<(\w{32})\n(.*?)\n\2\n", re.S)
    assert not found.sub("", text), "something that is no output"
    return {name: value for name, _, value in found.findall(text)}
