"""Where a deployment's definitions are for: what Edaha knows of the preview. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Preview:
    """One deployment of one branch, as its definitions see it."""

    installation: str
    #: OWNER/NAME.
    repository: str
    branch: str
    slug: str
    branch_id: int
    generation: int
    commit: str
    pull_request: int | None
    #: Service → its address, such as https://api--feature-x.example.com; the default service's
    #: is the preview's own.
    urls: Mapping[str, str]
    default_service: str

    def environment(self, service: str = "") -> dict[str, str]:
        """What templates and containers learn about where they run.

        `service` names the one that a container belongs to; templates see the default one's.
        """
        urls = {f"EDAHA_URL_{variable(name)}": url for name, url in self.urls.items()}
        own = self.urls[service or self.default_service]
        return {
            "EDAHA_BRANCH": self.branch,
            "EDAHA_SLUG": self.slug,
            "EDAHA_COMMIT": self.commit,
            "EDAHA_PULL_REQUEST": str(self.pull_request or ""),
            "EDAHA_HOST": own.partition("://")[2],
            "EDAHA_URL": own,
            **urls,
        }


@dataclass(frozen=True)
class Platform:
    """What the operator provides, and what the repository may use of it."""

    region: str
    cluster: str
    log_group: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    assign_public_ip: bool = False
    #: FARGATE or EC2; empty with `capacity_providers`.
    launch_type: str = "FARGATE"
    capacity_providers: tuple[str, ...] = ()
    task_role_arn: str = ""
    execution_role_arn: str = ""
    #: See `allows`.
    allowed: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    #: What an administrator has set for the branch: variable → where its value is, as
    #: `stored.value_from` takes it. It needs no entry in `allowed`.
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Whether it is for code of people who may write to the repository; see `untrusted`.
    is_trusted: bool = True
    #: CPU units and MiB that a task without trust gets at most; 0 means no limit.
    most_cpu: int = 0
    most_memory: int = 0


def variable(name: str) -> str:
    """A service's or image's name as part of an environment variable's."""
    return name.upper().replace("-", "_")
