"""Which pull requests get a preview: labels, drafts, bots, bases, changed files."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from deployments import intake
from deployments.adapters import git
from deployments.changed import is_asked_for, is_pattern
from deployments.models import Branch, Deployment, Repository
from deployments.states import Wanted
from tests import github

from .test_deliveries import NEW, OLD, SHOP, GitHub, feature, hub

__all__ = ["hub"]

pytestmark = pytest.mark.django_db

Set = Callable[..., None]


@pytest.fixture
def set_(hub: GitHub) -> Set:
    def change(**values: Any) -> None:
        for name, value in values.items():
            setattr(hub.repository, name, value)
        hub.repository.full_clean()
        hub.repository.save()

    hub.repository.clone_url = "https://git.example.com/shop.git"
    return change


def by(hub: GitHub, action: str, *, author: str = "ada", kind: str = "User", base: str = "main",
       **more: Any) -> str:  # fmt: skip
    """An event of a pull request by somebody, into some branch."""
    hub.sent += 1
    payload = github.pull_request(action, SHOP, "feature", NEW, updated_at=hub.at(hub.sent), **more)
    payload["pull_request"]["state"] = "open"
    payload["pull_request"]["user"] |= {"login": author, "type": kind}
    payload["pull_request"]["base"]["ref"] = base
    payload.pop("changes", None)
    if action == "edited":
        payload["changes"] = {"base": {"ref": {"from": "main"}}}
    return hub.tell("pull_request", payload)


class TestStartLabel:
    def test_without_it_there_is_none(self, hub: GitHub, set_: Set) -> None:
        set_(only_with_label=True)
        assert hub.pull("opened") == "ignored: it has no label preview"
        assert not Branch.objects.exists()
        assert hub.push() == "ignored: no open pull request is known for feature"

    def test_setting_it_starts_one_and_taking_it_away_ends_it(self, hub: GitHub, set_: Set) -> None:
        set_(only_with_label=True)
        hub.pull("opened")
        assert hub.pull("labeled", label="bug", labels=("bug",)).startswith("ignored:")
        assert hub.pull("labeled", label="Preview", labels=("Preview",)).startswith("deploying")
        assert hub.pull("unlabeled", label="bug", labels=("Preview",)).startswith("updated")
        assert hub.pull("unlabeled", label="Preview") == (
            "destroying feature: it has no label preview"
        )
        assert feature().wanted == Wanted.ABSENT

    def test_it_starts_again_what_was_destroyed_by_hand(self, hub: GitHub) -> None:
        hub.pull("opened")
        intake.destroy(feature(), actor="ada", reason="x")
        assert hub.pull("labeled", label="bug", labels=("bug",)).startswith("updated")
        assert hub.pull("labeled", label="preview", labels=("preview",)).startswith("deploying")

    def test_taking_it_away_ends_nothing_that_is_there_anyway(self, hub: GitHub) -> None:
        hub.pull("opened", labels=("preview",))
        assert hub.pull("unlabeled", label="preview").startswith("updated")
        assert feature().wanted == Wanted.PRESENT

    def test_it_counts_before_every_filter(
        self, hub: GitHub, set_: Set, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_(deploy_drafts=False, deploy_bots=False, base_branches=["release"], paths=["src/"])
        monkeypatch.setattr(git, "changed_files", lambda *_: ["README.md"])
        said = by(hub, "opened", author="x[bot]", draft=True, labels=("preview",))
        assert said.startswith("deploying")

    def test_the_label_that_skips_counts_before_it(self, hub: GitHub) -> None:
        said = hub.pull("opened", labels=("preview", "skip-preview"))
        assert said == "ignored: label skip-preview"

    def test_labels_have_the_names_that_the_repository_gives_them(
        self, hub: GitHub, set_: Set
    ) -> None:
        set_(start_label="", skip_label="no thanks", pin_label="")
        assert hub.pull("opened", labels=("skip-preview", "preview-pin")).startswith("deploying")
        said = hub.pull("labeled", label="no thanks", labels=("no thanks",))
        assert said == "destroying feature: label no thanks"


class TestPinLabel:
    def test_it_pins_and_unpins(self, hub: GitHub) -> None:
        hub.pull("opened")
        hub.pull("labeled", label="preview-pin", labels=("preview-pin",))
        assert feature().pinned_by == "label preview-pin"
        hub.pull("unlabeled", label="preview-pin")
        assert feature().pinned_at is None

    def test_one_that_is_opened_with_it_is_pinned(self, hub: GitHub) -> None:
        hub.pull("opened", labels=("preview-pin",))
        assert feature().pinned_at is not None

    def test_what_somebody_unpinned_stays_so(self, hub: GitHub) -> None:
        hub.pull("opened", labels=("preview-pin",))
        intake.unpin(feature(), actor="ada")
        hub.pull("synchronize", labels=("preview-pin",))
        hub.pull("labeled", label="bug", labels=("preview-pin", "bug"))
        assert feature().pinned_at is None

    def test_what_somebody_pinned_stays_so(self, hub: GitHub) -> None:
        hub.pull("opened")
        intake.pin(feature(), actor="ada")
        hub.pull("labeled", label="bug", labels=("bug",))
        assert feature().pinned_by == "ada"


class TestBots:
    @pytest.mark.parametrize(
        ("author", "kind"),
        [("dependabot[bot]", "Bot"), ("renovate[bot]", "User"), ("Robo", "User")],
    )
    def test_they_get_none_where_the_repository_says_so(
        self, hub: GitHub, set_: Set, author: str, kind: str
    ) -> None:
        assert by(hub, "opened", author=author, kind=kind).startswith("deploying")
        Branch.objects.all().delete()
        set_(deploy_bots=False, bots=["robo"])
        said = by(hub, "opened", author=author, kind=kind)
        assert said == f"ignored: {author} is a bot"

    def test_people_get_one(self, hub: GitHub, set_: Set) -> None:
        set_(deploy_bots=False, bots=["robo"])
        assert by(hub, "opened", author="robolina").startswith("deploying")


class TestBase:
    def test_only_those_into_a_branch_that_matches(self, hub: GitHub, set_: Set) -> None:
        set_(base_branches=["main", "release/*"])
        said = by(hub, "opened", base="develop")
        assert said == ("ignored: its base develop matches none of the repository's base branches")
        assert by(hub, "edited", base="release/1").startswith("deploying")
        assert by(hub, "edited", base="develop").startswith("destroying feature: its base")

    def test_another_title_ends_nothing(self, hub: GitHub, set_: Set) -> None:
        by(hub, "opened", base="develop")
        set_(base_branches=["main"])
        assert hub.pull("edited", title="Else").startswith("ignored:")
        assert feature().wanted == Wanted.PRESENT


class TestPaths:
    @pytest.fixture(autouse=True)
    def files(self, set_: Set, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        set_(paths=["src/", "!src/docs/"])
        files = ["README.md", "src/docs/x"]
        monkeypatch.setattr(git, "changed_files", lambda *_: files)
        return files

    def test_without_a_file_that_is_asked_for_there_is_none(self, hub: GitHub) -> None:
        said = hub.pull("opened")
        assert said == (
            "ignored: none of its 2 changed files is one that the repository's paths name"
        )
        assert feature().wanted == Wanted.ABSENT
        assert not Deployment.objects.exists()
        assert hub.pull("synchronize") == "ignored: bbbbbbb of feature was here before"

    def test_with_one_there_is_one(self, hub: GitHub, files: list[str]) -> None:
        hub.pull("opened")
        files.append("src/shop.py")
        hub.heads["feature"] = OLD
        assert hub.pull("synchronize") == "deploying aaaaaaa to feature"

    def test_one_that_is_there_is_kept_as_it_is(self, hub: GitHub, files: list[str]) -> None:
        files.append("src/shop.py")
        hub.pull("opened")
        files.remove("src/shop.py")
        hub.heads["feature"] = OLD
        for said in (hub.push(), hub.pull("synchronize")):
            assert said.startswith("ignored:")
        assert feature().wanted_commit == NEW
        assert feature().wanted == Wanted.PRESENT

    def test_the_main_line_is_always_deployed(self, hub: GitHub, set_: Set) -> None:
        set_(policy="all")
        assert hub.push("main") == "deploying bbbbbbb to main"
        assert hub.push("other-branch").startswith("ignored")

    def test_a_base_that_is_gone_leaves_nothing_out(
        self, hub: GitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(git, "changed_files", lambda *_: None)
        assert hub.pull("opened").startswith("deploying")

    def test_a_fork_does_not_wait_for_an_approval_of_nothing(self, hub: GitHub) -> None:
        assert hub.pull("opened", fork=True).startswith("ignored: none of its 2 changed files")
        assert not Branch.objects.get().waiting_commit


@pytest.mark.parametrize(
    ("patterns", "files", "is_wanted"),
    [
        ([], ["x"], True),
        (["src/"], ["src/a/b"], True),
        (["src/"], ["a/src/b"], True),
        (["/src/"], ["a/src/b"], False),
        (["*.py"], ["a/b.py"], True),
        (["src/**/x.ts"], ["src/a/b/x.ts"], True),
        (["!docs/"], ["docs/a"], False),
        (["!docs/"], ["docs/a", "b"], True),
        (["!docs/", "!*.md"], ["docs/a", "README.md"], False),
        (["src/", "!*.md"], ["src/x.md"], False),
        (["src/**", "!src/docs/"], ["src/docs/x"], False),
        (["src/"], [], False),
    ],
)
def test_patterns(patterns: list[str], files: list[str], is_wanted: bool) -> None:
    assert is_asked_for(patterns, files) == is_wanted


@pytest.mark.parametrize("pattern", ["", " ", "# x", "a\nb", "x" * 501, "a\x00"])
def test_what_is_no_pattern(pattern: str) -> None:
    assert not is_pattern(pattern)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("paths", ["# x"]),
        ("paths", "src"),
        ("bots", [1]),
        ("base_branches", "main"),
        ("skip_label", "Preview"),
        ("start_label", "a\nb"),
        ("poll_seconds", 4),
        ("poll_seconds", 86401),
        ("host", "svn"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    repository: Repository, field: str, value: Any
) -> None:
    setattr(repository, field, value)
    with pytest.raises(ValidationError) as caught:
        repository.full_clean()
    assert field in caught.value.message_dict


def test_only_with_a_label_needs_its_name(repository: Repository) -> None:
    repository.only_with_label, repository.start_label = True, ""
    with pytest.raises(ValidationError, match="Name the label"):
        repository.full_clean()
