"""Settings of the ways to sign in. All but local accounts are off until they are set."""

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

RoleName = Literal["viewer", "deployer", "admin"]

_HEADER = r"^([A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*)?$"
_SIGNER = (
    r"^(arn:aws[a-z-]*:elasticloadbalancing:(?P<region>[a-z0-9-]+):\d{12}:loadbalancer/app/\S+)?$"
)


class OidcProvider(BaseModel):
    """One OpenID Connect provider: Google, Okta, Entra, Keycloak …"""

    model_config = ConfigDict(extra="forbid")

    #: Part of the callback's address, and of groups in EDAHA_ROLE_MAPPING.
    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")
    #: What the button on the sign-in page says.
    name: str = Field(min_length=1, max_length=40)
    #: What the provider calls itself: `iss` of its tokens, letter by letter.
    issuer: str = Field(pattern=r"^https?://[^?#\s]+$")
    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)
    #: The claim that lists a person's groups.
    groups_claim: str = "groups"
    #: Asked for beside openid, profile and email.
    scopes: list[str] = []

    @field_validator("id")
    @classmethod
    def _is_free(cls, value: str) -> str:
        if value in ("github", "alb", "proxy", "openid"):
            raise ValueError("this id is taken by another way to sign in")
        return value


class SigningIn(BaseSettings):
    """Part of `Config`."""

    #: JSON: [{"id": …, "name": …, "issuer": …, "client_id": …, "client_secret": …}].
    oidc_providers: list[OidcProvider] = []
    #: An OAuth app at GitHub.
    github_client_id: str = ""
    github_client_secret: str = ""
    #: Whoever has a verified e-mail address there may sign in, as `allowed_email_role`.
    allowed_email_domains: Annotated[list[str], NoDecode] = []
    allowed_email_role: RoleName = "viewer"
    #: JSON: {"okta:sre": "admin", "github:acme": "viewer", "github:acme/platform": "deployer"}.
    role_mapping: dict[str, RoleName] = {}
    #: Local accounts of this role or a higher one need a second factor; empty: nobody does.
    mfa_required: RoleName | Literal[""] = ""
    #: Hours after which everybody signs in again, however busy they were.
    session_hours: int = Field(12, ge=1, le=24 * 30)

    #: The load balancer whose `X-Amzn-Oidc-Data` is believed, and what it must say.
    alb_signer: str = Field("", pattern=_SIGNER)
    alb_issuer: str = ""
    alb_client_id: str = ""
    alb_groups_claim: str = "groups"

    #: The header in which a trusted proxy names the person, such as X-Forwarded-User.
    trusted_user_header: str = Field("", pattern=_HEADER)
    #: The header with the person's groups, with commas between.
    trusted_groups_header: str = Field("", pattern=_HEADER)
    #: What the proxy must send in X-Edaha-Proxy-Secret, or where it must call from.
    trusted_proxy_secret: str = ""
    trusted_proxy_addresses: Annotated[list[IPv4Network | IPv6Network], NoDecode] = []

    #: Most requests a minute; more get 429. 0 means no limit.
    api_requests_per_minute: int = Field(1200, ge=0)
    #: Most refused requests a minute and address: API calls without a valid token, webhook
    #: deliveries without a valid signature. Good ones are always taken. 0 means no limit.
    refusals_per_minute: int = Field(60, ge=0)

    @field_validator("allowed_email_domains", "trusted_proxy_addresses", mode="before")
    @classmethod
    def _split_lines(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip().lower() for part in value.split(",") if part.strip()]
        return value

    @field_validator("allowed_email_domains")
    @classmethod
    def _are_domains(cls, value: list[str]) -> list[str]:
        for domain in value:
            if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z0-9-]+", domain):
                raise ValueError(f"“{domain}” is no domain; write example.com")
        return value

    @field_validator("role_mapping")
    @classmethod
    def _are_groups(cls, value: dict[str, RoleName]) -> dict[str, RoleName]:
        for group in value:
            if not re.fullmatch(r"[a-z][a-z0-9-]*:\S.*", group):
                raise ValueError(
                    f"“{group}” names no source; write ID:GROUP, such as okta:sre or github:acme"
                )
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        ids = [provider.id for provider in self.oidc_providers]
        if len(ids) != len(set(ids)):
            raise ValueError("two of EDAHA_OIDC_PROVIDERS have the same id")
        if bool(self.github_client_id) != bool(self.github_client_secret):
            raise ValueError("set both EDAHA_GITHUB_CLIENT_ID and EDAHA_GITHUB_CLIENT_SECRET")
        if self.alb_signer and not (self.alb_issuer and self.alb_client_id):
            raise ValueError("EDAHA_ALB_SIGNER needs EDAHA_ALB_ISSUER and EDAHA_ALB_CLIENT_ID")
        if self.trusted_user_header and not (
            len(self.trusted_proxy_secret) >= 32 or self.trusted_proxy_addresses
        ):
            raise ValueError(
                "EDAHA_TRUSTED_USER_HEADER needs EDAHA_TRUSTED_PROXY_SECRET (32 characters or "
                "more) or EDAHA_TRUSTED_PROXY_ADDRESSES: or else anybody could send the header"
            )
        return self

    @property
    def alb_region(self) -> str:
        found = re.match(_SIGNER, self.alb_signer)
        return (found and found["region"]) or ""
