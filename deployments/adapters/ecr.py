"""Amazon ECR: where images and build caches are kept."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import ClientError

from ..config import config
from .aws import client, code_of, told_as
from .buildx import Credentials

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

_known: dict[str, str] = {}
_IMAGES_A_CALL = 100
_IMAGES_A_PAGE = 1000
_TAG = "edaha:installation"


def ensure_repository(name: str) -> str:
    """`registry/name` of a repository, which is created if it is new."""
    if name not in _known:
        with told_as(f"create the image repository {name}"):
            try:
                found = _uri(name)
            except ClientError as problem:
                if code_of(problem) != "RepositoryNotFoundException":
                    raise
                found = _create_repository(name)
        _known[name] = f"{config().registry}/{name}" if config().registry else found
    return _known[name]


def _uri(name: str) -> str:
    answer = _ecr().describe_repositories(repositoryNames=[name])
    return answer["repositories"][0]["repositoryUri"]


def _create_repository(name: str) -> str:
    try:
        answer = _ecr().create_repository(
            repositoryName=name,
            # Only in a repository with this tag are images removed that nothing stands for.
            tags=[{"Key": _TAG, "Value": config().installation}],
        )
        return answer["repository"]["repositoryUri"]
    except ClientError as problem:
        # Another branch's first build was faster, or an answer got lost.
        if code_of(problem) != "RepositoryAlreadyExistsException":
            raise
        return _uri(name)


def credentials() -> Credentials:
    """A login that is valid for 12 hours: ask for it right before the push."""
    with told_as("log in to the registry"):
        data = _ecr().get_authorization_token()["authorizationData"][0]
    registry = config().registry or data["proxyEndpoint"].removeprefix("https://")
    return Credentials(registry=registry, auth=data["authorizationToken"])


def has_image(name: str, digest: str) -> bool:
    """Whether the registry still has an image."""
    with told_as("look for an image"):
        try:
            answer = _ecr().batch_get_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
        except ClientError as problem:
            if code_of(problem) == "RepositoryNotFoundException":
                return False
            raise
    return bool(answer["images"])


def manifest(name: str, digest: str) -> dict[str, Any] | None:
    """An image's manifest, or the index of one for several platforms; None where it is not there.

    https://github.com/opencontainers/image-spec/blob/main/image-index.md
    """
    with told_as("look for an image"):
        try:
            answer = _ecr().batch_get_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
        except ClientError as problem:
            if code_of(problem) == "RepositoryNotFoundException":
                return None
            raise
    if not answer["images"]:
        return None
    found: dict[str, Any] = orjson.loads(answer["images"][0]["imageManifest"])
    return found


def platforms(manifest: Mapping[str, Any]) -> set[str] | None:
    """What an index has images for; None for a single image, whose manifest does not tell."""
    if "manifests" not in manifest:
        return None
    told = [entry.get("platform") or {} for entry in manifest["manifests"]]
    found = {f"{each.get('os')}/{each.get('architecture')}" for each in told}
    # So buildx names what tells of an image and is none.
    return found - {"unknown/unknown", "None/None"}


def digest_of(name: str, tag: str) -> str:
    """The digest that a tag stands for; empty where there is no such tag."""
    with told_as("look for an image"):
        answer = _ecr().batch_get_image(repositoryName=name, imageIds=[{"imageTag": tag}])
    return answer["images"][0]["imageId"]["imageDigest"] if answer["images"] else ""


def digests(name: str) -> set[str]:
    """Of every image that the registry has; a thousand a call."""
    with told_as("list images"):
        try:
            pages = (
                _ecr()
                .get_paginator("list_images")
                .paginate(repositoryName=name, PaginationConfig={"PageSize": 1000})
            )
            return {each["imageDigest"] for page in pages for each in page["imageIds"]}
        except ClientError as problem:
            if code_of(problem) != "RepositoryNotFoundException":
                raise
            return set()


def tagged_images(name: str) -> dict[str, list[str]]:
    """Digest → tags of every image that has any; empty where there is no such repository."""
    found: dict[str, list[str]] = {}
    with told_as(f"look at the images of {name}"):
        pages = (
            _ecr()
            .get_paginator("describe_images")
            .paginate(
                repositoryName=name,
                filter={"tagStatus": "TAGGED"},
                PaginationConfig={"PageSize": _IMAGES_A_PAGE},
            )
        )
        try:
            for page in pages:
                for image in page["imageDetails"]:
                    found[image["imageDigest"]] = image.get("imageTags", [])
        except ClientError as problem:
            if code_of(problem) != "RepositoryNotFoundException":
                raise
    return found


def uri_if_ours(name: str) -> str:
    """`registry/name` of a repository that this installation made; empty for any other."""
    with told_as(f"look at the image repository {name}"):
        found = _ecr().describe_repositories(repositoryNames=[name])["repositories"][0]
        tags = _ecr().list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    is_ours = {"Key": _TAG, "Value": config().installation} in tags
    return found["repositoryUri"] if is_ours else ""


def delete_images(name: str, *, tags: list[str], digests: list[str]) -> None:
    """Delete what exists of these, with the images of each platform; no error about the rest."""
    ids: list[ImageIdentifierTypeDef] = [{"imageTag": tag} for tag in tags]
    ids += [{"imageDigest": digest} for digest in digests]
    with told_as("delete images"):
        for start in range(0, len(ids), _IMAGES_A_CALL):
            part = ids[start : start + _IMAGES_A_CALL]
            try:
                children = _platform_images(name, part)
                _ecr().batch_delete_image(repositoryName=name, imageIds=part)
                if children:
                    _ecr().batch_delete_image(repositoryName=name, imageIds=children)
            except ClientError as problem:
                if code_of(problem) != "RepositoryNotFoundException":
                    raise


def _platform_images(
    name: str, ids: "list[ImageIdentifierTypeDef]"
) -> "list[ImageIdentifierTypeDef]":
    """The images that indexes among `ids` refer to: ECR keeps them when an index is deleted."""
    answer = _ecr().batch_get_image(repositoryName=name, imageIds=ids)
    manifests = [orjson.loads(image["imageManifest"]) for image in answer["images"]]
    children = {entry["digest"] for each in manifests for entry in each.get("manifests", ())}
    return [{"imageDigest": digest} for digest in sorted(children)]


def _ecr() -> "ECRClient":
    ecr: ECRClient = client("ecr")
    return ecr
