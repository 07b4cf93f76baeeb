"""The gate's answers are cached, outlive the dashboard, and never hide a change for long."""

import time

from deployments.adapters.screenshot import USER_AGENT
from tests.router.conftest import Router, says
from tests.router.servers import NAMESPACE, Reply, serving


def gates(router: Router) -> int:
    return sum(one.path == "/router/gate" for one in router.dashboard_server.requests)


def stop(router: Router) -> None:
    router.dashboard_server.shutdown()
    router.dashboard_server.server_close()


def test_the_gate_is_asked_once_for_many_requests(router: Router) -> None:
    router.application("red", says("red"))

    for _ in range(20):
        assert router.get("red.preview.test").status == 200

    assert gates(router) <= 2


def test_the_gate_is_told_the_dashboards_own_host_and_nothing_of_the_client(router: Router) -> None:
    router.application("red", says("red"))

    router.get("Red.preview.test:81", headers={"Cookie": "session=secret", "Authorization": "x"})

    [seen] = router.dashboard_server.requests
    assert seen.headers["Host"] == "dashboard.test"
    assert seen.headers["X-Edaha-Host"] == "red.preview.test"
    assert seen.headers["Cookie"] is None
    assert seen.headers["Authorization"] is None
    assert "X-Edaha-Probe" not in seen.headers
    assert seen.headers["X-Edaha-Method"] == "GET"


def test_the_gate_is_told_of_a_look_without_a_body(router: Router) -> None:
    router.get("red.preview.test", method="HEAD")
    assert router.dashboard_server.requests[0].headers["X-Edaha-Method"] == "HEAD"


def test_a_look_for_a_picture_is_no_visit(router: Router) -> None:
    router.get("red.preview.test", headers={"User-Agent": USER_AGENT})
    assert router.dashboard_server.requests[0].headers["X-Edaha-Method"] == "HEAD"


def test_a_preview_that_goes_live_is_served_within_two_seconds(router: Router) -> None:
    assert router.get("red.preview.test").status == 503
    router.application("red", says("red"))

    deadline = time.monotonic() + 2.5
    while router.get("red.preview.test").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_first_visitor_after_a_while_is_not_told_of_the_past(router: Router) -> None:
    assert router.get("red.preview.test").status == 503
    router.application("red", says("red"))
    time.sleep(2.1)

    assert router.get("red.preview.test").status == 200


def test_a_switch_is_followed_within_three_seconds(router: Router) -> None:
    router.application("old", says("old"))
    router.application("new", says("new"))
    upstreams = router.dashboard.upstreams
    upstreams["red.preview.test"] = upstreams["old.preview.test"]
    assert router.get("red.preview.test").text == "old"

    upstreams["red.preview.test"] = upstreams["new.preview.test"]
    time.sleep(3.1)

    assert router.get("red.preview.test").text == "new"


def test_previews_outlive_the_dashboard(router: Router) -> None:
    router.application("red", says("red"))
    assert router.get("red.preview.test").status == 200
    stop(router)
    time.sleep(3.1)  # by now the cached answer is stale

    assert [router.get("red.preview.test").status for _ in range(5)] == [200] * 5


def test_previews_outlive_a_dashboard_that_answers_with_errors(router: Router) -> None:
    router.application("red", says("red"))
    assert router.get("red.preview.test").status == 200
    router.dashboard.reply = None  # type: ignore[assignment,method-assign]
    router.dashboard_server.reply = lambda request: (500, {}, b"")
    time.sleep(3.1)

    assert router.get("red.preview.test").status == 200


def test_an_unknown_host_during_an_outage_gets_the_static_page(router: Router) -> None:
    stop(router)

    response = router.get("red.preview.test")

    assert response.status == 503
    assert response.headers["Retry-After"] == "5"
    assert 'http-equiv="refresh"' in response.text
    assert "再読み込み" in response.text


def test_a_dashboard_that_comes_back_is_heard_at_once(router: Router) -> None:
    port = router.dashboard_server.port
    stop(router)
    assert router.get("red.preview.test").status == 503

    with serving(router.dashboard.reply, port):
        assert router.get("red.preview.test").headers["X-Edaha-Status"] == "building"


def test_a_probe_passes_by_the_cache_and_leaves_nothing_in_it(router: Router) -> None:
    router.application("new", says("new"))
    router.dashboard.probed["red.preview.test"] = router.dashboard.upstreams["new.preview.test"]
    assert router.get("red.preview.test").status == 503

    probe = router.get("red.preview.test", headers={"X-Edaha-Probe": "42:signed"})

    assert probe.text == "new"
    assert router.dashboard_server.requests[-1].headers["X-Edaha-Probe"] == "42:signed"
    assert router.get("red.preview.test").status == 503


def test_the_status_page_passes_with_its_code_and_headers(router: Router) -> None:
    for code in (503, 404, 410):
        router.dashboard.status = _page(code)
        response = router.get(f"s{code}.preview.test", "/deep/path", method="POST", body=b"x" * 9)

        assert response.status == code
        assert response.text == f"page {code}"
        assert response.headers["X-Edaha-Status"] == "building"
        assert response.headers["Retry-After"] == "7"
        assert response.headers["X-Robots-Tag"] == "noindex"


def test_an_application_that_does_not_answer_is_covered_by_the_status_page(router: Router) -> None:
    router.names.addresses["red"] = ("127.0.0.1",)
    upstreams = router.dashboard.upstreams
    upstreams["red.preview.test"] = f"red.{NAMESPACE}:1"  # nobody listens
    upstreams["blue.preview.test"] = f"blue.{NAMESPACE}:8000"  # the name is not there

    for host in ("red.preview.test", "blue.preview.test"):
        response = router.get(host)
        assert (response.status, response.text) == (503, "building")


def test_a_failing_status_page_is_replaced_by_the_static_one(router: Router) -> None:
    router.dashboard.status = (500, {}, b"traceback")

    response = router.get("red.preview.test")

    assert response.status == 503
    assert "Back in a moment" in response.text


def _page(code: int) -> Reply:
    headers = {"X-Edaha-Status": "building", "Retry-After": "7", "Content-Type": "text/html"}
    return code, headers, f"page {code}".encode()
