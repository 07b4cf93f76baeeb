"""What callers see of what GitHub is told."""

from datetime import datetime

from ninja import Field, Schema


class ReportOut(Schema):
    """One thing that GitHub is told, or shall be."""

    id: int
    kind: str = Field(
        description="`comment`, `deployment`, `check` (also a commit status) or `environment`."
    )
    key: str = Field(description="What it is about: a deployment's id, a commit.")
    told_at: datetime | None = Field(description="When something new was told last.")
    done: bool = Field(description="Whether GitHub knows what is so.")
    problem: str = Field(description="Why it could not be told; empty where it could.")
    hint: str
    due_at: datetime = Field(description="When it is tried next, unless it is done.")

    @staticmethod
    def resolve_done(row: object) -> bool:
        return getattr(row, "done_at", None) is not None
