"""Stored sentences in the reader's language.

Decisions, reasons and findings are written down once, in English, by whoever decides: a log as much
as a text. Here stands what they can be; a sentence that is none of these stays as it was written.
"""

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

from deployments.states import BranchState

#: `%(name)s` stands for anything but a line's end.
SENTENCES = (
    # deployments/decisions.py, deliveries.py
    gettext_noop("answered: the webhook works"),
    gettext_noop("noted: %(account)s installed the GitHub App"),
    gettext_noop("noted: %(account)s removed the GitHub App"),
    gettext_noop("noted: %(account)s suspended the GitHub App"),
    gettext_noop("noted: %(account)s lets the GitHub App work again"),
    gettext_noop("noted: %(account)s accepted the GitHub App's permissions"),
    gettext_noop(
        "noted: %(account)s gave the GitHub App %(added)s repositories, and took %(removed)s away"
    ),
    gettext_noop("ignored: repository %(repository)s is not known"),
    gettext_noop("ignored: it is signed with another repository's secret"),
    gettext_noop("ignored: %(event)s events change nothing"),
    gettext_noop("ignored: it is about a tag"),
    gettext_noop("ignored: the pull request comes from a fork"),
    gettext_noop("ignored: a later event of this pull request was here before"),
    gettext_noop("ignored: it has no label %(label)s"),
    gettext_noop("ignored: %(author)s is a bot"),
    gettext_noop("ignored: its base %(base)s matches none of the repository's base branches"),
    gettext_noop(
        "ignored: none of its %(number)s changed files is one that the repository's "
        "paths name; %(preview)s is kept as it is"
    ),
    gettext_noop(
        "ignored: none of its %(number)s changed files is one that the repository's paths name"
    ),
    gettext_noop("ignored: the comment is not on a pull request"),
    gettext_noop("ignored: the comment has no command"),
    gettext_noop("ignored: no person wrote the comment"),
    gettext_noop("ignored: a comment that was %(action)s tells nothing new"),
    gettext_noop("ignored: this comment was here before; %(outcome)s"),
    gettext_noop("ignored: the command came more than an hour late"),
    gettext_noop("ignored: more than %(number)s commands in a minute"),
    gettext_noop("ignored: %(preview)s was destroyed before"),
    gettext_noop("ignored: %(preview)s is kept as long already"),
    gettext_noop("ignored: it was pinned before"),
    gettext_noop("ignored: it was not pinned"),
    gettext_noop("ignored: %(branch)s matches none of the repository's patterns"),
    gettext_noop("ignored: %(branch)s has no preview"),
    gettext_noop("ignored: %(branch)s exists again"),
    gettext_noop("ignored: %(branch)s is no longer in the repository"),
    gettext_noop("ignored: %(commit)s of %(preview)s was here before"),
    gettext_noop("ignored: %(commit)s of %(preview)s is %(state)s already"),
    gettext_noop("ignored: %(preview)s is %(state)s already"),
    gettext_noop("ignored: %(action)s changes nothing"),
    gettext_noop("ignored: label %(label)s"),
    gettext_noop("ignored: the pull request is a draft"),
    gettext_noop("ignored: %(marker)s"),
    gettext_noop("updated title and labels of %(preview)s"),
    gettext_noop("destroying %(preview)s: pull request #%(number)s was closed"),
    gettext_noop("destroying %(preview)s: the branch was deleted"),
    gettext_noop("destroying %(preview)s: the pull request is a draft"),
    gettext_noop("destroying %(preview)s: label %(label)s"),
    gettext_noop("destroying %(preview)s: it has no label %(label)s"),
    gettext_noop("destroying %(preview)s: %(person)s wrote /preview destroy"),
    gettext_noop("destroying %(preview)s: %(reason)s"),
    gettext_noop("pinned %(preview)s"),
    gettext_noop("unpinned %(preview)s"),
    gettext_noop("kept %(preview)s longer"),
    gettext_noop("answered"),
    gettext_noop("refused: %(author)s has no write access"),
    gettext_noop("refused: %(problem)s"),
    gettext_noop("kept %(preview)s: pull request #%(number)s is open for it"),
    gettext_noop("kept %(preview)s: the repository's policy gives this branch a preview anyway"),
    gettext_noop("deploying %(commit)s to %(preview)s again"),
    gettext_noop("deploying %(commit)s to %(preview)s"),
    gettext_noop("waiting for an approval of %(commit)s for %(preview)s"),
    gettext_noop("ignored: %(repository)s has no head of #%(number)s"),
    gettext_noop("trying again: %(problem)s"),
    gettext_noop("failed: malformed payload, %(problem)s"),
    gettext_noop("failed: %(problem)s"),
    # Reasons in the history
    gettext_noop("Pull request #%(number)s closed"),
    gettext_noop("Branch deleted"),
    gettext_noop("%(person)s pressed destroy"),
    gettext_noop("%(person)s asked for it"),
    gettext_noop("Pinned: %(reason)s"),
    gettext_noop("Pinned"),
    gettext_noop("Unpinned: %(reason)s"),
    gettext_noop("Unpinned"),
    gettext_noop("Kept longer for %(time)s"),
    gettext_noop("Asked for in a comment"),
    gettext_noop("%(person)s wrote /preview destroy"),
    gettext_noop("Kept longer"),
    gettext_noop("%(commit)s waits for an approval: it comes from a fork."),
    gettext_noop("Approved %(commit)s: %(reason)s"),
    gettext_noop("Approved %(commit)s"),
    gettext_noop("Rejected %(commit)s: %(reason)s"),
    gettext_noop("Rejected %(commit)s"),
    gettext_noop("The branch is destroyed."),
    gettext_noop("Generation %(number)s came before it began."),
    gettext_noop("Generation %(number)s is live."),
    gettext_noop("Somebody opened it: it stays for now."),
    gettext_noop("Back to #%(number)s"),
    gettext_noop("GitHub Actions handed no images over within %(number)s minutes."),
    gettext_noop("It ends in %(time)s unless somebody opens it, pushes or pins it."),
    gettext_noop("Nobody visited it or pushed to it for %(time)s."),
    # deployments/reconcile/
    gettext_noop("The ECS service %(name)s is gone (%(status)s)."),
    gettext_noop("The name %(name)s is gone from Cloud Map."),
    gettext_noop("The ECS service %(name)s was told to run %(number)s tasks"),
    gettext_noop("it runs %(number)s again"),
    gettext_noop("%(thing)s stands for nothing"),
    gettext_noop("%(thing)s stood for nothing"),
    gettext_noop("it is removed in %(number)s min"),
    gettext_noop("removed"),
    gettext_noop("its instances leave it first"),
    gettext_noop("A delivery of %(webhook)s failed (%(details)s)"),
    gettext_noop("asked GitHub to send it again, try %(number)s of %(most)s"),
    gettext_noop("%(branch)s of %(repository)s is at %(commit)s, and nobody told of it"),
)
_PLACE = re.compile(r"%\((\w+)\)s")


def worded(text: str) -> str:
    """The sentence in the current language; only the first line of a longer text."""
    line = text.strip().partition("\n")[0]
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(line):
            return gettext(sentence) % _named(found.groupdict())
    return line


def is_known(text: str) -> bool:
    return any(pattern.fullmatch(text) for _sentence, pattern in _patterns())


def _named(places: dict[str, str]) -> dict[str, str]:
    state = places.get("state", "")
    if state in BranchState.values:
        places["state"] = str(BranchState(state).label)
    return places


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """The most particular ones first: those with the most text of their own."""
    own = sorted(SENTENCES, key=lambda sentence: -len(_PLACE.sub("", sentence)))
    return [(sentence, re.compile(_as_pattern(sentence))) for sentence in own]


def _as_pattern(sentence: str) -> str:
    parts = _PLACE.split(sentence)
    return "".join(
        f"(?P<{part}>.+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
