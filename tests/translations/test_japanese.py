"""Japanese is complete: whatever people can read is in the catalogue, and in the compiled one."""

import re
from typing import Any

from . import catalogue

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%\(\w+\)\.\d+f")
#: Names, and words that are the same in every language.
_SAME_EVERYWHERE = re.compile(
    r"Edaha|GUID|XXXX-XXXX|git|esc|AWS|3f2a1bc|English|日本語|OWNER/NAME|UTC|JSON|GitHub|ECS|CPU|SHA|px|\bms\b|URL|⌘|Ctrl|Esc|Enter"
)


def test_every_message_is_translated() -> None:
    known = catalogue.committed()
    missing = []
    for message in catalogue.source():
        if not message.id:
            continue
        first = message.id[0] if isinstance(message.id, list | tuple) else message.id
        found = known.get(first, context=message.context)
        if found is None or found.fuzzy or not catalogue.done(found.string):
            missing.append(first)
    assert missing == [], "run bin/messages, and translate what it lists"


def test_translations_name_what_the_message_names() -> None:
    wrong = [
        message.id
        for message in catalogue.committed()
        if message.id and catalogue.done(message.string)
        if _names(message.id) != _names(message.string)
    ]
    assert wrong == []


def test_the_compiled_catalogue_is_of_this_source() -> None:
    assert catalogue.MO.read_bytes() == catalogue.compiled(catalogue.committed())


def test_templates_have_no_text_of_their_own() -> None:
    """Between tags there is no word that is not given to be translated."""
    found = []
    for path, text in catalogue.templates():
        bare = re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", text, flags=re.DOTALL)
        bare = re.sub(r"{% blocktrans.*?{% endblocktrans\w* %}", "", bare, flags=re.DOTALL)
        bare = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", bare, flags=re.DOTALL)
        bare = re.sub(r"{%.*?%}|{{.*?}}", "", bare, flags=re.DOTALL)
        named = re.findall(r'(?:placeholder|title|alt|aria-label)="([^"]*)"', bare)
        words = [*named, *re.sub(r"<[^>]*>", "\n", bare).split("\n")]
        found += [f"{path.name}: {word.strip()}" for word in words if _is_word(word)]
    assert found == []


def _is_word(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", _SAME_EVERYWHERE.sub("", text.replace("&nbsp;", ""))))


def _names(texts: Any) -> set[str]:
    texts = texts if isinstance(texts, list | tuple) else [texts]
    return {name for text in texts for name in _PLACEHOLDER.findall(text)}
