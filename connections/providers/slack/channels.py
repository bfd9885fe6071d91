"""The directory of channels: ``conversations.list`` page by page, ``conversations.info`` for one that was pasted.

Sources: https://docs.slack.dev/reference/methods/conversations.list and .../conversations.info. Archived channels are
asked for, too, so that a rule that points at one can be told of it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import urlencode

from connections import alerts
from connections.answers import list_of, object_of, parsed, text_of
from connections.provider import (
    Answer,
    DirectoryKind,
    DirectoryPage,
    Entry,
    Failure,
    Listing,
    Lookup,
    Reply,
    Request,
    Step,
    Trouble,
    Unread,
)
from connections.providers.slack import errors
from connections.verdicts import judge_vendor, retry_after, unread

KIND = DirectoryKind(
    key="channel", label="channel", label_plural="channels", one_page_limit=999, max_requests=2, mark="#"
)  # "an integer under 1000"; a page that lacks a permission is asked for once more without it
API = "https://slack.com/api"
NAME_MOST = 120

_ID = "[CG][A-Z0-9]{7,30}"
_FORMS = (
    re.compile(rf"({_ID})"),
    re.compile(rf"<#({_ID})(?:\|[^>]*)?>"),
    re.compile(rf"(?:https?://)?[\w.-]+\.slack\.com/archives/({_ID})(?:[/?#]\S*)?"),
    re.compile(rf"(?:https?://)?app\.slack\.com/client/[TE][A-Z0-9]+/({_ID})(?:[/?#]\S*)?"),
    re.compile(rf"slack://channel\?(?:\S*&)?id=({_ID})(?:&\S*)?"),
)
_TEAM = re.compile(r"(?:/client/|[?&]team=)(T[A-Z0-9]+)")
_ERROR_WORD = re.compile("[a-z][a-z0-9_]{1,60}")
_USER = re.compile("[a-z0-9._-]{1,80}")

_SCOPES = {"public_channel": "channels:read", "private_channel": "groups:read"}
_MISSING = {
    "public_channel": "The app lacks the permission channels:read: public channels are missing.",
    "private_channel": "The app lacks the permission groups:read: private channels are missing.",
}
_UNINVITED = "Private channels are listed only where the app is a member."

_RECONNECT = "Reconnect Slack and allow what it asks for."
_STALE = Unread("Slack no longer knows how far the list was read.", retry=True, anew=True)
_TOO_LARGE = Unread("Slack's answer is larger than what we read.", fix="Tell the operator of this installation.")
_LATE = Unread("Slack did not answer in time.", retry=True)
_UNREADABLE = Unread("Slack gave an answer that we cannot read.", retry=True)
_NO_ID = Unread(
    "This is no channel's ID or link, and Slack finds none by its name.",
    fix="In Slack, open the menu of the channel, copy its link and paste it here.",
)
_ELSEWHERE = Unread("This link leads to another Slack workspace.", fix="Paste a link of the connected workspace.")
_NOT_SHOWN = "Slack does not show this channel to the app: it was deleted, or it is private and the app is not in it."

_Asking = Generator[Step, Reply, dict[str, Any] | Unread]


def id_in(text: str) -> str:
    """The channel's ID in what somebody pasted; empty when it holds none."""
    stripped = text.strip()
    found = (form.fullmatch(stripped) for form in _FORMS)
    return next((match[1] for match in found if match), "")


def page(cursor: str, *, settings: Mapping[str, Any], token: str) -> Listing:
    """One page. Our cursor is Slack's and the types before it, so that a missing permission is asked about once."""
    types, place = _types_and_place(cursor)
    answer = yield from _list(types, place, settings=settings, token=token)
    if lacking := _lacking(answer, types):
        types = tuple(kind for kind in types if kind != lacking)
        answer = yield from _list(types, place, settings=settings, token=token)
    answer = _checked(answer)
    if isinstance(answer, Unread):
        return answer
    following = text_of(object_of(answer.get("response_metadata")).get("next_cursor"))
    return DirectoryPage(
        entries=tuple(entry for found in list_of(answer.get("channels")) if (entry := _entry(found))),
        next_cursor=f"{','.join(types)} {following}" if following else "",
        gaps=_gaps(types),
    )


def find(text: str, *, settings: Mapping[str, Any], token: str) -> Lookup:
    """One channel by its ID or link."""
    channel, team = id_in(text), _TEAM.search(text)
    if not channel:
        return _NO_ID
    if team and settings.get("team_id") not in (None, "", team[1]):
        return _ELSEWHERE
    answer = yield from _ask("conversations.info", {"channel": channel, "include_num_members": "true"}, token)
    if isinstance(answer, dict) and answer.get("error") == "channel_not_found":
        whoami = yield from _ask("auth.test", {}, token)
        return Unread(_NOT_SHOWN, fix=_invitation(whoami))
    answer = _checked(answer)
    if isinstance(answer, Unread):
        return answer
    return _entry(answer.get("channel")) or _UNREADABLE


def _invitation(whoami: dict[str, Any] | Unread) -> str:
    """What to type in a private channel, with the app's own name as it is in that workspace."""
    name = text_of(whoami.get("user")) if isinstance(whoami, dict) else ""
    said = f"type /invite @{name} there" if _USER.fullmatch(name) else "type /invite and the app's name there"
    return f"If it is private, open it in Slack and {said}; it is looked up again by itself."


# --------------------------------------------------------------------------- asking


def _list(types: tuple[str, ...], cursor: str, *, settings: Mapping[str, Any], token: str) -> _Asking:
    asked = {
        "types": ",".join(types),
        "limit": str(KIND.one_page_limit),
        "exclude_archived": "false",
        "cursor": cursor,
        "team_id": text_of(settings.get("team_id")),  # required with an organization's token, ignored with a team's
    }
    return (yield from _ask("conversations.list", {key: value for key, value in asked.items() if value}, token))


def _ask(method: str, arguments: Mapping[str, str], token: str) -> _Asking:
    """Slack's answer as an object, its errors included."""
    if not token:
        return unread(errors.NAMED["not_authed"])
    reply = yield Request(
        method="GET",
        url=f"{API}/{method}?{urlencode(arguments)}",
        headers={"Authorization": f"Bearer {token}"},
        secrets=(token,),
    )
    if isinstance(reply, Failure):
        return _LATE if reply.trouble is Trouble.TIMEOUT else unread(judge_vendor(reply, "Slack"))
    return _TOO_LARGE if reply.truncated else _read(reply)


def _read(reply: Answer) -> dict[str, Any] | Unread:
    if reply.status != 200:
        return unread(judge_vendor(reply, "Slack"))
    answer = parsed(reply)
    if answer.get("ok") not in (True, False):
        return _UNREADABLE
    if answer.get("error") in ("ratelimited", "rate_limited"):
        return Unread(errors.NAMED["ratelimited"].reason, retry=True, retry_after=retry_after(reply))
    return answer


def _checked(answer: dict[str, Any] | Unread) -> dict[str, Any] | Unread:
    """The answer, or what its error means."""
    if isinstance(answer, Unread) or answer["ok"] is True:
        return answer
    word = text_of(answer.get("error"))
    if word == "invalid_cursor":
        return _STALE
    if word == "missing_scope":
        return Unread("The app lacks the permission to see channels.", fix=_RECONNECT)
    if known := errors.NAMED.get(word):
        return unread(known)
    said = word if _ERROR_WORD.fullmatch(word) else "nothing we can read"
    return Unread(f"Slack did not show its channels and gave as its reason: {said}.", retry=True)


# --------------------------------------------------------------------------- reading


def _types_and_place(cursor: str) -> tuple[tuple[str, ...], str]:
    types, _, place = cursor.partition(" ")
    known = tuple(kind for kind in _SCOPES if kind in types.split(","))
    return known or tuple(_SCOPES), place


def _lacking(answer: dict[str, Any] | Unread, types: tuple[str, ...]) -> str:
    """The type that a permission is missing for, while there is another one."""
    if isinstance(answer, Unread) or answer.get("error") != "missing_scope" or len(types) == 1:
        return ""
    return next((kind for kind in types if _SCOPES[kind] == answer.get("needed")), "")


def _gaps(types: tuple[str, ...]) -> tuple[str, ...]:
    missing = tuple(words for kind, words in _MISSING.items() if kind not in types)
    return (*missing, _UNINVITED) if "private_channel" in types else missing


def _entry(found: object) -> Entry | None:
    channel = object_of(found)
    id = text_of(channel.get("id"))
    if not re.fullmatch(_ID, id):
        return None
    name = _name(channel.get("name")) or _name(channel.get("name_normalized"))
    facts: dict[str, Any] = {key: channel.get(key) is True for key in ("is_private", "is_member", "is_archived")}
    members, before = channel.get("num_members"), list_of(channel.get("previous_names"))
    if isinstance(members, int) and not isinstance(members, bool):
        facts["num_members"] = members
    if before and _name(before[0]):
        facts["previous_name"] = _name(before[0])
    return Entry(id=id, name=name or id, facts=facts)


def _name(value: object) -> str:
    return alerts.cut(alerts.one_line(text_of(value)), NAME_MOST)
