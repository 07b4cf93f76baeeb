"""ECR's rules about images and their tags, which are kept here: moto lets an image go with its tag.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
"""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from . import syntax
from .call import Call, Json, Refusal, Reply
from .upstream import Upstream

Handlers = dict[str, Callable[[Call], Reply]]


@dataclass
class Store:
    """One repository."""

    #: Digest → manifest, and tag → digest.
    manifests: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def tags_of(self, digest: str) -> list[str]:
        return sorted(tag for tag, where in self.tags.items() if where == digest)

    def find(self, wanted: Json) -> str:
        """The digest that is meant; empty where there is none."""
        digest = wanted.get("imageDigest") or self.tags.get(wanted.get("imageTag", ""), "")
        return digest if digest in self.manifests else ""

    def indexes_of(self, digest: str) -> list[str]:
        """The images that refer to this one as a platform's."""
        return [
            parent
            for parent, manifest in self.manifests.items()
            if digest in {entry["digest"] for entry in json.loads(manifest).get("manifests", ())}
        ]


class Images:
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._stores: dict[str, Store] = {}
        self._lock = threading.RLock()

    def handlers(self) -> Handlers:
        return {
            "ecr.CreateRepository": self._create,
            "ecr.PutImage": self._put,
            "ecr.BatchGetImage": self._get,
            "ecr.BatchDeleteImage": self._delete,
            "ecr.ListImages": self._list,
            "ecr.DescribeImages": self._describe,
        }

    def left(self) -> dict[str, list[Json]]:
        """Repository → its images, those without a tag as well."""
        with self._lock:
            return {
                name: [{"digest": each, "tags": store.tags_of(each)} for each in store.manifests]
                for name, store in self._stores.items()
            }

    def _create(self, call: Call) -> Reply:
        syntax.image_repository(call.body["repositoryName"])
        with self._lock:
            reply = self._upstream.ask(call)
            if reply.status == 200:
                self._stores.setdefault(call.body["repositoryName"], Store())
            return reply

    def _store(self, call: Call) -> Store:
        name = call.body["repositoryName"]
        if name not in self._stores:
            raise Refusal(
                "RepositoryNotFoundException", f"The repository with name '{name}' does not exist"
            )
        return self._stores[name]

    def _put(self, call: Call) -> Reply:
        """A tag that moves leaves its earlier image behind, without a tag."""
        body = call.body
        manifest, tag = body["imageManifest"], body.get("imageTag")
        digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
        if body.get("imageDigest", digest) != digest:
            raise Refusal("ImageDigestDoesNotMatchException", "The digest does not match.")
        with self._lock:
            store = self._store(call)
            if digest in store.manifests and (not tag or store.tags.get(tag) == digest):
                raise Refusal("ImageAlreadyExistsException", "The image already exists.")
            store.manifests[digest] = manifest
            if tag:
                store.tags[tag] = digest
        image = {"imageId": {"imageDigest": digest, **({"imageTag": tag} if tag else {})}}
        return Reply.of({"image": {**image, "repositoryName": body["repositoryName"]}})

    def _get(self, call: Call) -> Reply:
        images, failures = [], []
        with self._lock:
            store = self._store(call)
            for wanted in call.body["imageIds"]:
                digest = store.find(wanted)
                if not digest:
                    failures.append(_failure(wanted, "ImageNotFound"))
                    continue
                tag = {"imageTag": wanted["imageTag"]} if "imageTag" in wanted else {}
                images.append(
                    {
                        "repositoryName": call.body["repositoryName"],
                        "imageId": {"imageDigest": digest, **tag},
                        "imageManifest": store.manifests[digest],
                    }
                )
        return Reply.of({"images": images, "failures": failures})

    def _delete(self, call: Call) -> Reply:
        """By tag: the tag, and the image with its last one. By digest: the image, with all tags.

        The images of an index stay until it is gone (ImageReferencedByManifestList).
        """
        wanted = call.body["imageIds"]
        if len(wanted) > 100:
            raise Refusal("InvalidParameterException", "imageIds can have at most 100 items")
        done, failures = [], []
        with self._lock:
            store = self._store(call)
            for each in wanted:
                digest = store.find(each)
                if not digest:
                    failures.append(_failure(each, "ImageNotFound"))
                elif "imageDigest" in each and store.indexes_of(digest):
                    failures.append(_failure(each, "ImageReferencedByManifestList"))
                else:
                    done += _remove(store, digest, each.get("imageTag"))
        return Reply.of({"imageIds": done, "failures": failures})

    def _list(self, call: Call) -> Reply:
        status = call.body.get("filter", {}).get("tagStatus", "ANY")
        with self._lock:
            store = self._store(call)
            found: list[Json] = []
            for digest in store.manifests:
                tags = store.tags_of(digest)
                if tags and status != "UNTAGGED":
                    found += [{"imageDigest": digest, "imageTag": tag} for tag in tags]
                elif not tags and status != "TAGGED":
                    found.append({"imageDigest": digest})
        return Reply.of({"imageIds": found})

    def _describe(self, call: Call) -> Reply:
        name = call.body["repositoryName"]
        status = call.body.get("filter", {}).get("tagStatus", "ANY")
        with self._lock:
            store = self._store(call)
            meant = [store.find(each) for each in call.body.get("imageIds", ())]
            if not all(meant):
                raise Refusal("ImageNotFoundException", "The image does not exist.")
            found = [
                {
                    "repositoryName": name,
                    "imageDigest": digest,
                    "imageTags": tags,
                    "imagePushedAt": 0,
                }
                for digest in meant or store.manifests
                for tags in [store.tags_of(digest)]
                if status == "ANY" or bool(tags) == (status == "TAGGED")
            ]
        return Reply.of({"imageDetails": found})


def _remove(store: Store, digest: str, tag: str | None) -> list[Json]:
    gone = [tag] if tag else store.tags_of(digest)
    for each in gone:
        store.tags.pop(each, None)
    if not store.tags_of(digest):
        del store.manifests[digest]
    return [{"imageDigest": digest, "imageTag": each} for each in gone] or [{"imageDigest": digest}]


def _failure(wanted: Json, code: str) -> Json:
    return {"imageId": wanted, "failureCode": code, "failureReason": code}
