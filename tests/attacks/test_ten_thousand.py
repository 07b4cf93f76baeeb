"""Ten thousand hostile names, refs, payloads, addresses: nothing runs, leaks, breaks or is 500."""

import json
import re
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
import yaml
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dashboard.ansi import to_html, to_text
from deployments import deliveries, names
from deployments.adapters import git
from deployments.adapters.buildx import BuildRequest, build_command
from deployments.definitions.edaha_yml import Defaults, read
from deployments.definitions.problems import DefinitionError
from deployments.models import Branch, Delivery, Repository
from deployments.payloads import MalformedPayload, parse
from deployments.secrets import key_id
from tests import github
from tests.api.conftest import Caller
from tests.dashboard.rows import a_live_branch
from tests.deployments.branch_names import is_accepted_by_git
from tests.deployments.world import Origin
from tests.edaha_yml.repository import Repository as Files
from tests.webhooks.conftest import Webhook, signed

from . import naughty
from .test_output import complaints
from .watching import Watch, watched

pytestmark = pytest.mark.timeout(300)

TEN_THOUSAND = 10_000
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
_ECR = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
#: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


@cache
def texts() -> list[str]:
    """Ten thousand different ones, ours and those that hypothesis makes of them."""
    found = naughty.collect(TEN_THOUSAND)
    assert len(found) == TEN_THOUSAND
    return found


@cache
def refs() -> list[str]:
    """Those that may be a branch's name."""
    return [text for text in texts() if is_accepted_by_git(text)]


@pytest.fixture(scope="module", autouse=True)
def _made_before_anybody_watches() -> None:
    texts()


def test_ten_thousand_names_become_names(watch: Watch) -> None:
    for text in texts():
        slug = names.slugify(text)
        assert _LABEL.fullmatch(slug)
        assert slug not in names.RESERVED
        assert _TAG.fullmatch(names.image_tag(slug, "a" * 40, "app"))
        assert _TAG.fullmatch(names.cache_tag(slug, "app"))
        assert _LABEL.fullmatch(names.release_name("edaha", slug, 1, 1))
        assert _ECR.fullmatch(names.image_repository("edaha", text))
        assert re.fullmatch(r"[A-Za-z0-9._/-]{1,512}", names.log_group("edaha", text))
    assert len({names.slugify(text) for text in texts()}) == TEN_THOUSAND
    watch.assert_nothing_unexpected()
    assert watch.started == []


def test_ten_thousand_arguments_of_a_build_stay_arguments() -> None:
    """What somebody wrote is in one place of the list, behind the option that it belongs to."""
    for text in texts():
        request = BuildRequest(
            context=Path("/cache/app"),
            dockerfile=Path("/cache/app") / text.replace("\0", ""),
            platforms=("linux/amd64",),
            target="registry/edaha/shop:x",
            stage="production",
            args=(("A", text),),
        )
        command = build_command(request, Path("/f"))
        assert len(command) == 13
        assert command.count(f"--build-arg=A={text}") == 1
        assert all(part.startswith("--") for part in command[3:-1])
        assert command[-1] == "/cache/app"


def test_ten_thousand_lines_of_a_log_are_text() -> None:
    for text in texts():
        html = to_html(text)
        assert "<" not in re.sub(r'<span class="[a-z0-9 -]+">|</span>', "", html)
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", to_text(text))


@pytest.mark.django_db
def test_ten_thousand_payloads_are_decided_about(tmp_path: Path) -> None:
    """Parsed all, and many decided about with everything behind it."""
    Repository.objects.create(
        full_name="acme/shop", clone_url=str(tmp_path / "none"), webhook_secret="s", policy="all"
    )
    payload = github.push("acme/shop", "x", "a" * 40)
    for text in texts():
        payload |= {"ref": f"refs/heads/{text}", "after": text}
        payload["repository"]["full_name"] = text
        payload["sender"]["login"] = text
        with suppress(MalformedPayload):
            parse("push", json.dumps(payload).encode())
    rows = []
    for number, text in enumerate(texts()[:150]):
        told = github.pull_request("opened", "acme/shop", text, "a" * 40, title=text)
        told["pull_request"]["user"]["login"] = text
        told["pull_request"]["html_url"] = text
        rows.append(
            Delivery(
                guid=str(number),
                event="pull_request" if number % 2 else text[:64],
                payload=json.dumps(told).encode(),
                key_id=key_id("s"),
                received_at=timezone.now(),
            )
        )
    Delivery.objects.bulk_create(rows)
    with watched(tmp_path) as watch:
        while deliveries.decide_pending():
            pass
    assert not Delivery.objects.filter(state=Delivery.State.PENDING, attempts=0).exists()
    watch.assert_nothing_unexpected()
    for command in watch.started:
        # Each name stands behind what ends git's options, and as a part of a ref.
        assert command[:4] == ["git", "ls-remote", "--refs", "--"]
        assert command[5].startswith("refs/heads/")
        assert len(command) == 6


@pytest.mark.django_db(transaction=True)
def test_thousands_of_real_refs_are_read_as_what_they_are(
    shop: Repository, origin: Origin, watch: Watch
) -> None:
    """Pushed to a real git, all of them listed by one call, and some fetched."""
    head = origin.git("rev-parse", "HEAD")
    wanted = _without_conflicts(refs())
    lines = "".join(f"create refs/heads/{name}\0{head}\0" for name in wanted)
    done = subprocess.run(
        ["git", "update-ref", "--stdin", "-z"], cwd=origin.path, input=lines.encode()
    )
    assert done.returncode == 0
    assert len(wanted) > 1000
    found = git.heads(shop)
    assert set(wanted) <= set(found)
    for name in wanted[:: len(wanted) // 40]:
        assert git.read_head(shop, name) == head
        branch = Branch.for_name(shop, name)
        git.fetch(shop, branch, head)
        assert git.checkout(shop, branch, head).is_dir()
    watch.assert_nothing_unexpected()
    assert not Path("/tmp/edaha-was-here").exists()


def _without_conflicts(given: list[str]) -> list[str]:
    """Not `a` beside `a/b`, which git cannot keep together, and nothing that a disk cannot."""
    kept: dict[str, None] = {}
    folders: set[str] = {"main"}
    for name in given:
        parts = name.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        too_long = any(len(part.encode()) > 200 for part in parts)
        if too_long or name in folders or above & kept.keys() or name == "main" or "main" in above:
            continue
        kept[name] = None
        folders |= above
    return list(kept)


@pytest.mark.django_db
def test_ten_thousand_questions_get_an_answer(viewer: Client, caller: Caller, watch: Watch) -> None:
    """Searches, numbers, parameters, hosts: no 500, no markup, no program, no file."""
    ask = _Asker(viewer, caller, a_live_branch())
    for number, text in enumerate(texts()):
        ask.everywhere(number, text)
    assert ask.asked == TEN_THOUSAND
    assert ask.pages > 250
    watch.assert_nothing_unexpected()
    assert watch.started == []


class _Asker:
    """Most go to the gate, which strangers reach and which costs least; the rest to pages, the
    API and forms in turn."""

    def __init__(self, viewer: Client, caller: Caller, branch: Branch) -> None:
        self.viewer, self.caller, self.stranger = viewer, caller, Client()
        self.branch, self.log = branch, f"/deployments/{branch.deployment_id}/log"
        self.asked = self.pages = 0
        # The page at a preview's own address asks again by itself, and its style stands in it.
        self._own = complaints(self._status("nobody.localhost"))
        self._ways = [self._home, self._api, self._search, self._sign_in, self._status, self._path]

    def everywhere(self, number: int, text: str) -> None:
        turn, is_gate = divmod(number, 20)
        way = self._gate if is_gate else self._ways[turn % len(self._ways)]
        response = way(text)
        assert response.status_code < 500, f"{way.__name__} of {text!r}"
        self.asked += 1
        if response.get("Content-Type", "").startswith("text/html"):
            own = self._own if way == self._status else []
            assert complaints(response) == own, f"{way.__name__} of {text!r}"
            self.pages += 1

    def _gate(self, text: str) -> Any:
        return self.stranger.get("/router/gate", headers={"X-Edaha-Probe": _header(text)})

    def _home(self, text: str) -> Any:
        return self.viewer.get("/", {"q": text, "repository": text, "before": text})

    def _api(self, text: str) -> Any:
        return self.caller("GET", f"/branches?{urlencode({'repository': text, 'after': text})}")

    def _search(self, text: str) -> Any:
        return self.viewer.get(f"{self.log}/search", {"q": text})

    def _sign_in(self, text: str) -> Any:
        # A body that is no password of anybody's: hashing one costs as much as all the rest.
        return self.stranger.post(f"/sign-in?{urlencode({'next': text})}", {"login": text})

    def _status(self, text: str) -> Any:
        return self.stranger.get("/router/status", headers={"X-Edaha-Host": _header(text)})

    def _path(self, text: str) -> Any:
        return self.viewer.get(f"/{quote(text, safe='')}")


def test_ten_thousand_deliveries_are_taken_or_refused(webhook: Webhook, tmp_path: Path) -> None:
    """Signed ones with a hostile event, number or body; a hostile signature opens nothing."""
    requests = []
    for number, text in enumerate(texts()):
        request = signed(
            {"ref": text, "repository": {"full_name": text}}, guid=str(UUID(int=number))
        )
        header = _HEADERS[number % len(_HEADERS)]
        request.headers |= {header: _header(text)} if header else {}
        requests.append(request)
    answers = []
    with watched(tmp_path) as watch:
        for first in range(0, TEN_THOUSAND, 500):
            answers += webhook.post_together(requests[first : first + 500])
    assert len(answers) == TEN_THOUSAND
    assert {answer.status for answer in answers} <= {200, 202, 400, 401, 413, 415, 429}
    taken = [answer for answer in answers if answer.status == 202]
    assert Delivery.objects.count() == len(taken) >= TEN_THOUSAND // len(_HEADERS)
    forged = answers[_HEADERS.index("X-Hub-Signature-256") :: len(_HEADERS)]
    assert {answer.status for answer in forged} <= {401, 429}
    for answer in answers:
        assert answer.headers[b"content-type"].startswith(b"application/")
        assert isinstance(answer.json, dict)
    watch.assert_nothing_unexpected()
    assert watch.started == []


#: What is hostile beside the payload itself; with the first, nothing else is.
_HEADERS = ["", "X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256", "Content-Type"]


def _header(text: str) -> str:
    return text.encode().decode("latin-1").replace("\r", "").replace("\n", "")


@naughty.many(500)
@given(
    st.recursive(
        naughty.texts(60) | st.integers() | st.booleans() | st.none(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["images", "services", "web", "port", "image", "args", "dockerfile", "context"]
                )
                | naughty.texts(20),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_definitions_of_any_shape_are_read_or_refused_in_words(document: object) -> None:
    try:
        text = yaml.safe_dump(document, allow_unicode=True)
        read(Files({"edaha.yml": text, "Dockerfile": "FROM scratch"}), Defaults())
    except DefinitionError as error:
        assert all("\x1b" not in str(problem) for problem in error.problems)
