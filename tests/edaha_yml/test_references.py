"""Names that must exist, and what excludes what."""

import pytest

from .repository import DOCKERFILES, told

MISTAKES = [
    (
        "images: {web: {}}\nservices: {site: {image: wbe}}",
        "edaha.yml:2: “image” of service site: there is no image wbe. Did you mean “web”?",
    ),
    (
        "services: {web: {containers: {r: {image: redis}}}}",
        "edaha.yml:1: “image” of container r of service web: there is no image redis. "
        "Describe it under images, or give a registry's image with its tag, such as redis:latest",
    ),
    (
        "images: {web: {}, api: {}}\nservices: {site: {}}",
        "edaha.yml:2: Service site does not say its image. "
        "Write image: and one of web, api, or a reference such as nginx:1.",
    ),
    (
        "images: {}\nservices: {site: {}}",
        "edaha.yml:2: Service site does not say its image. "
        "Write image: and a reference such as nginx:1.",
    ),
    (
        "images: {web: {}, api: {}}",
        "edaha.yml:1: With several images, “services” must say which run.",
    ),
    (
        "services:\n  a: {default: true}\n  b: {default: true}",
        "edaha.yml:3: Service b says default: true, and so does a; only one can be.",
    ),
    (
        "services: {a: {default: false}}",
        "edaha.yml:1: Every service says default: false; one must be the default.",
    ),
    (
        "services: {web: {containers: {app: {image: 'a:1'}}}}",
        "edaha.yml:1: “app” is the name of the service's own container; choose another.",
    ),
    (
        "services: {web: {depends_on: [rediss], containers: {redis: {image: 'redis:7'}}}}",
        "edaha.yml:1: Container app depends on rediss, which there is not. Did you mean “redis”?",
    ),
    (
        "services: {web: {depends_on: {r: HEALTHY}, containers: {r: {image: 'redis:7'}}}}",
        "edaha.yml:1: Container app waits for r to be HEALTHY, which has no health_check.",
    ),
    (
        "services: {web: {port: 80, containers: {r: {image: 'redis:7', port: 80}}}}",
        "edaha.yml:1: Containers app and r share one address, and both use port 80.",
    ),
    (
        "services: {web: {environment: {A: b}, secrets: {A: 'ssm:/a'}}}",
        "edaha.yml:1: “A” is in “environment”, too; keep one.",
    ),
    (
        "services: {web: {launch_type: EC2, capacity_providers: [x]}}",
        "edaha.yml:1: Service web has launch_type and capacity_providers; ECS takes one of them.",
    ),
    (
        "services: {web: {architecture: ARM64}}",
        "edaha.yml:1: Service web runs on ARM64, but its image app is built for linux/amd64 only. "
        "Add linux/arm64 to the image's platforms.",
    ),
    (
        "services: {web: {}, mail: {image: 'mailpit:1'}}",
        "edaha.yml:1: Service mail needs “port”: mailpit:1 is not built here.",
    ),
    (
        "services: {web: {}}\nhooks: {release: {service: wbe, command: x}}",
        "edaha.yml:2: There is no service wbe for the release hook. Did you mean “web”?",
    ),
    (
        "services: {web: {}}\nhooks: {destroy: {container: db, command: x}}",
        "edaha.yml:2: Service web has no container db. It has app.",
    ),
    (
        "images: {web: {dockerfile: web/Dockerfil}}",
        "edaha.yml:1: There is no file web/Dockerfil.",
    ),
    (
        "images: {api: {context: sub, dockerfile: Dockerfile.prod}}",
        "edaha.yml:1: There is no file Dockerfile.prod. "
        "Paths are from the repository's root: sub/Dockerfile.prod.",
    ),
    (
        "services: {api: {ecspresso: deploy/ecspresso.yml}}",
        "edaha.yml:1: There is no file deploy/ecspresso.yml.",
    ),
    (
        "services: {api: {ecspresso: ecspresso.yml, cpu: 256}}",
        "edaha.yml:1: “cpu” of service api cannot stand beside “ecspresso”. "
        "Write it into the files of ecspresso.yml.",
    ),
    (
        "services: {api: {ecspresso: {config: ecspresso.yml, images: {app: apo}}}}",
        "edaha.yml:1: “app” of “images” of “ecspresso” of service api: there is no image apo. "
        "Did you mean “app”?",
    ),
    (
        "images: {web: {paths: [web, ../other]}}",
        "edaha.yml:1: ../other: “../other” leads out of the repository.",
    ),
]
FILES = {**DOCKERFILES, "ecspresso.yml": "", "sub/Dockerfile.prod": ""}


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_told_in_words(text: str, message: str) -> None:
    files = FILES if "ecspresso.yml" in text or "sub" in text else DOCKERFILES
    assert told(text, files) == [message]


def test_containers_must_not_wait_for_each_other() -> None:
    found = told("""
        services:
          web:
            depends_on: [a]
            containers:
              a: {image: "a:1", depends_on: [b]}
              b: {image: "b:1", depends_on: [app]}
              c: {image: "c:1", depends_on: [app]}
        """)
    assert [line.split(": ", 1)[1] for line in found] == [
        "Containers app and a wait for each other.",
        "Containers a and b wait for each other.",
        "Containers b and app wait for each other.",
    ]


def test_a_container_does_not_wait_for_itself() -> None:
    [line] = told("services: {web: {depends_on: [app]}}")
    assert line == "edaha.yml:1: Containers app and app wait for each other."


@pytest.mark.parametrize("key", ["command", "environment", "containers", "image", "task_role"])
def test_nothing_else_stands_beside_ecspresso(key: str) -> None:
    values = {
        "environment": {"A": "b"},
        "containers": {"r": {"image": "redis:7"}},
        "image": "app",
        "task_role": "arn:aws:iam::123456789012:role/shop",
    }
    document = {"services": {"api": {"ecspresso": "ecspresso.yml", key: values.get(key, "x")}}}
    [line] = told(document, FILES)
    assert f"“{key}” of service api cannot stand beside “ecspresso”" in line


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", ".."])
@pytest.mark.parametrize("key", ["context", "dockerfile"])
def test_no_path_leads_out(path: str, key: str) -> None:
    [line] = told({"images": {"web": {key: path}}})
    assert "leads out of the repository" in line
