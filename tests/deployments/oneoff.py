"""One-off tasks, which moto starts and never ends.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html: the same clientToken
starts nothing twice.
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class OneOff:
    arn: str
    container: str
    command: list[str]
    #: None while it runs.
    exit_code: int | None = None

    @property
    def description(self) -> Json:
        status = "RUNNING" if self.exit_code is None else "STOPPED"
        container: Json = {"name": self.container, "lastStatus": status}
        if self.exit_code is not None:
            container["exitCode"] = self.exit_code
        return {
            "taskArn": self.arn,
            "lastStatus": status,
            "containers": [container],
            "overrides": {"containerOverrides": [{"name": self.container}]},
        }


@dataclass
class OneOffTasks:
    by_token: dict[str, OneOff] = field(default_factory=dict)
    #: What every command ends with by itself; None lets it run on.
    ends_with: int | None = 0

    def answer(self, call: str, body: Json) -> Json | None:
        """What ECS answers, where the call is about one-off tasks."""
        if call == "ecs.RunTask":
            return {"tasks": [self._run(body).description], "failures": []}
        if call == "ecs.DescribeTasks":
            found = [task for task in self.by_token.values() if task.arn in body["tasks"]]
            return self._described(found) if found else None
        if call == "ecs.ListTasks" and "startedBy" in body:
            task = self.by_token.get(body["startedBy"])
            return {"taskArns": [task.arn] if task and task.exit_code is None else []}
        if call == "ecs.StopTask":
            found = [task for task in self.by_token.values() if task.arn == body["task"]]
            for task in found:
                task.exit_code = 143 if task.exit_code is None else task.exit_code
            return {"task": found[0].description}
        return None

    @property
    def commands(self) -> list[list[str]]:
        """What ran, in the order of its start."""
        return [task.command for task in self.by_token.values()]

    def _run(self, body: Json) -> OneOff:
        override = body["overrides"]["containerOverrides"][0]
        arn = f"arn:aws:ecs:eu-west-1:123456789012:task/default/oneoff{len(self.by_token)}"
        task = OneOff(arn, override["name"], override["command"])
        return self.by_token.setdefault(body["clientToken"], task)

    def _described(self, found: list[OneOff]) -> Json:
        for task in found:
            if task.exit_code is None:
                task.exit_code = self.ends_with
        return {"tasks": [task.description for task in found], "failures": []}
