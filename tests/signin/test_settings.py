"""Wrong settings are told at the start; right ones leave Django's own checks nothing to say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.dashboard.rows import a_person

ROOT = Path(__file__).resolve().parents[2]
BASE = {
    "EDAHA_SECRET_KEY": "Zk4n8Wq2Lx7Vb1Rt9Yp3Hs6Jd0Fg5Mc8Na2Ue4Xi7Oz1Tw9Ky3",
    "EDAHA_BASE_URL": "https://edaha.example.com",
    "EDAHA_BEHIND_PROXY": "1",
}


def manage(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("EDAHA_")}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, env=known | BASE | settings, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_djangos_check_of_a_deployment_has_nothing_to_say(tmp_path: Path) -> None:
    answer = manage("check", "--deploy", "--fail-level", "INFO", EDAHA_DATA=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


PROVIDER = (
    '{"id": "okta", "name": "O", "issuer": "https://x", "client_id": "a", "client_secret": "b"}'
)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EDAHA_TRUSTED_USER_HEADER", "X-User", "anybody could send the header"),
        ("EDAHA_ALB_SIGNER", "arn:aws:iam::1:role/x", "EDAHA_ALB_SIGNER"),
        ("EDAHA_GITHUB_CLIENT_ID", "x", "EDAHA_GITHUB_CLIENT_SECRET"),
        ("EDAHA_OIDC_PROVIDERS", f"[{PROVIDER}, {PROVIDER}]", "the same id"),
        ("EDAHA_OIDC_PROVIDERS", f"[{PROVIDER.replace('okta', 'alb')}]", "this id is taken"),
        ("EDAHA_ROLE_MAPPING", '{"sre": "admin"}', "okta:sre"),
        ("EDAHA_ROLE_MAPPING", '{"okta:sre": "king"}', "EDAHA_ROLE_MAPPING"),
        ("EDAHA_ALLOWED_EMAIL_DOMAINS", "@acme.example", "is no domain"),
        ("EDAHA_MFA_REQUIRED", "everybody", "EDAHA_MFA_REQUIRED"),
    ],
)
def test_a_wrong_setting_stops_everything_and_says_which(name: str, value: str, said: str) -> None:
    answer = manage("check", **{name: value})
    assert answer.returncode != 0
    assert said in answer.stderr


def test_pages_of_people_are_kept_by_no_cache(db: None) -> None:
    a_person()
    client = Client()
    client.post("/sign-in", {"login": "mika", "password": "leaves"})
    for path in ("/", "/me", "/overview", "/me/second-factor", "/nowhere"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"], path
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["X-Frame-Options"] == "DENY"
        assert "camera=()" in answer["Permissions-Policy"]
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
