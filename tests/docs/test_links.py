"""Links between the documents lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKS = [
    (document.relative_to(ROOT), target)
    for document in DOCUMENTS
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    if not target.startswith(("http://", "https://"))
]


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("document", "target"), LINKS)
def test_the_link_leads_to_a_file_and_a_heading(document: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (ROOT / document.parent / path) if path else ROOT / document
    assert file.exists()
    assert not anchor or anchor in anchors(file)


def test_links_are_found_at_all() -> None:
    assert (Path("docs/edaha-yml.md"), "settings.md#what-an-application-is-told") in LINKS
