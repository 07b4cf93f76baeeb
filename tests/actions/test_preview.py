"""The action `preview` with images that the workflow has built."""

from typing import Any

import pytest

from .runner import Ended, Runner
from .seam import DIGEST, STORE, URL, Seam, an_image, refusal

IMAGE = f"{STORE}@{DIGEST}"


def preview(job: Runner, seam: Seam, images: str = f"shop={IMAGE}", **inputs: str) -> Ended:
    return job.use("preview", server=seam.address, images=images, **inputs)


def test_images_are_handed_over_and_the_address_comes_back(job: Runner, seam: Seam) -> None:
    done = preview(job, seam)
    assert done.code == 0, done.said
    assert done.outputs == {"url": URL, "deployment": "12", "state": "live"}
    (handed,) = seam.handed
    assert handed["images"] == {"shop": IMAGE}
    assert handed["run_url"] == "https://github.com/acme/shop/actions/runs/1658821493"
    assert seam.keys[0]


def test_several_images_are_handed_over_at_once(job: Runner, seam: Seam) -> None:
    seam.images = [an_image("web"), an_image("api")]
    assert preview(job, seam, f"\nweb={IMAGE}\n  api={IMAGE}\n\n").code == 0
    assert seam.handed[0]["images"] == {"web": IMAGE, "api": IMAGE}


def test_one_image_needs_no_name(job: Runner, seam: Seam) -> None:
    assert preview(job, seam, IMAGE).code == 0
    assert seam.handed[0]["images"] == {"shop": IMAGE}


WRONG = {
    "a tag": (f"shop={STORE}:latest", "line 1"),
    "nothing after the name": (f"web={IMAGE}\napi=", "line 2"),
    "a digest alone": (DIGEST, "no image by its digest"),
    "too short a digest": (IMAGE[:-1], "no image by its digest"),
    "two of one name": (f"a={IMAGE}\na={IMAGE}", "a twice"),
    "one without a name among several": (f"a={IMAGE}\n{IMAGE}", "write NAME="),
    "a command": (f"$(id)={IMAGE}", "no image by its digest"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_images_that_are_not_written_well(job: Runner, seam: Seam, wrong: str) -> None:
    images, says = WRONG[wrong]
    done = preview(job, seam, images)
    assert done.code == 2 and says in done.said
    assert not seam.handed


def test_a_run_elsewhere_than_at_github_has_no_page(job: Runner, seam: Seam) -> None:
    job.environment["GITHUB_SERVER_URL"] = "https://github.example.com"
    assert preview(job, seam).code == 0
    assert "run_url" not in seam.handed[0]


REFUSED = [
    (refusal(403, "A fork's commit, which nobody approved."), 4, "which nobody approved."),
    (refusal(409, "A newer commit is wanted.", "Nothing is to do."), 1, "A newer commit is wanted"),
    (refusal(422, "body.images.shop: its digest is not in ECR"), 2, "its digest is not in ECR"),
]


@pytest.mark.parametrize(("answer", "code", "says"), REFUSED)
def test_a_refusal_is_told(job: Runner, seam: Seam, answer: Any, code: int, says: str) -> None:
    seam.problems = [answer]
    done = preview(job, seam)
    assert (done.code, done.outputs) == (code, {})
    assert "::error title=No preview::" in done.said
    assert says in done.said and says in done.summary


def test_a_server_that_is_busy_is_asked_again(job: Runner, seam: Seam) -> None:
    seam.problems = [refusal(429, "Too many.", Retry_After="1"), refusal(503, "", Retry_After="1")]
    assert preview(job, seam).code == 0
    assert len(seam.handed) == 1


def test_a_failure_is_an_annotation_at_its_line(job: Runner, seam: Seam) -> None:
    place = {"path": "app/a,b:Dockerfile", "line": 12, "message": "RUN npm ci failed\n::x"}
    seam.states = ["building", "failed"]
    seam.ended = {"error": "It could not be built.", "hint": "Mend it.", "annotations": [place]}
    done = preview(job, seam)
    assert done.code == 1
    assert done.outputs == {"deployment": "12", "state": "failed"}
    where = "file=app/a%2Cb%3ADockerfile,line=12,title=No preview"
    assert f"::error {where}::RUN npm ci failed%0A::x\n" in done.said
    assert "::error title=No preview::It could not be built.%0AMend it.\n" in done.said


def test_it_ends_in_time(job: Runner, seam: Seam) -> None:
    seam.states = ["queued"]
    done = preview(job, seam, timeout="0.05")
    assert done.code == 1 and "Deployment 12 is still queued" in done.said


@pytest.mark.parametrize("timeout", ["soon", "0", "-1", "nan", "inf"])
def test_a_time_that_is_none(job: Runner, seam: Seam, timeout: str) -> None:
    done = preview(job, seam, timeout=timeout)
    assert done.code == 2 and "is no number of minutes" in done.said
