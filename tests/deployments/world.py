"""Everything together, in one thread and by a clock of its own: rows, AWS, workers, a tick."""

import hashlib
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import time_machine
from django.utils import timezone

from deployments import intake, reconcile
from deployments import tasks as celery_tasks
from deployments.adapters import budget, cloudmap, ecr, logs, secrets, verify, wakeups
from deployments.models import Branch, Deployment, Image, Reconciliation, Repository, Transition
from deployments.states import ACTIVE, ENDED, BranchState

from .cloud import EXECUTION_ROLE, Cloud
from .ears import Ears

WORKERS: dict[str, Callable[..., None]] = {
    wakeups.DECIDE: celery_tasks.decide.run,
    wakeups.BUILD: celery_tasks.build.run,
    wakeups.RELEASE: celery_tasks.release.run,
    wakeups.WATCH: celery_tasks.watch.run,
    wakeups.CLEAN: celery_tasks.clean.run,
    wakeups.DESTROY: celery_tasks.destroy.run,
    wakeups.SHOW_BUILD: celery_tasks.show_build.run,
    wakeups.TIDY: celery_tasks.tidy.run,
    wakeups.PICTURE: lambda *_: None,
    # Tests of it call it themselves: everything here has to come right without it.
    wakeups.RECONCILE: lambda *_: None,
    # These stories say themselves what is pushed, and nobody listens to what is told of it.
    wakeups.POLL: lambda *_: None,
    wakeups.TELL: lambda *_: None,
    wakeups.NOTIFY: lambda *_: None,
}


def forget() -> None:
    """What a process remembers of AWS dies with it."""
    for memory in (cloudmap._namespaces, ecr._known, logs._known, verify._passed):
        memory.clear()
    budget.forget()
    secrets.forget()


class Origin:
    """A git repository, as GitHub would have it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "--quiet", "--initial-branch=main", str(path), at=path.parent)
        self.commit({"Dockerfile": "FROM scratch\nEXPOSE 8000\n"})

    def commit(self, files: dict[str, str], *, branch: str = "main") -> str:
        """Add a commit to `branch`, which is made from where HEAD is if it is new."""
        known = self.git("branch", "--list", branch)
        if known or branch != "main":
            self.git("checkout", "--quiet", *([] if known else ["-b"]), branch)
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments],
            cwd=at or self.path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


class World:
    def __init__(
        self, cloud: Cloud, ears: Ears, clock: time_machine.Traveller, origin: Origin
    ) -> None:
        self.cloud, self.ears, self.clock, self.origin = cloud, ears, clock, origin

    def new_branch(self, name: str = "feature/x") -> Branch:
        """A branch of `acme/shop`, where there is no other, in an account that is empty."""
        Branch.objects.all().delete()
        Image.objects.all().delete()
        # The next pass is due at the same moment each time.
        Reconciliation.objects.all().delete()
        self.cloud.clear()
        self.ears.take()
        forget()
        repository, _ = Repository.objects.get_or_create(
            full_name="acme/shop",
            clone_url=str(self.origin.path),
            policy=Repository.Policy.ALL,
            subnets=[self.cloud.subnet],
            execution_role_arn=EXECUTION_ROLE,
        )
        return Branch.for_name(repository, name)

    def push(self, branch: Branch) -> Deployment:
        """The branch's head at the origin is wished for."""
        branch.refresh_from_db()
        commit = self.origin.git("rev-parse", "main")
        wished = intake.want_commit(branch, commit, trigger=Deployment.Trigger.PUSH)
        assert wished is not None
        return wished

    def work(self) -> None:
        """Workers do what they hear, until nothing is said any more."""
        while self.ears.wakeups:
            self.work_once()

    def work_once(self) -> None:
        """Workers do what they have heard so far."""
        for task, ids, _ in dict.fromkeys(self.ears.take()):
            WORKERS[task](*ids)

    def settle(
        self, until: Callable[[], bool] | None = None, *, within: timedelta = timedelta(hours=3)
    ) -> None:
        """Time goes by and the clock ticks, until nothing is left to do."""
        is_over = until or self.is_quiet
        end, step = timezone.now() + within, 1
        self.work()
        while not is_over():
            assert timezone.now() < end, f"not quiet: {self.story()}"
            self.clock.shift(step)
            moves = Transition.objects.count()
            reconcile.tick()
            self.work()
            # While nothing moves, the clock hurries.
            step = 1 if Transition.objects.count() > moves else min(2 * step, 30)

    def is_quiet(self) -> bool:
        left = Deployment.objects.filter(state__in=ACTIVE) | Deployment.objects.filter(
            state__in=ENDED, cleaned_at=None
        )
        return not (left.exists() or Branch.objects.filter(state=BranchState.DESTROYING).exists())

    def story(self) -> str:
        """What happened, for a test that fails."""
        moves = Transition.objects.values_list("deployment_id", "before", "after", "reason")
        return f"{[*moves]} after {self.cloud.calls[-12:]}"


class FakeBuildx:
    """Builds nothing: the same files give the same digest."""

    def __init__(self) -> None:
        self.builds = 0

    def build(self, request: object, *_: object, **__: object) -> str:
        self.builds += 1
        return "sha256:" + hashlib.sha256(str(request).encode()).hexdigest()

    def inspect(self, *_: object) -> dict[str, list[int]]:
        return {"linux/amd64": [8000]}

    def nothing(self, *_: object, **__: object) -> None:
        pass


class Router:
    """Answers every preview alike."""

    def __init__(self) -> None:
        self.status = 200
        self.hosts: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.headers["Host"])
        return httpx.Response(self.status)
