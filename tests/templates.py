"""A database as the migrations leave it, made once and copied by whoever needs one (SQLite only).

Migrating takes longer than most tests, and each process of tests needs a database of its own.
"""

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import django
from django.apps import apps
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "test-results" / "databases"


def put() -> bool:
    """Copy the template to where the test database will be; False when there is none."""
    place = _place()
    if connection.vendor != "sqlite" or not place.exists():
        return False
    shutil.copyfile(place, connection.settings_dict["TEST"]["NAME"])
    return True


def keep() -> None:
    """The test database, which has just been migrated, is the template from now on."""
    place = _place()
    if connection.vendor != "sqlite" or place.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for older in FOLDER.glob("*.sqlite3"):
        # The other processes of this run may do the same.
        older.unlink(missing_ok=True)
    # Complete at once, or not there.
    unfinished = FOLDER / f"{os.getpid()}.unfinished"
    source = sqlite3.connect(connection.settings_dict["NAME"])
    target = sqlite3.connect(unfinished)
    with closing(source), closing(target):
        source.backup(target)
    unfinished.replace(place)


def _place() -> Path:
    return FOLDER / f"{_key()}.sqlite3"


def _key() -> str:
    """Another one as soon as migrations, or the models whose permissions they enter, change."""
    digest = hashlib.sha256(f"{django.__version__} {sqlite3.sqlite_version}".encode())
    for app in sorted(apps.get_app_configs(), key=lambda each: each.label):
        for path in _sources(Path(app.path)):
            digest.update(f"{app.label} {path.name} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _sources(app: Path) -> list[Path]:
    found = [*app.glob("models.py"), *app.glob("models/**/*.py"), *app.glob("migrations/*.py")]
    return sorted(found)
