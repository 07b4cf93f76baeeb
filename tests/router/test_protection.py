"""The router in front of protected previews: what it asks, what it keeps to itself."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployments.adapters.screenshot import USER_AGENT
from tests.router.conftest import Router, says
from tests.router.servers import Handler, Reply, Server

HOST = "red.preview.test"
REFUSED: Reply = (302, {"Location": "http://dashboard.test/previews/enter"}, b"")
#: Both schemes: the pass has another name with each.
both = pytest.mark.parametrize(
    ("router", "name"), [("http", "edaha"), ("https", "__Host-edaha")], indirect=["router"]
)


def protect(router: Router, *opening: str) -> Server:
    application = router.application("red", says("red"))
    router.dashboard.protected[HOST] = set(opening)
    router.dashboard.doors["/router/refused"] = REFUSED
    return application


def told(router: Router, path: str) -> list[Handler]:
    return [each for each in router.dashboard_server.requests if each.path == path]


def test_who_has_no_pass_is_refused_by_the_dashboard(router: Router) -> None:
    application = protect(router, "good")
    answer = router.get(
        HOST, "/a?b=c%20d", headers={"Accept": "text/html", "Cookie": "a=b", "Sec-Fetch-Mode": "x"}
    )
    assert (answer.status, answer.headers["Location"]) == (302, REFUSED[1]["Location"])
    [asked] = told(router, "/router/refused")
    assert asked.headers["X-Edaha-Uri"] == "/a?b=c%20d"
    assert asked.headers["X-Edaha-Method"] == "GET"
    assert asked.headers["X-Edaha-Host"] == HOST
    assert asked.headers["Sec-Fetch-Mode"] == "x"
    assert asked.headers["Cookie"] is None
    assert application.requests == []


def test_a_body_that_is_refused_reaches_nobody(router: Router) -> None:
    application = protect(router)
    router.dashboard.doors["/router/refused"] = (401, {}, b"protected")
    answer = router.get(HOST, method="POST", body=b"x" * 300_000)
    assert (answer.status, answer.text) == (401, "protected")
    assert told(router, "/router/refused")[0].headers["X-Edaha-Method"] == "POST"
    assert application.requests == []


@both
def test_a_pass_opens_it_and_is_kept_from_the_application(router: Router, name: str) -> None:
    application = protect(router, "go:od-1_")
    for sent, passed in [
        (f"{name}=go:od-1_", None),
        (f"{name}=go:od-1_; a=b; c=d", "a=b; c=d"),
        (f"a=b; {name}=go:od-1_; c=d", "a=b; c=d"),
        (f"a=b; {name}=go:od-1_", "a=b"),
        (f"a=b;{name}=go:od-1_;c=d", "a=b;c=d"),
        (f"a=b; {name}=go:od-1_; x{name}=1; y={name}", f"a=b; x{name}=1; y={name}"),
        (f"{name}=other; a=b; {name}=go:od-1_", None),
    ]:
        assert router.get(HOST, "/p?q=r", headers={"Cookie": sent}).text == "red", sent
        assert application.requests[-1].headers["Cookie"] == passed, sent
        assert application.requests[-1].path == "/p?q=r"


@both
@pytest.mark.parametrize("value", ["", "bad", "good x", "go\tod", "good,", '"good"', "x" * 1001])
def test_any_other_value_opens_nothing(router: Router, name: str, value: str) -> None:
    protect(router, "good")
    assert router.get(HOST, headers={"Cookie": f"{name}={value}"}).status == 302


@pytest.mark.parametrize("router", ["https"], indirect=True)
def test_a_name_that_others_can_set_does_not_count_with_https(router: Router) -> None:
    protect(router, "good")
    for sent in ("edaha=good", "__host-edaha=good", "a__Host-edaha=good", "a=__Host-edaha=good"):
        assert router.get(HOST, headers={"Cookie": sent}).status == 302, sent


def test_one_persons_permission_is_never_anothers(router: Router) -> None:
    protect(router, "good")
    for _ in range(3):
        assert router.get(HOST, headers={"Cookie": "edaha=good"}).status == 200
        assert router.get(HOST, headers={"Cookie": "edaha=bad"}).status == 302
        assert router.get(HOST, headers={"Cookie": "a=good"}).status == 302
        assert router.get(HOST, headers={"X-Edaha-Bypass": "bad"}).status == 302
        assert router.get("blue.preview.test", headers={"Cookie": "edaha=good"}).status == 503
    assert len(told(router, "/router/gate")) < 15


def test_a_permission_is_kept_for_three_seconds_at_most(router: Router) -> None:
    protect(router, "good")
    shown = {"Cookie": "edaha=good"}
    for _ in range(10):
        assert router.get(HOST, headers=shown).status == 200
    assert len(told(router, "/router/gate")) <= 2
    router.dashboard.protected[HOST].clear()
    time.sleep(3.1)  # nginx counts whole seconds
    # None of them is served what was so before, while another one asks.
    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(lambda _: router.get(HOST, headers=shown).status, range(16)))
    assert statuses == {302}


def test_while_the_dashboard_is_away_who_was_in_stays_in_and_nobody_new_comes(
    router: Router,
) -> None:
    protect(router, "good", "new")
    assert router.get(HOST, headers={"Cookie": "edaha=good"}).status == 200
    router.dashboard_server.shutdown()
    router.dashboard_server.server_close()
    time.sleep(2.1)
    assert router.get(HOST, headers={"Cookie": "edaha=good"}).status == 200
    assert router.get(HOST, headers={"Cookie": "edaha=new"}).status == 503
    assert router.get(HOST).status == 503


def test_a_test_comes_in_by_its_token_which_goes_no_further(router: Router) -> None:
    application = protect(router, "token-1")
    answer = router.get(HOST, method="POST", body=b"x", headers={"X-Edaha-Bypass": "token-1"})
    assert answer.text == "red"
    assert "X-Edaha-Bypass" not in application.requests[0].headers


def test_a_token_in_the_address_never_reaches_the_application(router: Router) -> None:
    application = protect(router)
    router.dashboard.doors["/router/bypass"] = (
        302,
        {"Location": "/a", "Set-Cookie": "edaha=x"},
        b"",
    )
    answer = router.get(HOST, "/a?b=c&x-edaha-bypass=secret-1", headers={"Cookie": "edaha=good"})
    assert (answer.status, answer.headers["Set-Cookie"]) == (302, "edaha=x")
    assert told(router, "/router/bypass")[0].headers["X-Edaha-Uri"].endswith("=secret-1")
    assert application.requests == []


def test_codes_and_links_go_to_the_dashboard_and_into_no_log(router: Router) -> None:
    application = protect(router)
    reply: Reply = (302, {"Location": "/", "Set-Cookie": "edaha=x"}, b"")
    router.dashboard.doors |= {"/router/enter": reply, "/router/share": reply}
    router.dashboard.doors["/router/bypass"] = reply
    assert router.get(HOST, "/_edaha/enter?code=Wy:secret-1").headers["Set-Cookie"] == "edaha=x"
    assert router.get(HOST, "/_edaha/share/secret-2_").headers["Location"] == "/"
    router.get(HOST, "/a?x-edaha-bypass=secret-3")
    assert told(router, "/router/enter")[0].headers["X-Edaha-Code"] == "Wy:secret-1"
    assert told(router, "/router/share")[0].headers["X-Edaha-Share"] == "secret-2_"
    # Nor where the dashboard is away, which nginx tells of as an error.
    router.dashboard_server.shutdown()
    router.dashboard_server.server_close()
    for path in (
        "/_edaha/enter?code=secret-4",
        "/_edaha/share/secret-5",
        "/?x-edaha-bypass=secret-6",
    ):
        assert router.get(HOST, path).status == 503
    assert application.requests == []
    time.sleep(0.1)
    log = router.log.read_text()
    assert "secret" not in log
    assert '"GET /_edaha/share/... HTTP/1.1"' in log


def test_nobody_asks_for_a_door_that_is_nginxs_own(router: Router) -> None:
    protect(router)
    for path in ("/_edaha/gate", "/_edaha/gate/personal", "/_edaha/bypass"):
        assert router.get(HOST, path).status == 404
    assert router.dashboard_server.requests == []


def test_a_look_for_a_picture_shows_its_token_to_the_gate_alone(router: Router) -> None:
    application = protect(router, "red:1:abc")
    assert router.get(HOST, headers={"User-Agent": f"{USER_AGENT} red:1:abc"}).text == "red"
    assert application.requests[0].headers["User-Agent"] == USER_AGENT
    assert told(router, "/router/gate")[0].headers["X-Edaha-Method"] == "HEAD"


IDENTITY = """X-Amzn-Oidc-Data X-Amzn-Oidc-Identity X-Amzn-Oidc-Accesstoken X-Forwarded-User
X-Forwarded-Email X-Forwarded-Groups X-Forwarded-Preferred-Username X-Forwarded-Access-Token
X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Groups
Remote-User Remote-Email Remote-Groups
Cf-Access-Jwt-Assertion Cf-Access-Authenticated-User-Email X-Goog-Iap-Jwt-Assertion Remote_User
X_Forwarded_User X-Edaha-Host X-Edaha-Pass X-Edaha-Bypass X-Edaha-Picture X-Edaha-Share X-Edaha-Code
X-Edaha-Uri X-Edaha-Method X-Edaha-Probe X-Edaha-Status X-Edaha-Upstream""".split()


def test_nobody_tells_an_application_who_he_is(router: Router) -> None:
    application = router.application("red", says("red"))
    router.dashboard.probed[HOST] = router.dashboard.upstreams[HOST]
    mine = {"Authorization": "Bearer x", "X-Csrf-Token": "y", "User-Agent": "z"}
    router.get(HOST, headers=dict.fromkeys(IDENTITY, "admin") | mine)
    [seen] = application.requests
    names = {name.lower().replace("_", "-") for name in seen.headers}
    assert not names & {name.lower().replace("_", "-") for name in IDENTITY}
    assert {name: seen.headers[name] for name in mine} == mine


@pytest.mark.parametrize(
    "sent",
    [
        "a=b; Domain=preview.test",
        "a=b; domain=.preview.test; Path=/x; Secure",
        "a=b; Path=/; DOMAIN=.PREVIEW.TEST",
        "a=b;Domain=.test",
        "a=b; Domain=blue.preview.test",
        "a=b; Domain=blue.preview.test; Domain=preview.test",
    ],
)
def test_an_applications_cookie_is_its_own_hosts(router: Router, sent: str) -> None:
    def reply(request: Handler) -> Reply:
        return 200, {"Set-Cookie": sent}, b""

    router.application("red", reply)
    [answer] = router.get(HOST).headers.get_all("Set-Cookie", [])
    parts = [part.strip() for part in answer.split(";")]
    domains = {part.partition("=")[2] for part in parts if part.lower().startswith("domain")}
    assert domains == {HOST}
    assert parts[0] == "a=b"
    assert ("Path=/x" in parts, "Secure" in parts) == ("/x" in sent, "Secure" in sent)


def test_a_cookie_without_a_domain_stays_as_it_is(router: Router) -> None:
    def reply(request: Handler) -> Reply:
        return 200, {"Set-Cookie": "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Strict"}, b""

    router.application("red", reply)
    answer = router.get(HOST).headers["Set-Cookie"]
    assert answer == "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Strict"


def test_no_answer_is_for_search_engines(router: Router) -> None:
    protect(router, "good")
    router.dashboard.doors["/router/enter"] = REFUSED
    answers = [
        router.get(HOST),
        router.get(HOST, headers={"Cookie": "edaha=good"}),
        router.get(HOST, "/_edaha/enter?code=x"),
        router.get("blue.preview.test"),
        router.get("unknown.test"),
        router.get("unknown.test", "/_edaha/unknown.html"),
        router.get(HOST, "/_edaha/gate"),
    ]
    router.dashboard_server.shutdown()
    router.dashboard_server.server_close()
    answers.append(router.get("green.preview.test"))
    assert [one.headers.get_all("X-Robots-Tag") for one in answers] == [["noindex"]] * 8
