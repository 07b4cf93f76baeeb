"""A build gets nothing of the worker that starts it: no credentials, no stores, no home."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pytest_django import Settings

from deployments.adapters import builders, buildx
from deployments.adapters.buildkit import Line, Progress, Step
from deployments.adapters.buildx import BuildRequest, Credentials
from deployments.config import Config
from deployments.errors import PlatformError
from sandbox import base_image
from tests.webhooks.conftest import set_config

ROOT = Path(__file__).resolve().parents[2]
MARK = "marker-of-what-no-build-sees"
#: What a worker's own environment has, on ECS, EC2 and elsewhere.
WORKERS = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "EDAHA_DATABASE_URL",
    "EDAHA_REDIS_URL",
    "EDAHA_SECRET_KEY",
    "EDAHA_GITHUB_TOKEN",
    "GITHUB_TOKEN",
    "PGPASSWORD",
    "SSH_AUTH_SOCK",
    "DOCKER_AUTH_CONFIG",
    "DOCKER_CONFIG",
    "BUILDX_CONFIG",
    "HTTPS_PROXY",
    "LD_PRELOAD_NOT",
]
DUMP = """#!/bin/sh
{ env; echo "home: $(ls -A "$HOME")"; echo "files: $(ls /proc/self/fd | wc -l)"; } > %s
exec %s "$@"
"""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A worker with everything in its environment; what its `docker` was given is in the file."""
    for name in WORKERS:
        monkeypatch.setenv(name, MARK)
    dump, folder = tmp_path / "dump", tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(DUMP % (dump, shutil.which("docker") or "/bin/true"))
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    secret = (tmp_path / "open").open("w+")  # a file that the worker has open
    os.set_inheritable(secret.fileno(), True)
    yield dump
    secret.close()


@pytest.fixture(scope="session")
def _base() -> None:
    base_image.ensure()


def _request(folder: Path) -> BuildRequest:
    return BuildRequest(
        context=folder,
        dockerfile=folder / "Dockerfile",
        platforms=("linux/amd64",),
        target="registry.invalid/edaha/shop:x",
    )


def _build(folder: Path, credentials: Credentials, *more: str) -> tuple[int, list[str]]:
    """Run it as the product does, without a registry: the exit code, and what it printed."""
    said: list[Step | Line] = []
    with buildx._private_folder(credentials, {}) as private:
        command = [*buildx._common(_request(folder), private), *more, str(folder)]
        code = buildx._run(command, private, Progress(), said.append, lambda: None)
    return code, [each.text for each in said if isinstance(each, Line)]


def test_coolify_10342_a_builds_process_is_given_nothing(worker: Path, tmp_path: Path) -> None:
    """GitLab's and Coolify's builds ran with what could deploy."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    _build(tmp_path, Credentials("registry.invalid", "dGVzdA=="), "--help")
    told = worker.read_text()
    given = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    assert MARK not in told
    assert set(given) - {"PWD", "OLDPWD", "SHLVL", "_"} <= {
        *("PATH", "HOME", "DOCKER_CONFIG", "BUILDX_CONFIG", "BUILDX_NO_DEFAULT_ATTESTATIONS"),
        *("DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "BUILDX_BUILDER"),
    }
    assert given["HOME"] == given["DOCKER_CONFIG"] != os.environ["HOME"]
    # Its home has the login for one registry, an empty folder, and is gone afterwards.
    assert "home: config.json\nsecrets" in told
    assert not Path(given["HOME"]).exists()
    # Standard input, output, errors, and the folder that `ls` reads.
    assert "files: 4" in told


@pytest.mark.docker
@pytest.mark.usefixtures("_base")
def test_coolify_10342_a_dockerfile_finds_nothing_of_the_worker(
    worker: Path, tmp_path: Path
) -> None:
    login = "dXNlcjpsb2dpbi1vZi10aGUtcmVnaXN0cnk="
    (tmp_path / "Dockerfile").write_text(
        f"FROM {base_image.NAME}\n"
        "RUN env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; mount; ls -laR /root /run; "
        "cat /root/.docker/config.json /run/secrets/* 2>&1; ls /var/run/docker.sock 2>&1; "
        "id; cat /proc/self/status\n"
    )
    options = ("--no-cache", "--output=type=cacheonly")
    code, lines = _build(tmp_path, Credentials("registry.invalid", login), *options)
    text = "\n".join(lines)
    assert code == 0, text
    assert "PATH=" in text
    for secret in (MARK, login, "login-of-the-registry", str(ROOT), "edaha-build-"):
        assert secret not in text
    assert MARK not in worker.read_text()
    # No socket of the engine, and none of the capabilities that lead out of a container.
    assert "No such file" in text
    (capabilities,) = (line for line in lines if line.startswith("CapEff"))
    sys_admin = 1 << 21
    assert not int(capabilities.split()[1], 16) & sys_admin


@pytest.mark.docker
@pytest.mark.usefixtures("_base")
@pytest.mark.parametrize(
    ("step", "is_built"),
    [
        ("RUN true", True),
        ("RUN --security=insecure true", False),
        ("RUN --network=host true", False),
    ],
)
def test_cve_2024_23653_a_step_that_asks_for_privileges_fails(
    tmp_path: Path, step: str, is_built: bool
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image.NAME}\n{step}\n")
    code, _ = _build(tmp_path, Credentials("", ""), "--no-cache", "--output=type=cacheonly")
    assert (code == 0) == is_built


def test_limits_of_a_builds_steps_are_told_to_the_builder(
    settings: Settings, tmp_path: Path
) -> None:
    assert builders.limits() == []
    set_config(settings, build_cgroup="builds.slice", build_open_files=4096, build_file_gb=2.0)
    command = buildx.build_command(_request(tmp_path), tmp_path)
    assert {
        "--cgroup-parent=builds.slice",
        "--ulimit=nofile=4096:4096",
        "--ulimit=fsize=2000000000:2000000000",
    } <= set(command)


class TestRemoteBuilders:
    TWO = "linux/amd64=tcp://a.internal:1234,linux/arm64=tcp://b.internal:1234"

    def test_each_architecture_is_a_node_of_one_builder(self) -> None:
        assert builders.create_commands(self.TWO, "edaha-x", Path("/tls")) == [
            [
                *("docker", "buildx", "create", "--name=edaha-x", "--driver=remote"),
                "--platform=linux/amd64",
                "--driver-opt=cacert=/tls/ca.pem,cert=/tls/cert.pem,key=/tls/key.pem",
                "tcp://a.internal:1234",
            ],
            [
                *("docker", "buildx", "create", "--name=edaha-x", "--driver=remote"),
                "--platform=linux/arm64",
                "--driver-opt=cacert=/tls/ca.pem,cert=/tls/cert.pem,key=/tls/key.pem",
                "--append",
                "tcp://b.internal:1234",
            ],
        ]

    @pytest.mark.docker
    def test_buildx_itself_takes_them(self, settings: Settings, tmp_path: Path) -> None:
        set_config(settings, builders=self.TWO, data=tmp_path)
        environment = buildx.environment(tmp_path)
        assert environment["BUILDX_BUILDER"] == builders.name()
        builders.ensure(environment)
        builders.ensure(environment)
        listed = subprocess.run(
            ["docker", "buildx", "ls"], env=environment, capture_output=True, text=True, timeout=90
        ).stdout
        assert builders.name() in listed
        assert "tcp://a.internal:1234" in listed
        assert "tcp://b.internal:1234" in listed

    def test_one_that_is_not_taken_is_told_and_tried_again(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "docker").write_text("#!/bin/sh\necho no such driver >&2\nexit 1\n")
        (tmp_path / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        set_config(settings, builders=self.TWO, data=tmp_path)
        for _ in range(2):
            with pytest.raises(PlatformError, match="no such driver") as caught:
                builders.ensure(buildx.environment(tmp_path))
            assert "EDAHA_BUILDERS" in caught.value.hint

    @pytest.mark.parametrize(
        "value",
        [
            *("x", "linux/amd64", "linux/amd64=a", "windows/amd64=tcp://a", "linux/amd64=ssh://a"),
            *("linux/amd64=tcp://a --driver=x", "linux/amd64=tcp://a,--append", "linux/amd64=-x"),
        ],
    )
    def test_a_setting_that_is_wrong_is_told_at_the_start(self, value: str) -> None:
        given: dict[str, Any] = {"secret_key": "x" * 40, "builders": value}
        with pytest.raises(ValidationError, match="builders"):
            Config(**given)


@pytest.mark.docker
def test_the_rules_for_a_build_machine_are_loaded_by_nftables() -> None:
    rules = str(ROOT / "infra/builds.nft")
    # In a network namespace of its own, twice: loading it again changes nothing.
    command = [
        "unshare",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        'nft -f "$1" && nft -f "$1" && nft list ruleset',
    ]
    done = subprocess.run([*command, "sh", rules], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("table inet edaha_builds") == 1
    assert "169.254.0.0/16" in done.stdout
