"""Plain git over polling, from real repositories: on a disk, and by git's own smart HTTP."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone
from pydantic import ValidationError

from deployments import reconcile
from deployments.adapters import git, github, hosts, wakeups
from deployments.checking import Subject, Verdict, check
from deployments.config import Config, config
from deployments.errors import PlatformError
from deployments.models import Branch, Deployment, Poll, Repository
from deployments.models.repository import HostName
from deployments.reconcile import polling
from deployments.states import Wanted
from tests.adapters.origin import Origin
from tests.deployments.ears import Ears

from .serving import served

pytestmark = pytest.mark.django_db


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "shop")
    origin.commit({"Dockerfile": "FROM scratch\n", "src/shop.py": "", "README.md": ""})
    return origin


@pytest.fixture(params=["file", "https"])
def shop(
    request: pytest.FixtureRequest, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Repository]:
    values = {"full_name": "acme/shop", "policy": Repository.Policy.ALL}
    if request.param == "file":
        yield Repository.objects.create(clone_url=f"file://{origin.path}", **values)
        return
    with served(origin.path.parent, tmp_path / "tls") as (url, certificate):
        monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
        yield Repository.objects.create(clone_url=f"{url}/shop/.git", **values)


@pytest.fixture
def look(shop: Repository) -> Callable[[], list[str]]:
    """One look; the branches that are wanted after it."""

    def once() -> list[str]:
        Poll.objects.update_or_create(repository=shop, defaults={"due_at": timezone.now()})
        polling.poll(shop.pk)
        assert not Poll.objects.get().problem
        there = Branch.objects.filter(wanted=Wanted.PRESENT).order_by("name")
        return list(there.values_list("name", flat=True))

    return once


def test_a_push_is_deployed_and_a_deletion_destroys(
    origin: Origin, look: Callable[[], list[str]]
) -> None:
    assert look() == ["main"]
    assert look() == ["main"]
    assert Deployment.objects.count() == 1
    first = Deployment.objects.get()
    assert first.trigger == Deployment.Trigger.PUSH

    origin.git("switch", "--quiet", "--create", "feature/x")
    commit = origin.commit({"src/shop.py": "1"})
    assert look() == ["feature/x", "main"]
    assert Branch.objects.get(name="feature/x").wanted_commit == commit

    origin.git("switch", "--quiet", "main")
    origin.git("branch", "--quiet", "-D", "feature/x")
    assert look() == ["main"]


def test_a_commit_that_says_so_is_left_out(origin: Origin, look: Callable[[], list[str]]) -> None:
    look()
    origin.git("commit", "--quiet", "--allow-empty", "--message", "Typo [skip preview]")
    look()
    assert Deployment.objects.count() == 1


def test_only_branches_that_change_what_is_asked_for(
    origin: Origin, shop: Repository, look: Callable[[], list[str]]
) -> None:
    shop.paths = ["src/"]
    shop.save()
    for name, file in (("docs", "README.md"), ("code", "src/new.py")):
        origin.git("switch", "--quiet", "--create", name, "main")
        origin.commit({file: name})
    assert look() == ["code", "main"]
    # Also after the main line went on, and with a file that was moved there.
    origin.git("switch", "--quiet", "main")
    origin.commit({"src/other.py": "2"})
    origin.git("switch", "--quiet", "docs")
    origin.git("mv", "README.md", "src/README.md")
    origin.commit()
    assert look() == ["code", "docs", "main"]


def test_the_changed_files_are_those_since_it_left_its_base(
    origin: Origin, shop: Repository
) -> None:
    origin.git("switch", "--quiet", "--create", "feature")
    head = origin.commit({"ümlaut.txt": "x", "a\tb": "y"})
    origin.git("switch", "--quiet", "main")
    origin.commit({"later.txt": "x"})
    found = git.changed_files(shop, "main", head)
    assert found is not None
    assert sorted(found) == ["a\tb", "ümlaut.txt"]
    assert git.changed_files(shop, "no-such-base", head) is None
    origin.git("switch", "--quiet", "--orphan", "other")
    assert git.changed_files(shop, "main", origin.commit({"x": "y"})) is None


def test_a_private_one_is_read_with_its_hosts_credentials(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(origin.path.parent, tmp_path / "tls", user="edaha:s3cret=:x") as (url, trusted):
        monkeypatch.setenv("GIT_SSL_CAINFO", str(trusted))
        shop = Repository(pk=1, full_name="acme/shop", clone_url=f"{url}/shop/.git")
        for known in ([], ["https://other.example/=edaha:s3cret=:x"], [f"{url}/shop/=a:b"]):
            with credentials(known), pytest.raises(PlatformError) as refused:
                git.heads(shop)
            assert "EDAHA_GIT_CREDENTIALS" in refused.value.hint
        with credentials([f"{url}/=a:b", f"{url}/shop/=edaha:s3cret=:x"]):
            assert list(git.heads(shop)) == ["main"]


@pytest.mark.parametrize(
    "entry",
    ["x", "http://h/=a:b", "https://h=a:b", "https://h/=a", "https://u@h/=a:b", "https://h/x=a:b"],
)
def test_credentials_that_are_none_are_refused_without_being_told(entry: str) -> None:
    with pytest.raises(ValidationError, match="entry 1 is none"):
        Config(secret_key="x" * 32, git_credentials=[entry])


def credentials(known: list[str]) -> override_settings:
    return override_settings(EDAHA=config().model_copy(update={"git_credentials": known}))


class TestWhen:
    @pytest.fixture
    def plain(self, db: None) -> Repository:
        return Repository.objects.create(full_name="acme/plain", clone_url="/nowhere")

    @pytest.fixture
    def hub(self, db: None) -> Repository:
        url = "https://github.com/acme/hub.git"
        return Repository.objects.create(full_name="acme/hub", clone_url=url)

    def asked(self, ears: Ears) -> list[int]:
        polling.ask_due(timezone.now())
        return sorted(ids[0] for task, ids, _ in ears.take() if task == wakeups.POLL)

    def test_plain_git_is_looked_at_and_github_is_not(
        self, plain: Repository, hub: Repository, ears: Ears
    ) -> None:
        assert self.asked(ears) == [plain.pk]

    def test_github_is_where_its_repository_says_so(self, hub: Repository, ears: Ears) -> None:
        hub.poll_seconds = 60
        hub.save()
        assert self.asked(ears) == [hub.pk]

    def test_never_is_never(self, plain: Repository, ears: Ears) -> None:
        plain.poll_seconds = 0
        plain.save()
        assert self.asked(ears) == []
        polling.poll(plain.pk)
        assert not Poll.objects.exists()

    def test_once_in_the_interval(self, origin: Origin, plain: Repository, ears: Ears) -> None:
        plain.clone_url = str(origin.path)
        plain.save()
        with time_machine.travel(timezone.now(), tick=False) as clock:
            assert self.asked(ears) == [plain.pk]
            assert self.asked(ears) == []
            polling.poll(plain.pk)
            clock.shift(29)
            assert self.asked(ears) == []
            clock.shift(1)
            assert self.asked(ears) == [plain.pk]

    def test_a_lost_wake_up_is_made_up_for(self, plain: Repository, ears: Ears) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            assert self.asked(ears) == [plain.pk]
            clock.shift(10)
            assert self.asked(ears) == [plain.pk]

    def test_the_installation_says_how_often(self, plain: Repository, ears: Ears) -> None:
        with override_settings(EDAHA=config().model_copy(update={"poll_seconds": 300})):
            assert hosts.poll_seconds(plain) == 300

    def test_one_that_does_not_answer_is_asked_less_and_less_and_told(
        self, plain: Repository, ears: Ears
    ) -> None:
        pauses = []
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _ in range(7):
                assert self.asked(ears) == [plain.pk]
                polling.poll(plain.pk)
                pause = Poll.objects.get().due_at - timezone.now()
                pauses.append(round(pause.total_seconds()))
                clock.shift(pause)
        assert pauses == [30, 60, 120, 240, 480, 600, 600]
        told = check(plain, Subject.GITHUB)
        assert told[0].verdict == Verdict.WRONG
        assert "git ls-remote failed" in told[0].message

    def test_one_that_answers_again_is_looked_at_as_before(
        self, origin: Origin, plain: Repository, ears: Ears
    ) -> None:
        self.asked(ears)
        polling.poll(plain.pk)
        plain.clone_url = str(origin.path)
        plain.save()
        polling.poll(plain.pk)
        row = Poll.objects.get()
        assert (row.problem, row.failures) == ("", 0)
        assert row.due_at - timezone.now() <= timedelta(seconds=30)

    def test_the_clock_asks(self, plain: Repository, ears: Ears) -> None:
        reconcile.tick()
        assert wakeups.POLL in {task for task, _, _ in ears.take()}


class TestHosts:
    @pytest.mark.parametrize(
        ("url", "own", "name"),
        [
            ("https://github.com/acme/shop.git", "", HostName.GITHUB),
            ("https://git.example.com/shop.git", "", HostName.GIT),
            ("/srv/git/shop", "", HostName.GIT),
            ("https://github.com/acme/shop.git", "git", HostName.GIT),
            ("https://mirror.example.com/shop.git", "github", HostName.GITHUB),
        ],
    )
    def test_who_keeps_it(self, url: str, own: str, name: HostName) -> None:
        repository = Repository(full_name="acme/shop", clone_url=url, host=own)
        host = hosts.of(repository)
        assert host.name == name
        assert host.has_pull_requests == (name == HostName.GITHUB)
        page = "https://github.com/acme/shop/tree/x" if name == HostName.GITHUB else ""
        assert host.page(repository, "tree/x") == page

    def test_plain_git_knows_nobody(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(github, "request", None)  # whoever calls it fails
        repository = Repository(full_name="acme/shop", clone_url="/x")
        assert hosts.of(repository).open_pull_requests(repository) == []
        assert not hosts.of(repository).may_write(repository, "mona")

    def test_the_page_says_what_it_cannot_do(self, origin: Origin) -> None:
        repository = Repository.objects.create(full_name="acme/x", clone_url=str(origin.path))
        told = [each.message for each in check(repository, Subject.GITHUB)]
        assert "Its branches are looked at every 30 seconds." in told
        assert any(text.startswith("It is kept by git alone") for text in told)
        assert any(text.startswith("No branch gets a preview by itself") for text in told)
