"""A preview domain that shares the dashboard's cookies is refused at every start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from dashboard.protection.domains import check_domains, isolates_previews

ROOT = Path(__file__).resolve().parents[2]
REFUSED = [
    ("https://example.com", "example.com"),
    ("https://edaha.example.com", "edaha.example.com"),
    ("https://edaha.example.com", "example.com"),
    ("https://edaha.example.com", "previews.example.com"),
    ("https://edaha.example.com:8443", "a.b.example.com"),
    ("https://edaha.example.co.jp", "previews.example.co.jp"),
    ("https://edaha.example.com", "p.edaha.example.com"),
    ("https://edaha.github.io", "github.io"),  # it would be a preview's name
    ("https://edaha.corp.internal", "previews.corp.internal"),
    ("http://edaha.example.com", "previews.example.com"),
    ("https://edaha.localhost", "localhost"),
]
ALLOWED = [
    ("https://edaha.example.com", "previews.example.net"),
    ("https://edaha.example.com", "example.net"),
    ("https://edaha.example.com", "notexample.com"),
    ("https://edaha.example.co.jp", "other.co.jp"),
    ("https://alice.github.io", "bob.github.io"),
    ("https://10.0.0.7", "previews.example.net"),
    ("http://localhost:8000", "localhost"),
]


def said(base: str, domain: str, monkeypatch: pytest.MonkeyPatch, *, debug: bool = False) -> str:
    chosen = settings.EDAHA.model_copy(update={"base_url": base, "preview_domain": domain})
    monkeypatch.setattr(settings, "EDAHA", chosen)
    monkeypatch.setattr(settings, "DEBUG", debug)
    return " ".join(f"{each.msg} {each.hint}" for each in check_domains())


@pytest.mark.parametrize(("base", "domain"), REFUSED)
def test_refused(base: str, domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = said(base, domain, monkeypatch)
    assert f"EDAHA_PREVIEW_DOMAIN {domain} shares cookies" in words
    assert "docs/protected-previews.md" in words


@pytest.mark.parametrize(("base", "domain"), ALLOWED)
def test_allowed(base: str, domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(base, domain, monkeypatch) == ""


def test_who_debugs_on_http_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not said("http://edaha.example.com", "p.example.com", monkeypatch, debug=True)
    assert said("https://edaha.example.com", "p.example.com", monkeypatch, debug=True)


def test_the_public_suffix_list_keeps_previews_apart() -> None:
    assert isolates_previews("github.io")
    assert not isolates_previews("previews.example.net")


def test_a_start_is_refused_in_words(tmp_path: Path) -> None:
    environment = os.environ | {
        "EDAHA_DATA": str(tmp_path),
        "EDAHA_BASE_URL": "https://edaha.example.com",
        "EDAHA_PREVIEW_DOMAIN": "previews.example.com",
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
    }
    command = [sys.executable, "manage.py", "migrate", "--plan"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "edaha.E001" in done.stderr
    assert "Give previews a registrable domain of their own" in done.stderr
