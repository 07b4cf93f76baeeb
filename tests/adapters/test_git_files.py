"""A commit's files, read from the mirror: what is in it, what is not, and what wants out."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.adapters import git, gitfiles
from deployments.adapters.gitfiles import GitFiles
from deployments.definitions.files import MAX_BYTES, Files, Folder
from deployments.definitions.problems import DefinitionError
from deployments.errors import PlatformError, UserError
from deployments.models import Repository

from .origin import Origin


class Reader:
    """Reads at the origin's newest commit, straight from its own objects."""

    def __init__(self, repository: Repository, origin: Origin) -> None:
        self.repository, self.origin = repository, origin

    def read(self, path: str) -> bytes | None:
        with GitFiles(self.repository, self.origin.path, self.origin.commit()) as files:
            return files.read(path)


@pytest.fixture
def reader(shop: Repository, origin: Origin) -> Reader:
    return Reader(shop, origin)


def link(origin: Origin, path: str, target: str) -> None:
    (origin.path / path).parent.mkdir(parents=True, exist_ok=True)
    (origin.path / path).symlink_to(target)


class TestFiles:
    def test_a_files_content_is_read(self, reader: Reader, origin: Origin) -> None:
        (origin.path / "bytes").write_bytes(b"\x00\xff\n\n")
        origin.commit({"edaha.yml": "a: 1\n", "deploy/ecs/task.json": "{}", "empty": ""})
        assert reader.read("edaha.yml") == b"a: 1\n"
        assert reader.read("deploy/ecs/task.json") == b"{}"
        assert reader.read("empty") == b""
        assert reader.read("bytes") == b"\x00\xff\n\n"

    def test_it_is_what_definitions_ask_for(self, reader: Reader) -> None:
        files: Files = GitFiles(reader.repository, reader.origin.path, "0" * 40)
        assert files

    @pytest.mark.parametrize("path", ["gone", "gone/a", "a/gone", "a/b/c", "A", "a/b/"])
    def test_what_is_not_there_is_none(self, reader: Reader, origin: Origin, path: str) -> None:
        origin.commit({"a/b": "1"})
        expected = b"1" if path == "a/b/" else None
        assert reader.read(path) == expected

    def test_the_commit_counts_and_not_what_came_after(
        self, shop: Repository, origin: Origin
    ) -> None:
        first = origin.commit({"a": "1"})
        origin.commit({"a": "2", "b": "2"})
        with GitFiles(shop, origin.path, first) as files:
            assert (files.read("a"), files.read("b")) == (b"1", None)

    def test_many_are_read_by_one_git(
        self, reader: Reader, origin: Origin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = origin.commit({f"f{n}/x": str(n) for n in range(50)})
        started: list[list[str]] = []
        popen = subprocess.Popen

        def start(command: list[str], **more: Any) -> Any:
            started.append(command)
            return popen(command, **more)

        monkeypatch.setattr(subprocess, "Popen", start)
        with GitFiles(reader.repository, origin.path, commit) as files:
            assert [files.read(f"f{n}/x") for n in range(50)] == [b"%d" % n for n in range(50)]
        assert len(started) == 1

    @pytest.mark.parametrize("path", ["", ".", "folder", "folder/deep"])
    def test_a_folder_is_no_file(self, reader: Reader, origin: Origin, path: str) -> None:
        origin.commit({"folder/deep/a": "1"})
        with pytest.raises(DefinitionError, match="This is not a file"):
            reader.read(path)

    @pytest.mark.parametrize("path", ["sub", "sub/a"])
    def test_a_submodule_is_no_file(
        self, reader: Reader, origin: Origin, tmp_path: Path, path: str
    ) -> None:
        other = Origin(tmp_path / "other")
        other.commit({"a": "1"})
        allow = ("-c", "protocol.file.allow=always")
        origin.git(*allow, "submodule", "add", "--quiet", str(other.path), "sub")
        with pytest.raises(DefinitionError, match="a submodule, which Edaha does not read"):
            reader.read(path)

    def test_a_repository_of_sha256_is_read(self, tmp_path: Path) -> None:
        origin = Origin(tmp_path / "new", "--object-format=sha256")
        repository = Repository(pk=1, full_name="acme/new", clone_url=str(origin.path))
        commit = origin.commit({"deep/a": "1"})
        assert len(commit) == 64
        assert Reader(repository, origin).read("deep/a") == b"1"


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "two words",
            "new\nline",
            "tab\there",
            "日本語.yml",
            "*",
            "[a]",
            "HEAD",
            ":x",
            "a:b",
            "a^{tree}",
            "a~1",
            "a@{0}",
            "--help",
            "contents",
            '"quoted"',
            "back\\slash",
        ],
    )
    def test_every_name_is_only_a_name(self, reader: Reader, origin: Origin, name: str) -> None:
        origin.commit({f"in/{name}": "1", "other": "2"})
        assert reader.read(f"in/{name}") == b"1"
        assert reader.read(name) is None

    def test_a_name_that_looks_like_a_described_commit_is_a_name(
        self, reader: Reader, origin: Origin
    ) -> None:
        # `anything-gHASH` is a revision to git: https://git-scm.com/docs/gitrevisions
        commit = origin.commit({"a": "1"})
        assert reader.read(f"v1-g{commit[:7]}") is None
        origin.commit({f"v1-g{commit[:7]}": "2"})
        assert reader.read(f"v1-g{commit[:7]}") == b"2"

    def test_a_name_that_is_not_utf_8_is_found_by_its_bytes(
        self, reader: Reader, origin: Origin
    ) -> None:
        name = os.fsdecode(b"caf\xe9")
        origin.commit({name: "1"})
        assert reader.read(name) == b"1"

    @pytest.mark.parametrize("path", ["a\0b", "\ud800"])
    def test_what_no_file_can_be_called_is_none(
        self, reader: Reader, origin: Origin, path: str
    ) -> None:
        origin.commit({"a": "1"})
        assert reader.read(path) is None

    @pytest.mark.parametrize("commit", ["main", "HEAD", "--help", "a" * 41, "a" * 40 + "\n"])
    def test_only_a_whole_hash_is_a_commit(self, reader: Reader, commit: str) -> None:
        with pytest.raises(UserError, match="is not a commit"):
            GitFiles(reader.repository, reader.origin.path, commit)


class TestSizes:
    def test_a_file_of_the_largest_size_is_read(self, reader: Reader, origin: Origin) -> None:
        origin.commit({"a": "x" * MAX_BYTES})
        content = reader.read("a")
        assert content is not None
        assert len(content) == MAX_BYTES

    def test_a_larger_one_is_refused_without_being_read(
        self, reader: Reader, origin: Origin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = origin.commit({"large": "x" * 10_000_000, "small": "1"})
        read: list[str] = []
        content = gitfiles._Objects.content

        def noted(objects: gitfiles._Objects, digest: str) -> bytes:
            read.append(digest)
            return content(objects, digest)

        monkeypatch.setattr(gitfiles._Objects, "content", noted)
        blob = origin.git("rev-parse", f"{commit}:large")
        with GitFiles(reader.repository, origin.path, commit) as files:
            with pytest.raises(DefinitionError, match="large: This file has 10,000,000 bytes"):
                files.read("large")
            assert read
            assert blob not in read
            # And git is still in step.
            assert files.read("small") == b"1"

    def test_a_folder_that_is_too_large_is_refused(
        self, reader: Reader, origin: Origin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gitfiles, "_FOLDER_BYTES_MAX", 100)
        origin.commit({f"folder/{n}": "1" for n in range(10)})
        with pytest.raises(DefinitionError, match="too many files"):
            reader.read("folder/1")


class TestLinks:
    """path_resolution(7), within the repository. A folder on disk has to say the same."""

    @pytest.fixture(autouse=True)
    def _links(self, origin: Origin) -> None:
        (origin.path / "a/b").mkdir(parents=True)
        (origin.path / "a/b/file").write_text("1")
        (origin.path / "top").write_text("2")
        links = {
            "to-top": "top",
            "a/up": "../top",
            "a/b/upper": "../../top",
            "to-folder": "a/b",
            "twice": "to-folder/file",
            "roundabout": "a/b/../../a/b/./file",
            "a/back": "../to-folder",
            "dangling": "nowhere",
            "through-a-file": "top/x",
        }
        for path, target in links.items():
            link(origin, path, target)

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("to-top", b"2"),
            ("a/up", b"2"),
            ("a/b/upper", b"2"),
            ("to-folder/file", b"1"),
            ("to-folder/upper", b"2"),
            ("twice", b"1"),
            ("roundabout", b"1"),
            ("a/back/file", b"1"),
            ("a/back/upper", b"2"),
            ("dangling", None),
            ("to-folder/nowhere", None),
        ],
    )
    def test_a_link_inside_is_followed(
        self, reader: Reader, origin: Origin, path: str, expected: bytes | None
    ) -> None:
        assert reader.read(path) == expected
        assert Folder(origin.path).read(path) == expected

    def test_a_link_through_a_file_leads_nowhere(self, reader: Reader) -> None:
        assert reader.read("through-a-file") is None

    def test_a_link_to_a_folder_is_no_file(self, reader: Reader) -> None:
        with pytest.raises(DefinitionError, match="to-folder: This is not a file"):
            reader.read("to-folder")

    @pytest.mark.parametrize(
        ("path", "target"),
        [
            ("out", "/etc/passwd"),
            ("out", "../x"),
            ("out", "a/../../x"),
            ("a/out", "../../etc/passwd"),
            ("a/b/out", "../../../shop/top"),
            ("out", "."),
        ],
    )
    def test_a_link_that_leads_out_is_refused(
        self, reader: Reader, origin: Origin, path: str, target: str
    ) -> None:
        link(origin, path, target)
        message = "This is not a file" if target == "." else "leads out of the repository"
        with pytest.raises(DefinitionError, match=f"{path}: .*{message}"):
            reader.read(path)

    def test_a_folder_that_is_a_link_out_is_refused(self, reader: Reader, origin: Origin) -> None:
        link(origin, "etc", "/etc")
        with pytest.raises(DefinitionError, match=r"etc/passwd: .*leads out of"):
            reader.read("etc/passwd")

    @pytest.mark.parametrize(
        "links",
        [
            {"x": "x"},
            {"x": "y", "y": "x"},
            {"x": "x/x"},
            {"x": "deep/y", "deep/y": "../x"},
        ],
    )
    def test_a_circle_is_refused(
        self, reader: Reader, origin: Origin, links: dict[str, str]
    ) -> None:
        for path, target in links.items():
            link(origin, path, target)
        with pytest.raises(DefinitionError, match=r"x: .*leads back to itself"):
            reader.read("x")

    def test_links_that_double_at_every_step_end(self, reader: Reader, origin: Origin) -> None:
        link(origin, "l0", "a")
        for number in range(1, 35):
            link(origin, f"l{number}", f"l{number - 1}/../l{number - 1}")
        with pytest.raises(DefinitionError, match="leads back to itself"):
            reader.read("l34/b/file")

    def test_a_link_as_long_as_a_file_is_refused(self, reader: Reader, origin: Origin) -> None:
        origin.commit({"text": "x/" * 5000})
        blob = origin.git("rev-parse", "HEAD:text")
        origin.git("update-index", "--add", "--cacheinfo", f"120000,{blob},long")
        origin.git("commit", "--quiet", "--message", "Link")
        commit = origin.git("rev-parse", "HEAD")
        with (
            GitFiles(reader.repository, origin.path, commit) as files,
            pytest.raises(DefinitionError, match="too long"),
        ):
            files.read("long")


class TestGitItself:
    @pytest.fixture
    def files(self, shop: Repository, origin: Origin) -> Iterator[GitFiles]:
        with GitFiles(shop, origin.path, origin.commit({"a": "1"})) as files:
            yield files

    def test_it_ends_with_the_block_even_after_an_error(
        self, shop: Repository, origin: Origin
    ) -> None:
        commit = origin.commit({"a/b": "1"})
        with pytest.raises(DefinitionError), GitFiles(shop, origin.path, commit) as files:
            process = files._objects._process
            files.read("a")
        assert process is not None
        assert process.returncode is not None

    def test_a_git_that_dies_is_worth_another_try(self, files: GitFiles) -> None:
        process = files._objects._process
        assert process is not None
        process.kill()
        process.wait()
        with pytest.raises(PlatformError, match="git did not find") as caught:
            files.read("a")
        assert caught.value.retry

    def test_a_commit_that_the_mirror_lacks_is_worth_another_try(
        self, shop: Repository, origin: Origin
    ) -> None:
        with (
            GitFiles(shop, origin.path, "f" * 40) as files,
            pytest.raises(PlatformError, match="git did not find ffffffffffff in the mirror"),
        ):
            files.read("a")

    def test_outside_of_a_block_it_does_not_work(self, shop: Repository, origin: Origin) -> None:
        with pytest.raises(RuntimeError, match="in a `with`"):
            GitFiles(shop, origin.path, origin.commit({"a": "1"})).read("a")

    def test_its_environment_is_not_the_workers(
        self, shop: Repository, origin: Origin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
        commit = "0" * 40
        with GitFiles(shop, origin.path, commit) as files:
            process = files._objects._process
            assert process is not None
            environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"/nowhere" not in environment


class TestTreeEntries:
    def entries(
        self, shop: Repository, origin: Origin, path: str, **files: str
    ) -> list[tuple[str, str]]:
        commit = origin.commit(files)
        found = git.tree_entries(shop, origin.path, commit, path)
        assert all(
            digest == origin.git("rev-parse", f"{commit}:{name}") for _, digest, name in found
        )
        return [(mode, name) for mode, _, name in found]

    def test_every_file_is_there_with_its_mode(self, shop: Repository, origin: Origin) -> None:
        origin.commit({"b/c/d": "1", "b/run": "x", "a": "2"})
        (origin.path / "b/run").chmod(0o755)
        link(origin, "b/l", "../a")
        every = [("100644", "a"), ("100644", "b/c/d"), ("120000", "b/l"), ("100755", "b/run")]
        assert self.entries(shop, origin, ".") == every
        assert self.entries(shop, origin, "") == every
        assert self.entries(shop, origin, "b") == every[1:]
        assert self.entries(shop, origin, "./b/c") == [every[1]]
        assert self.entries(shop, origin, "a") == [every[0]]

    @pytest.mark.parametrize("path", ["gone", "*", "?", ":(top)", "--help"])
    def test_a_path_is_no_pattern(self, shop: Repository, origin: Origin, path: str) -> None:
        assert self.entries(shop, origin, path, a="1") == []

    def test_names_are_whole(self, shop: Repository, origin: Origin) -> None:
        names = ["tab\there", "new\nline", "日本語", os.fsdecode(b"caf\xe9")]
        commit = origin.commit(dict.fromkeys(names, "1"))
        found = {name for _, _, name in git.tree_entries(shop, origin.path, commit, "")}
        assert found == set(names)
