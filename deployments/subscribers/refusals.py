"""What Slack says no with: whose fault it is, and whether asking again can help.

By https://docs.slack.dev/reference/methods/chat.postMessage#errors for bots, and by
https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks and
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors for URLs.
A word that is in no list here is one to try again after.
"""

import json
from enum import Enum
from typing import NamedTuple

from ..adapters.callout import Answer


class Fault(Enum):
    #: It may go better later.
    TIME = "time"
    #: The token or the URL takes nothing any more.
    SENDER = "sender"
    #: Nothing can be written in the channel.
    CHANNEL = "channel"
    #: This message is never taken; the next one may be.
    MESSAGE = "message"


class Refusal(NamedTuple):
    fault: Fault
    #: For people; empty where it was taken.
    problem: str = ""

    @property
    def is_final(self) -> bool:
        return self.fault is not Fault.TIME


_SENDER = {
    "access_denied": "the app may not do this",
    "account_inactive": "the token is of a user or workspace that is gone",
    "action_prohibited": "the workspace forbids it",
    "ekm_access_denied": "the workspace's administrators have suspended writing",
    "invalid_auth": "the token is not valid, or not from this address",
    "invalid_token": "the URL is not valid any more",  # nosec B105 (a word of Slack)
    "missing_scope": "the token lacks the scope chat:write",
    "no_active_hooks": "the incoming webhook was turned off",
    "no_permission": "the app may not write there",
    "no_service": "the incoming webhook was removed or turned off",
    "no_service_id": "the URL is not complete",
    "no_team": "the workspace is gone",
    "not_allowed_token_type": "that is not a bot's token",  # nosec B105 (a word of Slack)
    "not_authed": "there is no token",
    "team_access_not_granted": "the token was not granted the workspace",
    "team_disabled": "the workspace is turned off",
    "token_expired": "the token is too old",  # nosec B105 (a word of Slack)
    "token_revoked": "the token was revoked",  # nosec B105 (a word of Slack)
}
_CHANNEL = {
    "channel_is_archived": "the channel is archived",
    "channel_not_found": "there is no such channel, or the bot cannot see it",
    "is_archived": "the channel is archived",
    "not_in_channel": "the bot is no member of the channel: invite it",
    "posting_to_general_channel_denied": "only some may write in the general channel",
    "restricted_action": "the workspace does not let it write there",
    "restricted_action_read_only_channel": "the channel can only be read",
    "restricted_action_thread_only_channel": "the channel takes replies only",
    "user_not_found": "the person it would be sent to does not exist",
}
_MESSAGE = {
    "invalid_arguments": "the request is not well formed",
    "invalid_blocks": "the blocks are not well formed",
    "invalid_blocks_format": "the blocks are not well formed",
    "invalid_payload": "the request is not well formed",
    "msg_blocks_too_long": "the blocks are too long",
    "msg_too_long": "the text is too long",
    "no_text": "there is no text",
    "too_many_attachments": "it has too many attachments",
}
_KNOWN = {
    word: (fault, meaning)
    for fault, words in (
        (Fault.SENDER, _SENDER),
        (Fault.CHANNEL, _CHANNEL),
        (Fault.MESSAGE, _MESSAGE),
    )
    for word, meaning in words.items()
}


def of_webhook(answer: Answer) -> Refusal | None:
    """None where it took the message. Only 410 is for good, as Standard Webhooks has it."""
    if problem := _not_answered(answer):
        return Refusal(Fault.TIME, problem)
    if answer.status == 410:
        return Refusal(Fault.SENDER, "It answered that it is gone for good (410).")
    return None if _is_fine(answer) else _with_status(answer)


def of_slack(answer: Answer) -> Refusal | None:
    """None where it took the message, which the Web API says inside of an answer with 200."""
    if problem := _not_answered(answer):
        return Refusal(Fault.TIME, problem)
    word = _word(answer)
    if word in _KNOWN:
        fault, meaning = _KNOWN[word]
        return Refusal(fault, f"Slack refused it: {word} ({meaning}).")
    if not _is_fine(answer):
        return _with_status(answer)
    return Refusal(Fault.TIME, f"Slack refused it: {word}.") if word else None


def _not_answered(answer: Answer) -> str:
    return answer.problem or ("" if answer.status is not None else "Nothing answered.")


def _is_fine(answer: Answer) -> bool:
    return answer.status is not None and 200 <= answer.status < 300


def _with_status(answer: Answer) -> Refusal:
    return Refusal(Fault.TIME, f"It was answered with {answer.status}.")


def _word(answer: Answer) -> str:
    """What it says no with: `error` of the Web API's JSON, or an incoming webhook's bare word."""
    try:
        told = json.loads(answer.text)
    except ValueError:
        return "" if _is_fine(answer) else answer.text.strip()[:100]
    if isinstance(told, dict) and told.get("ok") is False:
        return str(told.get("error"))[:200]
    return ""
