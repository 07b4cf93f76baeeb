"""What callers send and see of repositories, and of what belongs to them."""

from datetime import datetime
from typing import Annotated

from ninja import Field, Schema
from pydantic import ConfigDict

from deployments.checking import Verdict

from .schemas import Text, Whole

RoleWord = Annotated[str, Field(pattern="^(viewer|deployer|admin)$")]


class Strict(Schema):
    """Takes nothing that it does not know, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Settings(Strict):
    """How a repository's branches are deployed; docs/settings.md explains each."""

    default_branch: Text = "main"
    is_private: bool = False
    policy: Text = Field("pull_requests", description="`pull_requests`, `all` or `patterns`.")
    patterns: list[Text] = []
    deploy_drafts: bool = True
    forks: Text = Field("approval", description="`approval` or `off`.")
    protection: Text = Field("", description="`public`, `members`; empty: the installation's.")
    builds: Text = Field("edaha", description="Who builds the images: `edaha` or `actions`.")
    slack_channel: Text = Field(
        "", description="Where Slack’s bots tell of it; empty: each subscription's own channel."
    )
    dockerfile: Text = "Dockerfile"
    context: Text = "."
    port: Whole | None = None
    health_path: Text = ""
    startup_seconds: Whole = 120
    cpu: Whole = 256
    memory: Whole = 512
    environment: dict[Text, Text] = Field(
        {},
        # Otherwise it would say that a name of any other kind may have a value of any kind.
        json_schema_extra={"additionalProperties": False},
    )
    allowed: list[Text] = []
    cluster: Text = ""
    namespace: Text = ""
    subnets: list[Text] = []
    security_groups: list[Text] = []
    assign_public_ip: bool = False
    launch_type: Text = "FARGATE"
    capacity_providers: list[Text] = []
    task_role_arn: Text = ""
    execution_role_arn: Text = ""
    workflow_role: Text = Field("", description="`viewer`, `deployer`; empty: nothing.")
    workflow_refs: list[Text] = []
    max_builds: Whole | None = None
    max_previews: Whole | None = None
    deployments_per_hour: Whole | None = None
    expires_seconds: Whole | None = None
    definitions: Text = "edaha.yml"
    platforms: list[Text] = ["linux/amd64"]


class NewRepository(Settings):
    full_name: Text = Field(description="OWNER/NAME, as on GitHub.", examples=["acme/shop"])
    clone_url: Text = Field(examples=["https://github.com/acme/shop.git"])


class Change(Settings):
    """What is not named stays as it is."""

    full_name: Text = ""
    clone_url: Text = ""


class SettingsOut(NewRepository):
    id: int


class WebhookSecret(Schema):
    """What GitHub needs to know."""

    repository: int = Field(description="The repository's id.")
    webhook_url: str
    webhook_secret: str = Field(description="It is told this once.")


class CheckOut(Schema):
    verdict: Verdict
    message: str
    hint: str = Field(description="What to do; empty where nothing has to be done.")


class SecretWish(Strict):
    """Either a value or a reference."""

    name: Text = Field(max_length=255, examples=["DATABASE_URL"])
    pattern: Text = Field("*", max_length=255, description="Of which branches.")
    value: Text = Field("", description="Stored encrypted, and never told again.")
    reference: Text = Field("", description="Where AWS has it, such as `ssm:/shop/db`.")
    for_containers: bool = True
    for_builds: bool = False


class SecretOut(Schema):
    """A secret without its value: nobody can read that again."""

    id: int
    name: str
    pattern: str
    reference: str = Field(description="Empty where the value is kept by Edaha.")
    for_containers: bool
    for_builds: bool
    updated_at: datetime
    updated_by: str


class ShareWish(Strict):
    lasts: str = Field("7d", pattern="^(1h|1d|7d|30d)$")
    note: Text = Field("", max_length=200, description="For whom it is.")


class ShareOut(Schema):
    id: int
    branch: int = Field(alias="branch_id", description="The branch's id.")
    note: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="When it was used last, to a minute.")


class LinkOut(Schema):
    url: str = Field(description="Whoever has it sees the preview. It is told this once.")


class TokenText(Schema):
    token: str = Field(description="It is told this once.")


class MemberWish(Strict):
    name: Text = Field(max_length=150, description="The name that they sign in with.")
    role: RoleWord | None = Field(description="Null takes the role inside it away.")


class MemberOut(Schema):
    name: str
    role: str
