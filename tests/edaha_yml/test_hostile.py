"""What somebody may write who wishes Edaha ill."""

import time
from pathlib import Path

import pytest

from deployments.definitions.edaha_yml import Defaults, read
from deployments.definitions.files import MAX_BYTES, Folder
from deployments.definitions.problems import DefinitionError

from .repository import problems

BOMB = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{','.join([f'*{before}'] * 9)}], {name}{name}: *{before}}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
TOO_MANY_KEYS = "".join(f"k{number}: 1\n" for number in range(40_000))
TOO_MANY_SERVICES = "services:\n" + "".join(f"  s{number}: {{}}\n" for number in range(40_000))
HOSTILE = {
    "a bomb of aliases": (BOMB, "values"),
    "a bomb of merges": (MERGES, "values"),
    "10 MB": ("a" * 10 * MAX_BYTES, "bytes"),
    "10 MB of a value": (f"expires: '{'a' * 10 * MAX_BYTES}'", "bytes"),
    "lists 5,000 deep": ("[" * 5000 + "]" * 5000, "deep"),
    "mappings 5,000 deep": ("".join(" " * n + "a:\n" for n in range(1000)), "deep"),
    "a Python object": ("services: !!python/object/apply:os.system [id]", "tag"),
    "a tag of one's own": ("services: !include /etc/passwd", "tag"),
    "a key twice": ("services: {web: {port: 1, port: 2}}", "twice"),
    "an alias in itself": ("services: &a {web: *a}", "within"),
    "two documents": ("expires: 1d\n---\nexpires: 2d\n", "several"),
    "no text at all": (b"\xff\xfe\x00\x00", "UTF-8"),
    "NUL": ("services: {web: {environment: {A: 'a\0b'}}}", "not valid YAML"),
    "an escaped NUL": ('services: {web: {environment: {A: "a\\0b"}}}', "NUL"),
    "an escaped NUL in a path": ('images: {web: {context: "a\\0b"}}', "NUL"),
    "thousands of keys": (TOO_MANY_KEYS, "There is no key"),
    "thousands of services": (TOO_MANY_SERVICES, "20 are the most"),
    "a value of 100 kB": (f"services: {{web: {{environment: {{A: {'a' * 100_000}}}}}}}", "32,768"),
    "a command of 100 kB": (f"services: {{web: {{command: {'a' * 100_000}}}}}", "32,768"),
    "a name of 100 kB": (f"services: {{? {'a' * 100_000} : {{}}}}", "the most"),
    "an unknown key of 100 kB": (f"? {'a' * 100_000}\n: 1", "There is no key"),
    "a number of 100 kB": (f"services: {{web: {{port: {'9' * 100_000}}}}}", "whole number"),
    "an endless number": ("services: {web: {port: .inf}}", "whole number"),
    "a pattern that is slow elsewhere": (
        f"services: {{{'a-' * 15}: {{}}, web: {{image: {'a' * 200}!}}}}",
        "is no name",
    ),
    "a name in Japanese": ("services: {ウェブ: {}}", "is no name"),
    "a name in emoji": ("images: {🦊: {}}", "is no name"),
    "an option for a path": ("images: {web: {dockerfile: --help}}", "There is no file"),
    "terminal escapes": ('"\\e[31mred": 1', "There is no key"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_in_words_and_soon(what: str) -> None:
    text, message = HOSTILE[what]
    before = time.monotonic()
    found = problems(text)
    assert time.monotonic() - before < 5
    assert any(message in str(problem) for problem in found), found[:3]
    assert len(found) <= 51
    assert all(len(str(problem)) < 500 for problem in found)
    assert not any(character in "\0\x1b" for problem in found for character in str(problem))


def test_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yml").write_text("expires: 7d")
    root = tmp_path / "repository"
    root.mkdir()
    (root / "edaha.yml").symlink_to("../elsewhere.yml")
    with pytest.raises(DefinitionError, match=r"edaha\.yml: This symbolic link leads out"):
        read(Folder(root), Defaults())


def test_so_is_one_that_a_path_in_it_goes_through(tmp_path: Path) -> None:
    (tmp_path / "edaha.yml").write_text("services: {web: {ecspresso: linked/hostname}}")
    (tmp_path / "Dockerfile").touch()
    (tmp_path / "linked").symlink_to("/etc")
    with pytest.raises(DefinitionError, match=r"edaha\.yml:1: .*symbolic link leads out"):
        read(Folder(tmp_path), Defaults())


@pytest.mark.parametrize("path", ["/etc/passwd", "../edaha.yml", "a/../../b"])
def test_the_files_own_path_does_not_lead_out(tmp_path: Path, path: str) -> None:
    with pytest.raises(DefinitionError, match="leads out"):
        read(Folder(tmp_path), Defaults(), path=path)
