"""What callers see of approved commits of forks, and what they send to decide about one."""

from datetime import datetime

from ninja import Field, Schema

from .schemas import Explained


class Judgement(Explained):
    """About a fork's commit that waits: only about this one, whatever comes meanwhile."""

    commit: str = Field(
        description="All digits of `waiting_commit`, as it was looked at.",
        pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$",
    )


class ApprovalOut(Schema):
    """That somebody let a fork's commit be built and run."""

    id: int
    branch: int = Field(alias="branch_id", description="The branch's id.")
    commit: str
    actor: str = Field(description="Who approved it.")
    reason: str
    at: datetime
    deployment: int | None = Field(alias="deployment_id", description="What was made of it.")
