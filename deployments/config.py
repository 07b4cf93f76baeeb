"""The installation's settings: read once from the environment, typed, loud when wrong."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from django.conf import settings
from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .prices import Prices
from .signing_in import SigningIn

CommaList = Annotated[list[str], NoDecode]

_ADDRESS = r"^https?://[^/?#@\s]+(/[^?#\s]*)?$"
#: 32 bytes in base64 for URLs: https://cryptography.io/en/latest/fernet/
_FERNET_KEY = r"[A-Za-z0-9_-]{43}="
_CREDENTIAL = r"https://[^/?#@\s=]+/([^?#@\s=]*/)?=[^:\s]+:\S+"
_BUILDER = r"linux/(amd64|arm64)=(tcp|unix|docker-container)://[^,=\s]+"
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"


class Installation(BaseSettings):
    """Part of `Config`: all but the ways to sign in."""

    #: Names everything this installation makes in AWS; two installations that share an account
    #: must differ in it.
    installation: str = Field("edaha", pattern=r"^[a-z][a-z0-9]{0,9}$")
    data: Path = Path(".edaha")
    secret_key: str = Field(min_length=32)
    #: Fernet keys that secrets are encrypted with, the newest first. Empty derives one from
    #: `secret_key`.
    secrets_keys: CommaList = Field(default=[], repr=False)
    debug: bool = False
    database_url: str = ""
    #: Most PostgreSQL connections of one process; 0 opens one for each request.
    database_pool: int = Field(16, ge=0)
    redis_url: str = "redis://127.0.0.1:6379/0"
    log_level: str = "INFO"
    #: Where collectstatic has put the static files, under names that change with their content.
    #: Empty: they are served as they lie in the source.
    static_root: Path | None = None

    #: Whether everybody who reaches the dashboard may read, without signing in, what is in
    #: repositories that are not private.
    open_reading: bool = False

    #: Where people open the dashboard.
    base_url: str = "http://localhost:8000"
    allowed_hosts: CommaList = []
    #: Headers of a proxy in front (X-Forwarded-Proto, -For) are believed only when this is set.
    behind_proxy: bool = False

    preview_scheme: Literal["http", "https"] = "https"
    preview_domain: str = Field("localhost", pattern=rf"^({_LABEL}\.)*{_LABEL}$")
    preview_port: int | None = Field(None, ge=1, le=65535)
    #: Who may open previews where their repository does not say: everybody who has the address,
    #: or members of the company who may see the repository.
    preview_protection: Literal["public", "members"] = "public"
    #: Where workers reach the router to verify a preview.
    router_url: str = "http://127.0.0.1:8080"

    #: Defaults of every repository; a repository's own settings come first.
    cluster: str = "default"
    namespace: str = "edaha.internal"
    subnets: CommaList = []
    security_groups: CommaList = []
    execution_role_arn: str = ""
    #: Registry to push to and pull from where that is not ECR's own name.
    registry: str = ""
    log_retention_days: int = 30

    #: Signs deliveries of every repository (a GitHub App or an organisation's webhook).
    webhook_secret: str = ""
    webhook_secret_previous: str = ""
    #: GitHub's own cap on a payload is 25 MB:
    #: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
    webhook_max_bytes: int = 25 * 1024 * 1024
    #: GitHub's address, or that of a GitHub Enterprise Server, and of its REST API. Of
    #: repositories that are cloned from there, the open pull requests are compared.
    github_url: str = Field("https://github.com", pattern=_ADDRESS)
    github_api_url: str = Field("https://api.github.com", pattern=_ADDRESS)
    #: Reads private repositories and pull requests there.
    github_token: str = ""
    #: A GitHub App that is set up already: its number (or client id) and its private key, a PEM
    #: text or file. Empty: the App that the page “GitHub” has set up, or else the token.
    github_app_id: str = Field("", pattern=r"^[A-Za-z0-9.]*$")
    github_app_private_key: str = Field("", repr=False)
    github_app_private_key_file: str = ""
    #: Vouches for workflows of GitHub Actions that use the API without a stored token.
    github_oidc_issuer: str = Field("https://token.actions.githubusercontent.com", pattern=_ADDRESS)
    #: How git signs in at hosts other than GitHub: https://HOST/PATH/=USER:PASSWORD, where the
    #: longest address that a clone URL begins with counts.
    git_credentials: CommaList = Field(default=[], repr=False)
    #: Whether subscribers may be in a private network, and be reached without TLS.
    outgoing_private: bool = False
    #: Whether a repository may be cloned from a path or a file:// URL.
    allow_local_clone: bool = False

    #: Whether a build without the cache looks for newer base images, too. Off where base images
    #: exist in the Docker engine only.
    pull_base_images: bool = True
    build_timeout_seconds: int = Field(1800, ge=10)
    #: BuildKit's remote builders, and a folder with ca.pem, cert.pem and key.pem to reach them.
    builders: str = Field("", pattern=rf"^({_BUILDER}(,{_BUILDER})*)?$")
    builders_tls: Path | None = None
    #: Limits of a build's steps; the cgroup's own are memory, CPU and processes. 0 means none.
    build_cgroup: str = Field("", pattern=r"^([A-Za-z0-9_./@:-]{1,200})?$")
    build_open_files: int = Field(0, ge=0)
    build_file_gb: float = Field(0, ge=0)
    #: How long the version before keeps running after the switch, for requests under way.
    drain_seconds: int = Field(10, ge=0)

    #: How long a deployment waits for images that are built elsewhere.
    images_wait_minutes: int = Field(60, ge=1, le=1440)

    #: Limits of every repository; its own settings come first. 0 means none.
    max_builds_per_repository: int = Field(0, ge=0)
    max_previews_per_repository: int = Field(50, ge=0)
    deployments_per_hour: int = Field(120, ge=0)
    #: Days without a visit or a push after which a preview ends; 0 means never.
    expires_days: int = Field(30, ge=0, le=365)
    #: Limits of all repositories together. 0 means none.
    max_builds: int = Field(0, ge=0)
    max_previews: int = Field(0, ge=0)

    #: Free disk that a build must find, and what the build cache may grow to, in GB (10^9 bytes).
    min_free_gb: float = Field(5, ge=0)
    build_cache_gb: float = Field(20, gt=0)
    #: Images of one branch that are kept in the registry beside those that run.
    keep_images: int = Field(10, ge=0)
    #: What one deployment's log may grow to, in millions of characters.
    log_max_mb: int = Field(20, ge=1)

    #: The buildx builder that builds what comes from forks; empty takes the same as for all others.
    fork_builder: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")
    #: CPU units and MiB that a task of a fork gets at most. 0 means what its files say.
    fork_cpu: int = Field(1024, ge=0)
    fork_memory: int = Field(2048, ge=0)

    #: How often the branches of repositories are looked at whose host tells nobody of a push.
    poll_seconds: int = Field(30, ge=5, le=86400)
    #: How often everything is compared: wanted with refs, pull requests and AWS.
    reconcile_seconds: int = Field(300, ge=10)
    #: How long something in AWS that nothing stands for is left before it is removed.
    orphan_grace_seconds: int = Field(3600, ge=0)
    #: Days that deliveries, and the logs of deployments that are over, stay in the database.
    keep_days: int = Field(180, ge=1)
    #: The part of AWS's request rates that this installation takes.
    aws_share: float = Field(0.5, gt=0, le=1)

    #: Chromium's path, for pictures of previews. Empty looks for one, `off` takes none.
    chromium: str = ""
    #: What an hour of vCPU and of memory costs, by launch type; without it no cost is shown.
    prices: Annotated[Prices | None, NoDecode] = None

    @field_validator(
        "allowed_hosts", "subnets", "security_groups", "secrets_keys", "git_credentials",
        mode="before",
    )  # fmt: skip
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("git_credentials")
    @classmethod
    def _check_credentials(cls, entries: list[str]) -> list[str]:
        for number, entry in enumerate(entries, start=1):
            if not re.fullmatch(_CREDENTIAL, entry):
                raise ValueError(
                    f"entry {number} is none: write it as https://git.example.com/=USER:PASSWORD, "
                    "the address with a slash at its end, several separated by commas"
                )
        return entries

    @field_validator("secrets_keys")
    @classmethod
    def _check_keys(cls, keys: list[str]) -> list[str]:
        for number, key in enumerate(keys, start=1):
            if not re.fullmatch(_FERNET_KEY, key):
                raise ValueError(
                    f"key {number} is none: make one with `manage secrets key`, and give several "
                    "separated by commas, the newest first"
                )
        return keys

    @model_validator(mode="after")
    def _check_app(self) -> Self:
        keys = [self.github_app_private_key, self.github_app_private_key_file]
        if bool(self.github_app_id) != any(keys) or all(keys):
            raise ValueError(
                "set EDAHA_GITHUB_APP_ID together with EDAHA_GITHUB_APP_PRIVATE_KEY or "
                "EDAHA_GITHUB_APP_PRIVATE_KEY_FILE, one of them"
            )
        return self

    @field_validator("prices", mode="before")
    @classmethod
    def _parse_prices(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return Prices.parse(value) if value.strip() else None
        except ValueError:
            raise ValueError("write it as USD FARGATE=0.04048/0.004445 (vCPU/GB an hour)") from None

    @property
    def cache(self) -> Path:
        """Mirrors, worktrees and build state: losing it costs time and nothing else."""
        return self.data / "cache"

    def preview_host(self, slug: str) -> str:
        """The Host header of a preview, with the port where it is not the scheme's own."""
        port = f":{self.preview_port}" if self.preview_port else ""
        return f"{slug}.{self.preview_domain}{port}"

    def preview_url(self, slug: str) -> str:
        return f"{self.preview_scheme}://{self.preview_host(slug)}"


class Config(SigningIn, Installation):
    """Each field is the environment variable of the same name with `EDAHA_` before it."""

    model_config = SettingsConfigDict(env_prefix="EDAHA_", extra="ignore")


def config() -> Config:
    """The one instance, made by Django's settings."""
    instance: Config = settings.EDAHA
    return instance
