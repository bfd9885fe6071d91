"""``conversations.list`` and ``conversations.info``."""

from __future__ import annotations

from typing import Any

from sandbox.seed import Channel
from sandbox.slack.directory import directory
from sandbox.slack.errors import SlackError, invalid_arguments
from sandbox.slack.teams import Install

DEFAULT_LIMIT, MAX_LIMIT = 100, 1_000
TYPES = frozenset({"public_channel", "private_channel", "mpim", "im"})
SCOPES = {"public_channel": "channels:read", "private_channel": "groups:read", "mpim": "mpim:read", "im": "im:read"}
CREATED = 1_700_000_000


def list_channels(install: Install, args: dict[str, Any]) -> dict[str, Any]:
    """A page of channels. The filters apply after the page is cut, so that a page may be short or even empty."""
    types = _types(install, str(args.get("types") or "public_channel"))
    exclude_archived = truth(args.get("exclude_archived"))
    page, next_cursor = directory(install.team).page(cursor=str(args.get("cursor") or ""), limit=_limit(args))
    channels = [
        describe(channel, install=install)
        for channel in page
        if _kind(channel) in types and may_see(channel) and not (exclude_archived and channel.is_archived)
    ]
    return {"ok": True, "channels": channels, "response_metadata": {"next_cursor": next_cursor}}


def info(install: Install, args: dict[str, Any]) -> dict[str, Any]:
    """One channel by its id; unlike ``chat.postMessage``, a name is not taken."""
    wanted = str(args.get("channel") or "")
    if not wanted:
        raise invalid_arguments("missing required field: channel")
    channel = directory(install.team).find(wanted)
    if channel is None or channel.id != wanted or not may_see(channel):
        raise SlackError("channel_not_found")
    install.require(SCOPES[_kind(channel)])
    return {"ok": True, "channel": describe(channel, install=install)}


def may_see(channel: Channel) -> bool:
    """A bot does not learn of private channels that it was not invited to."""
    return channel.is_member or not channel.is_private


def describe(channel: Channel, *, install: Install) -> dict[str, Any]:
    """The conversation object, with the fields that an app reads."""
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_member": channel.is_member,
        "created": CREATED,
        "updated": CREATED * 1_000,
        "context_team_id": install.team.team_id,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
        "num_members": 12,
    }


def truth(value: object) -> bool:
    """A boolean argument as Slack reads it from a form or from JSON."""
    return str(value).lower() in ("true", "1")


def _kind(channel: Channel) -> str:
    return "private_channel" if channel.is_private else "public_channel"


def _types(install: Install, asked: str) -> set[str]:
    types = {word.strip() for word in asked.split(",")}
    if not types <= TYPES:
        raise SlackError("invalid_types")
    for kind in sorted(types):
        install.require(SCOPES[kind])
    return types


def _limit(args: dict[str, Any]) -> int:
    value = str(args.get("limit") or DEFAULT_LIMIT)
    if not value.isdecimal() or int(value) > MAX_LIMIT:
        raise SlackError("invalid_limit")
    return int(value) or DEFAULT_LIMIT
