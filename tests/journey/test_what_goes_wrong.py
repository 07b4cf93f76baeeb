"""Bad input: each ends in a final state with a message to act on, and nothing is left behind."""

import json

import pytest

from tests import github

from .application import DOCKERFILE, Application
from .running import SECRET, Running, wait_for

SHOP = "acme/shop"

#: An ELF header (man 5 elf) that says EM_AARCH64, 183: the kernel here will not run it.
DOCKERFILE_FOR_ARM = """\
FROM localhost/python:3-slim
RUN printf '\\177ELF\\002\\001\\001%09d\\002\\000\\267\\000%0100d' 0 0 > /x && chmod +x /x
CMD ["/x"]
"""


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("no-dockerfile", {"Dockerfile": None}, "There is no Dockerfile in commit"),
        (
            "failing-build",
            {"Dockerfile": DOCKERFILE + "RUN echo it breaks here && exit 3\n"},
            "failed at Dockerfile:5: exit code 3",
        ),
        (
            "exits-at-once",
            {"start.sh": "echo out of luck; exit 7"},
            "exited by itself with code 7",
        ),
        (
            "never-answers",
            {"start.sh": "echo waiting; exec sleep 600"},
            "did not answer on port 3000 within 15 s",
        ),
        (
            "wrong-platform",
            {"Dockerfile": DOCKERFILE_FOR_ARM},
            "is for another CPU architecture",
        ),
        ("broken-dockerfile", {"Dockerfile": "FORM scratch\n"}, "FORM"),
    ],
)
def test_a_mistake_in_the_repository(
    running: Running,
    application: Application,
    name: str,
    files: dict[str, str | None],
    message: str,
) -> None:
    commit = application.branch(name, files)
    running.deliver("pull_request", github.pull_request("opened", SHOP, name, commit, number=40))

    branch = running.wait_for_branch(SHOP, name, "failed", seconds=120)

    assert message in branch["deployment"]["error"]
    assert running.preview(branch["slug"]).status_code == 503
    wait_for(lambda: not _services(running, name), "the failed service to be gone", 30)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--cluster", "nowhere", "The ECS cluster “nowhere” does not exist"),
        ("--subnet", "subnet-0123456789abcdef0", "subnet-0123456789abcdef0"),
        ("--namespace", "no.such.namespace", "no private DNS namespace “no.such.namespace”"),
    ],
)
def test_a_setting_that_names_what_is_not_there(
    running: Running, application: Application, option: str, value: str, message: str
) -> None:
    full_name = f"acme/wrong{option}"
    running.add_repository(full_name, application.path, "--port", "3000", option, value)
    application.checkout("main")
    commit = application.branch(f"wrong{option}", {"www/index.html": "x"})

    running.deliver(
        "pull_request", github.pull_request("opened", full_name, f"wrong{option}", commit)
    )

    branch = running.wait_for_branch(full_name, f"wrong{option}", "failed")
    assert message in branch["deployment"]["error"]


def test_a_failed_deployment_leaves_the_last_good_version_serving(
    running: Running, application: Application
) -> None:
    good = application.branch("good-then-bad", {"www/index.html": "good"})
    running.deliver(
        "pull_request", github.pull_request("opened", SHOP, "good-then-bad", good, number=50)
    )
    slug = running.wait_for_branch(SHOP, "good-then-bad", "live")["slug"]

    bad = application.commit({"start.sh": "exit 1"})
    running.deliver("push", github.push(SHOP, "good-then-bad", bad))

    running.wait_for_branch(SHOP, "good-then-bad", "failed", commit=bad)
    answer = running.preview(slug)
    assert (answer.status_code, answer.text.strip()) == (200, "good")


def test_a_delivery_that_is_not_githubs_is_refused(running: Running) -> None:
    body = json.dumps(github.ping()).encode()
    forged = github.headers("ping", body, "a guess")
    url = f"{running.url}/webhooks/github"

    assert running.http.post(url, content=body, headers=forged).status_code == 401
    assert running.http.post(url, content=body).status_code in {400, 401}

    huge = b"[" + b" " * (30 * 1024 * 1024) + b"]"
    answer = running.http.post(url, content=huge, headers=github.headers("push", huge, SECRET))
    assert answer.status_code == 413

    broken = b'{"ref": '
    answer = running.http.post(url, content=broken, headers=github.headers("push", broken, SECRET))
    assert answer.status_code == 400


def test_every_delivery_says_what_was_decided_and_why(
    running: Running, application: Application
) -> None:
    guid = "11111111-2222-3333-4444-555555555555"
    stranger = github.push("acme/unknown", "main", "0" * 40)

    assert running.deliver("push", stranger, guid=guid).status_code == 202
    assert running.deliver("push", stranger, guid=guid).status_code == 200

    def decided() -> bool:
        return bool(running.api("GET", f"/deliveries/{guid}").json().get("decision"))

    wait_for(decided, "the decision", 10)
    decision = running.api("GET", f"/deliveries/{guid}").json()["decision"]
    assert decision == "ignored: repository acme/unknown is not known"


def _services(running: Running, name: str) -> list[str]:
    arns = running.aws("ecs").list_services(cluster="edaha")["serviceArns"]
    return [arn for arn in arns if name in arn]
