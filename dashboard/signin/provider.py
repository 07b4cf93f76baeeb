"""OpenID Connect with people known by issuer and subject."""

from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider

from .identity import key


class IssuerProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """Trusts only the issuer that was set, and only its ID token about who somebody is."""

    def extract_uid(self, data: dict[str, Any]) -> str:
        token = data.get("id_token") or {}
        issuer, subject = token.get("iss"), token.get("sub")
        if issuer != self.app.settings["issuer"]:
            raise OAuth2Error(f"The token was issued by {issuer}, not by the issuer that is set.")
        if not isinstance(subject, str) or not subject:
            raise OAuth2Error("The token does not say whose it is.")
        # https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
        if data.get("userinfo") and data["userinfo"].get("sub") != subject:
            raise OAuth2Error("The provider's user information is about somebody else.")
        return key(issuer, subject)

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the page of connections tells; groups and the like are read anew each time."""
        return {"iss": data["id_token"]["iss"], "sub": data["id_token"]["sub"]}

    def sociallogin_from_response(self, request: Any, response: dict[str, Any]) -> Any:
        login = super().sociallogin_from_response(request, response)
        login.claims = {**(response.get("id_token") or {}), **(response.get("userinfo") or {})}
        return login
