"""A Slack workspace behind the door: what the tests of the directory ask instead of the real one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connections.models import Connection
from connections.provider import Answer, Reply, Request
from workspaces.models import Workspace

TOKEN = "xoxb-not-a-token"


def make_slack(workspace: Workspace, **fields: Any) -> Connection:
    """A connected Slack workspace."""
    row = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider="slack",
        name=f"{workspace.name} Slack",
        settings={"team_id": "T0123456789", "team_name": workspace.name},
        created_by="test",
        **fields,
    )
    row.seal_values("credentials", {"bot_token": TOKEN})
    row.save()
    return row


def channel(number: int, name: str = "", **facts: Any) -> dict[str, Any]:
    """A conversation as Slack describes it."""
    return {
        "id": f"C{number:010d}",
        "name": name or f"room-{number:05d}",
        "is_private": False,
        "is_member": False,
        "is_archived": False,
        "num_members": 3,
        "previous_names": [],
        **facts,
    }


def says(answer: Mapping[str, Any], *, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=json.dumps(answer).encode())


def error(word: str, **more: Any) -> Answer:
    return says({"ok": False, "error": word, **more})


def slow_down(seconds: int) -> Answer:
    return says({"ok": False, "error": "ratelimited"}, status=429, **{"retry-after": str(seconds)})


@dataclass
class Slack:
    """Channels in pages, and answers that come first, in their order."""

    channels: list[dict[str, Any]] = field(default_factory=list)
    page: int = 2
    first: list[Reply | Callable[[], Reply]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def send(self, request: Request, **_: Any) -> Reply:
        parts = urlsplit(request.url)
        method, arguments = parts.path.rpartition("/")[2], dict(parse_qsl(parts.query))
        self.asked.append((method, arguments))
        if self.first:
            reply = self.first.pop(0)
            return reply() if callable(reply) else reply
        return getattr(self, f"_{method.replace('.', '_')}")(arguments)  # type: ignore[no-any-return]

    @property
    def cursors(self) -> list[str]:
        return [arguments.get("cursor", "") for method, arguments in self.asked if method == "conversations.list"]

    def _conversations_list(self, arguments: Mapping[str, str]) -> Reply:
        start = int(arguments.get("cursor") or 0)
        types = arguments["types"].split(",")
        shown = [
            one
            for one in self.channels[start : start + self.page]
            if ("private_channel" if one["is_private"] else "public_channel") in types
        ]
        end = start + self.page
        following = str(end) if end < len(self.channels) else ""
        return says({"ok": True, "channels": shown, "response_metadata": {"next_cursor": following}})

    def _conversations_info(self, arguments: Mapping[str, str]) -> Reply:
        found = [one for one in self.channels if one["id"] == arguments["channel"]]
        return says({"ok": True, "channel": found[0]}) if found else error("channel_not_found")

    def _auth_test(self, _: Mapping[str, str]) -> Reply:
        return says({"ok": True, "user": "jackfield"})
