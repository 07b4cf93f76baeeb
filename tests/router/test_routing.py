"""A host name finds its branch's tasks, and nothing else is found."""

import pytest

from tests.router.conftest import Router, says
from tests.router.servers import NAMESPACE, Handler, Reply, serving


def test_a_preview_is_served_by_its_own_tasks(router: Router) -> None:
    router.application("red", says("red"))
    router.application("blue", says("blue"))

    assert router.get("red.preview.test").text == "red"
    assert router.get("blue.preview.test:8080").text == "blue"
    assert router.get("BLUE.preview.test").text == "blue"


@pytest.mark.parametrize(
    "host",
    [
        "preview.test",
        "a.red.preview.test",
        "red.previewxtest",
        "red.preview.test.evil.test",
        "-red.preview.test",
        "red-.preview.test",
        "r_d.preview.test",
        f"{'r' * 64}.preview.test",
        "127.0.0.1",
        "dashboard.test",
    ],
)
def test_a_host_that_is_no_preview_is_unknown(router: Router, host: str) -> None:
    response = router.get(host)

    assert response.status == 404
    assert "No preview here" in response.text
    assert router.dashboard_server.requests == []


def test_the_longest_label_is_a_preview(router: Router) -> None:
    router.application("r" * 63, says("long"))

    assert router.get(f"{'r' * 63}.preview.test").text == "long"


def test_a_gate_cannot_send_requests_out_of_the_namespace(router: Router) -> None:
    router.names.addresses["red"] = ("127.0.0.1",)
    with serving(says("secret")) as elsewhere:
        for upstream in (
            f"127.0.0.1:{elsewhere.port}",
            f"red.{NAMESPACE}.evil.test:{elsewhere.port}",
            f"red.edahaxtest:{elsewhere.port}",
            f"red.{NAMESPACE}:{elsewhere.port}/path",
        ):
            router.dashboard.upstreams[f"u{len(upstream)}.preview.test"] = upstream
            assert router.get(f"u{len(upstream)}.preview.test").status == 503


def test_a_dead_task_is_passed_over(router: Router) -> None:
    router.application("red", says("alive"))
    router.names.addresses["red"] = ("127.0.0.7", "127.0.0.1")

    assert {router.get("red.preview.test").text for _ in range(6)} == {"alive"}


def test_an_application_sees_the_request_as_the_client_sent_it(router: Router) -> None:
    application = router.application("red", says("ok"))

    router.get(
        "red.preview.test:8080",
        "/a%2Fb/../c?q=%20&r",
        headers={"Cookie": "a=b", "X-Edaha-Probe": "p", "X-Edaha-Upstream": "u"},
    )
    router.dashboard.probed["red.preview.test"] = router.dashboard.upstreams["red.preview.test"]
    router.get(
        "red.preview.test:8080",
        "/a%2Fb/../c?q=%20&r",
        headers={"X-Edaha-Probe": "p", "Cookie": "a=b"},
    )

    [seen] = application.requests
    assert seen.path == "/a%2Fb/../c?q=%20&r"
    assert seen.headers["Host"] == "red.preview.test:8080"
    assert seen.headers["X-Forwarded-Host"] == "red.preview.test:8080"
    assert seen.headers["X-Forwarded-Proto"] == "http"
    assert seen.headers["X-Forwarded-For"] == "127.0.0.1"
    assert seen.headers["Cookie"] == "a=b"
    assert [name for name in seen.headers if name.lower().startswith("x-edaha")] == []


def test_an_application_cannot_speak_as_edaha_or_steer_nginx(router: Router) -> None:
    def reply(request: Handler) -> Reply:
        return 200, {"X-Edaha-Status": "live", "X-Accel-Redirect": "/_edaha/gate"}, b"mine"

    router.application("red", reply)

    response = router.get("red.preview.test")

    assert response.text == "mine"
    assert response.headers["X-Edaha-Status"] is None
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_internal_locations_are_closed_to_clients(router: Router) -> None:
    router.application("red", says("ok"))

    assert router.get("red.preview.test", "/_edaha/gate").status == 404
    assert router.get("red.preview.test", "/_edaha/unavailable.html").status == 404


@pytest.mark.parametrize("status", [403, 404, 500, 502, 503, 504])
def test_an_applications_own_errors_pass(router: Router, status: int) -> None:
    router.application("red", lambda request: (status, {"X-Own": "1"}, b"my own error"))

    response = router.get("red.preview.test")

    assert (response.status, response.text) == (status, "my own error")
    assert response.headers["X-Own"] == "1"
