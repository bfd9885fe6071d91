"""``chat.postMessage``: what Slack checks before it shows a message, and the messages it has shown."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.pages import now
from sandbox.seed import Channel
from sandbox.slack.blocks import MAX_CHARACTERS, characters, complaints
from sandbox.slack.conversations import may_see
from sandbox.slack.directory import directory
from sandbox.slack.errors import SlackError, invalid_arguments, ratelimited
from sandbox.slack.pace import POSTING, POSTING_STRICT, Pacer
from sandbox.slack.teams import Install

MAX_TEXT = 40_000
MAX_ATTACHMENTS = 100


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it arrived. ``team`` and ``channel`` are ids; ``ts`` names it within its channel."""

    ts: str
    team: str
    team_name: str
    channel: str
    channel_name: str
    text: str
    blocks: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    metadata: dict[str, Any] | None
    received_at: str


class Posting:
    """Takes messages into the journal, at the pace of the dials."""

    def __init__(self, *, journal: Journal[Message], board: Board, pacer: Pacer) -> None:
        self._journal = journal
        self._board = board
        self._pacer = pacer
        self._last_ts = 0

    def post_message(self, install: Install, args: dict[str, Any]) -> dict[str, Any]:
        """Check, pace and keep one message. Raises ``SlackError``."""
        blocks, attachments = _parts(args)
        channel = _channel(install, str(args.get("channel") or ""))
        text = _text(args, blocks=blocks, attachments=attachments)
        metadata = _metadata(args)
        self._keep_pace(install, channel)
        message = Message(
            ts=self._next_ts(),
            team=install.team.team_id,
            team_name=install.team.team_name,
            channel=channel.id,
            channel_name=channel.name,
            text=text,
            blocks=blocks,
            attachments=attachments,
            metadata=metadata,
            received_at=now(),
        )
        self._journal.add(message)
        return _answer(message, install=install)

    def _keep_pace(self, install: Install, channel: Channel) -> None:
        team = install.team.team_id
        if self._board.is_set(team, "unpaced"):
            return
        rate = POSTING_STRICT if self._board.is_set(team, "strict_pace") else POSTING
        seconds = self._pacer.wait(("post", team, channel.id), rate)
        if seconds:
            raise ratelimited(seconds)

    def _next_ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1_000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def _parts(args: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    blocks = _json_list(args.get("blocks"), error="invalid_blocks_format")
    attachments = _json_list(args.get("attachments"), error="invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    wrong = list(complaints(blocks)) if blocks else []
    for number, each in enumerate(attachments):
        if each.get("blocks"):
            wrong += complaints(each["blocks"], at=f"/attachments/{number}/blocks")
    if wrong:
        messages = [f"[ERROR] {complaint}" for complaint in wrong]
        raise SlackError("invalid_blocks", errors=wrong, response_metadata={"messages": messages})
    if characters(blocks) > MAX_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return blocks, attachments


def _json_list(value: Any, *, error: str) -> list[dict[str, Any]]:
    """An argument that is a list in JSON, or a list as JSON text in a form."""
    if not value:
        return []
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise SlackError(error) from None
    if not isinstance(parsed, list) or not all(isinstance(each, dict) for each in parsed):
        raise SlackError(error)
    return parsed


def _channel(install: Install, wanted: str) -> Channel:
    if not wanted:
        raise invalid_arguments("missing required field: channel")
    channel = directory(install.team).find(wanted)
    if channel is None or not may_see(channel):
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not channel.is_member and "chat:write.public" not in install.scopes:
        raise SlackError("not_in_channel")
    return channel


def _text(args: dict[str, Any], *, blocks: list[Any], attachments: list[Any]) -> str:
    text = str(args.get("text") or "")
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    if len(text) > MAX_TEXT:
        raise SlackError("msg_too_long")
    return text


def _metadata(args: dict[str, Any]) -> dict[str, Any] | None:
    value = args.get("metadata")
    if not value:
        return None
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise SlackError("invalid_metadata_format") from None
    if (
        not isinstance(parsed, dict)
        or not parsed.get("event_type")
        or not isinstance(parsed.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_schema")
    return parsed


def _answer(message: Message, *, install: Install) -> dict[str, Any]:
    shown = {
        "type": "message",
        "subtype": "bot_message",
        "ts": message.ts,
        "text": message.text,
        "user": install.bot_user_id,
        "bot_id": install.bot_id,
        "team": message.team,
        "blocks": message.blocks,
        "attachments": message.attachments,
    }
    return {"ok": True, "channel": message.channel, "ts": message.ts, "message": shown}
