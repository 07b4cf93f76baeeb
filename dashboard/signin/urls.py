"""Addresses of signing in and of one's own account. allauth's other pages are not there."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.github import views as github
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.contrib.auth.views import LogoutView
from django.urls import path

from . import views

set_up = views.where_it_is_set

urlpatterns = [
    path("sign-in", account.login, name="sign_in"),
    # By the name that allauth knows it by.
    path("sign-in", account.login, name="account_login"),
    path("sign-out", LogoutView.as_view(), name="sign_out"),
    path("sign-in/inactive", account.account_inactive, name="account_inactive"),
    path("sign-in/code", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/github", set_up(github.oauth2_login), name="github_login"),
    path("sign-in/github/callback", set_up(github.oauth2_callback), name="github_callback"),
    path("sign-in/oidc/<slug:provider_id>", set_up(oidc.login), name="openid_connect_login"),
    path(
        "sign-in/oidc/<slug:provider_id>/callback",
        set_up(oidc.callback),
        name="openid_connect_callback",
    ),
    path("me/confirm", account.reauthenticate, name="account_reauthenticate"),
    path("me/confirm/code", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("me/password", account.password_change, name="account_change_password"),
    path("me/password/none", views.no_password, name="account_set_password"),
    path("me/connections", social.connections, name="socialaccount_connections"),
    path("me/second-factor", mfa.index, name="mfa_index"),
    path("me/second-factor/app", totp.activate_totp, name="mfa_activate_totp"),
    path("me/second-factor/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("me/second-factor/codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "me/second-factor/codes/new",
        codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
]
