"""What a repository's settings may say, and what buildx is told."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from deployments import names
from deployments.adapters.buildx import BuildRequest, build_command, export_cache_command
from deployments.fargate import SIZES
from deployments.models import Repository

from . import branch_names


def repository(**settings: Any) -> Repository:
    return Repository(full_name="acme/shop", clone_url="https://github.com/acme/shop", **settings)


class TestRepositorySettings:
    @pytest.mark.parametrize("cpu", SIZES)
    def test_fargates_sizes_are_taken(self, cpu: int) -> None:
        for memory in SIZES[cpu]:
            repository(cpu=cpu, memory=memory).clean()

    @pytest.mark.parametrize(
        ("field", "settings"),
        [
            ("cpu", {"cpu": 100}),
            ("memory", {"cpu": 256, "memory": 4096}),
            ("memory", {"cpu": 256, "memory": 1536}),
            ("launch_type", {"launch_type": "EC2", "capacity_providers": ["x"]}),
            ("dockerfile", {"dockerfile": "../Dockerfile"}),
            ("dockerfile", {"dockerfile": "/etc/passwd"}),
            ("dockerfile", {"dockerfile": "--file"}),
            ("context", {"context": "a/../../b"}),
            ("platforms", {"platforms": []}),
            ("platforms", {"platforms": ["windows/amd64"]}),
            ("platforms", {"platforms": "linux/amd64"}),
            ("environment", {"environment": {"A B": "1"}}),
            ("environment", {"environment": {"A": 1}}),
            ("environment", {"environment": ["A"]}),
            ("patterns", {"policy": "patterns"}),
            ("subnets", {"subnets": [1]}),
            ("definitions", {"definitions": "../edaha.yml"}),
            ("allowed", {"allowed": "privileged"}),
            ("allowed", {"allowed": ["everything"]}),
            ("allowed", {"allowed": ["role:"]}),
            ("allowed", {"allowed": ["role:*", "root:*"]}),
            ("health_path", {"health_path": "health"}),
            ("health_path", {"health_path": "/a\r\nHost: b"}),
        ],
    )
    def test_what_aws_or_buildx_would_refuse_is_refused_at_once(
        self, field: str, settings: dict[str, Any]
    ) -> None:
        with pytest.raises(ValidationError) as caught:
            repository(**settings).clean()
        assert set(caught.value.message_dict) == {field}


class TestBuildxCommands:
    request = BuildRequest(
        context=Path("/cache/x/app"),
        dockerfile=Path("/cache/x/Dockerfile"),
        platforms=("linux/amd64", "linux/arm64"),
        target="registry/edaha/shop:x-aaa",
        cache_from=("registry/edaha/shop:cache-x", "registry/edaha/shop:cache-main"),
    )
    COMMON = [
        "docker",
        "buildx",
        "build",
        "--progress=rawjson",
        "--provenance=false",
        "--sbom=false",
        "--file=/cache/x/Dockerfile",
        "--platform=linux/amd64,linux/arm64",
    ]

    def test_a_build_pushes_and_reads_both_caches(self) -> None:
        assert build_command(self.request, Path("/tmp")) == [
            *self.COMMON,
            "--cache-from=type=registry,ref=registry/edaha/shop:cache-x",
            "--cache-from=type=registry,ref=registry/edaha/shop:cache-main",
            "--metadata-file=/tmp/metadata.json",
            "--output=type=image,name=registry/edaha/shop:x-aaa,push=true,oci-mediatypes=true",
            "/cache/x/app",
        ]

    def test_secrets_are_named_and_their_values_are_in_files(self) -> None:
        given = {"stage": "production", "args": (("A", "1 2"),), "secrets": {"npm": b"s3cret"}}
        request = BuildRequest(**vars(self.request) | given)
        command = build_command(request, Path("/tmp"))
        added = set(command) - set(build_command(self.request, Path("/tmp")))
        assert added == {
            "--target=production",
            "--build-arg=A=1 2",
            "--secret=id=npm,src=/tmp/secrets/npm",
        }
        assert "s3cret" not in repr(request)

    def test_a_build_without_cache_reads_none(self) -> None:
        anew = BuildRequest(**vars(self.request) | {"no_cache": True})
        command = build_command(anew, Path("/tmp/m"))
        assert {"--no-cache", "--pull"} <= set(command)
        assert not [argument for argument in command if argument.startswith("--cache-from")]

    def test_the_cache_is_written_as_ecr_takes_it(self) -> None:
        command = export_cache_command(self.request, "registry/edaha/shop:cache-x", Path("f"))
        assert command[: len(self.COMMON)] == self.COMMON
        assert (
            "--cache-to=type=registry,ref=registry/edaha/shop:cache-x,mode=max,"
            "image-manifest=true,oci-mediatypes=true" in command
        )
        assert "--output=type=cacheonly" in command

    @given(branch_names.names(), st.sampled_from(["a" * 40, "b" * 64]))
    def test_no_branch_name_becomes_an_option_or_an_attribute(self, name: str, commit: str) -> None:
        target = f"registry/edaha/shop:{names.image_tag(names.slugify(name), commit, 'app')}"
        usual = build_command(self.request, Path("m"))
        command = build_command(BuildRequest(**vars(self.request) | {"target": target}), Path("m"))
        (changed,) = set(command) - set(usual)
        assert len(command) == len(usual)
        assert changed.startswith("--output=type=image,name=registry/edaha/shop:")
        assert changed.count(",") == 3
