"""What people read, found in the source, and the committed Japanese of it."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "locale" / "ja" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"

_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_CODE = ("dashboard", "deployments")


def source() -> Catalog:
    """Every message of the source, without translations."""
    catalog = Catalog(locale="ja", project="Edaha", version="", fuzzy=False)
    for _path, message, context in _messages():
        catalog.add(message, context=context)
    return catalog


def committed() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="ja")


def update() -> list[str]:
    """Bring the catalogue up to date and compile it; returns what has no translation yet."""
    known, wanted = committed(), source()
    fresh = Catalog(locale="ja", project="Edaha", version="", fuzzy=False)
    for message in wanted:
        if message.id:
            old = known.get(_first(message.id), context=message.context)
            string = old.string if old and old.id == message.id else ""
            fresh.add(message.id, string, context=message.context)
    with PO.open("wb") as file:
        write_po(file, fresh, sort_output=True, omit_header=False, width=100)
    MO.write_bytes(compiled(fresh))
    return [str(_first(message.id)) for message in fresh if message.id and not done(message.string)]


def compiled(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def done(string: Any) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


def templates() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield path, path.read_text()


def _messages() -> Iterator[tuple[Path, Any, str | None]]:
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from _extracted(path, path.read_bytes())
    for path, text in templates():
        calls = templatize(text, origin=str(path)).split("\n")
        yield from _extracted(path, "\n".join(line.strip() for line in calls).encode())


def _extracted(path: Path, code: bytes) -> Iterator[tuple[Path, Any, str | None]]:
    for _line, message, _comments, context in extract("python", BytesIO(code), _KEYWORDS):
        yield path, message, context


def _first(message: Any) -> Any:
    return message[0] if isinstance(message, list | tuple) else message
