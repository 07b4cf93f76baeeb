"""The action `build`: its steps in order, with stand-ins for the actions of others."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.rows import COMMIT

from .runner import ROOT, Ended, Runner, describe
from .seam import DIGEST, STORE, Seam, an_image, refusal

ROLE = "arn:aws:iam::123456789012:role/push"


def build(job: Runner, seam: Seam, **inputs: str) -> Ended:
    return job.use("build", server=seam.address, role=ROLE, **inputs)


def test_an_image_is_built_pushed_and_given_by_its_digest(job: Runner, seam: Seam) -> None:
    done = build(job, seam)
    assert done.code == 0, done.said
    assert done.outputs == {"name": "shop", "image": f"{STORE}@{DIGEST}", "digest": DIGEST}
    assert f"{STORE}@{DIGEST}" in done.summary
    pushed = done.used["docker/build-push-action"]
    assert pushed["tags"] == f"{STORE}:feature-x-3f2a1bc-shop"
    assert (pushed["context"], pushed["file"]) == ("./.", "./Dockerfile")
    assert (pushed["platforms"], pushed["push"]) == ("linux/amd64", "true")
    assert pushed["cache-from"] == "type=gha,scope=edaha-shop"


def test_aws_is_asked_as_the_role_for_edahas_registry(job: Runner, seam: Seam) -> None:
    used = build(job, seam).used
    credentials = used["aws-actions/configure-aws-credentials"]
    assert (credentials["role-to-assume"], credentials["aws-region"]) == (ROLE, "ap-northeast-1")
    assert used["aws-actions/amazon-ecr-login"]["registries"] == "123456789012"


@pytest.mark.parametrize(
    ("platforms", "arch", "foreign"),
    [
        (["linux/amd64"], "X64", None),
        (["linux/arm64"], "ARM64", None),
        (["linux/amd64", "linux/arm64"], "X64", "linux/arm64"),
        (["linux/amd64"], "ARM64", "linux/amd64"),
    ],
)
def test_only_a_foreign_processor_is_emulated(
    job: Runner, seam: Seam, platforms: list[str], arch: str, foreign: str | None
) -> None:
    seam.images, job.environment["RUNNER_ARCH"] = [an_image(platforms=platforms)], arch
    used = build(job, seam).used
    assert used.get("docker/setup-qemu-action", {}).get("platforms") == foreign
    assert used["docker/build-push-action"]["platforms"] == ",".join(platforms)


def test_arguments_come_through_dockers_list_as_they_are(job: Runner, seam: Seam) -> None:
    args = {"A": "1,2", "B": 'say "x"', "C": "two\nlines", "D": "#no comment", "E": "$(id)`id`"}
    seam.images = [an_image(args=args, context="app", dockerfile="app/Dockerfile", target="web")]
    pushed = build(job, seam, path="src/shop")
    assert pushed.code != 0  # git knows no clone there
    pushed = build(job, seam)
    given = pushed.used["docker/build-push-action"]
    read = [row[0] for row in csv.reader(io.StringIO(given["build-args"], newline=""))]
    assert read == [f"{name}={text}" for name, text in args.items()]
    assert (given["context"], given["file"]) == ("./app", "./app/Dockerfile")
    assert given["target"] == "web"


def test_one_of_several_is_named(job: Runner, seam: Seam) -> None:
    seam.images = [an_image("web"), an_image("api", dockerfile="api/Dockerfile")]
    done = build(job, seam, image="api")
    assert done.outputs["name"] == "api"
    assert done.used["docker/build-push-action"]["cache-to"].startswith(
        "type=gha,mode=max,scope=edaha-api"
    )


@pytest.mark.parametrize(
    ("image", "says"), [("", "has several: web, api"), ("db", "has no db.%0AIts images: web, api")]
)
def test_an_image_that_is_not_named_well(job: Runner, seam: Seam, image: str, says: str) -> None:
    seam.images = [an_image("web"), an_image("api")]
    done = build(job, seam, image=image)
    assert (done.code, done.outputs, done.used) == (2, {}, {})
    assert says in done.said


@pytest.mark.parametrize("path", ["../other", "/etc", "a/../../b"])
def test_nothing_outside_of_the_repository_is_built(job: Runner, seam: Seam, path: str) -> None:
    seam.images = [an_image(dockerfile=path)]
    done = build(job, seam)
    assert done.code == 2 and "outside of the repository" in done.said
    assert not done.used


def test_an_address_is_no_context(job: Runner, seam: Seam) -> None:
    seam.images = [an_image(context="https://evil.example/x.git")]
    given = build(job, seam).used["docker/build-push-action"]
    assert given["context"] == "./https:/evil.example/x.git"


REFUSED = [
    (refusal(403, "The token is of no use.", "Use another."), 4, "role `deployer` for workflows"),
    (refusal(409, "A newer commit is wanted.", "Push again."), 1, "A newer commit is wanted."),
    (refusal(422, "query.commit: no commit"), 2, "query.commit: no commit"),
]


@pytest.mark.parametrize(("answer", "code", "says"), REFUSED)
def test_a_refusal_is_told(job: Runner, seam: Seam, answer: Any, code: int, says: str) -> None:
    seam.problems = [answer]
    done = build(job, seam)
    assert done.code == code
    assert f"::error title=No image::{says}" in done.said or says in done.said
    assert says in done.summary


def test_a_commit_that_is_not_heard_of_yet_is_waited_for(job: Runner, seam: Seam) -> None:
    seam.problems = [refusal(404, "There is nothing at this address.")]
    assert build(job, seam).code == 0
    assert seam.asked == 2


def test_the_server_says_when_to_come_again(job: Runner, seam: Seam) -> None:
    seam.problems = [refusal(429, "Too many.", Retry_After="1"), refusal(503, "", Retry_After="1")]
    assert build(job, seam).code == 0
    assert seam.asked == 3


def test_another_commit_is_not_built_in_its_place(job: Runner, seam: Seam, clone: Path) -> None:
    """As actions/checkout leaves it for a pull request: the commit of the merge."""
    job.environment["PATH"] = job.environment["PATH"].partition(":")[2]
    job.workspace = clone
    done = build(job, seam)
    assert done.code == 2
    assert f"is checked out, and not {COMMIT[:12]} of feature-x" in done.said
    assert "github.event.pull_request.head.sha" in done.said and seam.asked == 0


def test_what_docker_gives_has_to_be_a_digest(job: Runner, seam: Seam) -> None:
    job.stand_ins = {"docker/build-push-action": lambda _: {}}
    done = build(job, seam)
    assert done.code == 2 and "The build gives no digest" in done.said
    assert "image" not in done.outputs


def test_a_branch_cannot_run_anything(job: Runner, seam: Seam, tmp_path: Path) -> None:
    job.github["head_ref"] = f"$(touch {tmp_path}/evil);`touch {tmp_path}/evil`"
    assert build(job, seam).code == 0
    assert not (tmp_path / "evil").exists()


def test_what_the_server_says_is_no_command(job: Runner, seam: Seam) -> None:
    seam.images = [an_image(dockerfile="a\n::add-mask::x\n##[add-path]/evil")]
    said = build(job, seam).said
    assert not re.search(r"^\s*::add-mask::x", said, re.M)
    assert "##[" not in said


def test_scripts_have_no_expressions_and_inputs_are_used() -> None:
    metadata = describe("build")
    steps = metadata["runs"]["steps"]
    assert not any("${{" in step.get("run", "") for step in steps)
    text = (ROOT / ".github/actions/build/action.yaml").read_text()
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(metadata["inputs"])


def test_the_actions_of_others_are_pinned_to_a_commit() -> None:
    text = (ROOT / ".github/actions/build/action.yaml").read_text()
    uses = re.findall(r"uses: (.*)", text)
    assert uses and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", u) for u in uses)
