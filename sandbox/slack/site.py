"""Slack as a person sees it: teams, channels and messages; and what arrived, as JSON for tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox import dials
from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.pages import Pages, feed
from sandbox.seed import Channel, Team
from sandbox.slack.directory import directory
from sandbox.slack.posting import Message
from sandbox.slack.teams import Teams

MOST_LISTED = 60
MOST_SHOWN = 100


class Site:
    """The page at ``/``, what it polls, and ``/_sandbox/messages``."""

    def __init__(self, *, pages: Pages, teams: Teams, journal: Journal[Message], board: Board) -> None:
        self._pages = pages
        self._teams = teams
        self._journal = journal
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._home),
            web.get("/_sandbox/feed", self._feed),
            web.get("/_sandbox/messages", self._messages),
            web.delete("/_sandbox/messages", self._clear),
            *dials.routes(self._board),
        ]

    async def _home(self, request: web.Request) -> web.Response:
        targets = [(team.team_id, team.team_name) for team in self._teams.all()]
        return self._pages.html("slack/home.html", **self._view(request), board=self._board, targets=targets)

    async def _feed(self, request: web.Request) -> web.Response:
        render = lambda: self._pages.fragment("slack/_workspace.html", **self._view(request))  # noqa: E731
        return feed(request, version=self._journal.version, render=render)

    def _view(self, request: web.Request) -> dict[str, Any]:
        """Everything the workspace shows: the team, its channels (some of them, when there are many), the messages."""
        teams, query = self._teams.all(), request.query.get("q", "").lower().removeprefix("#")
        asked = next((each for each in teams if each.team_id == request.query.get("team")), None)
        team = asked or next(iter(teams), None)
        counts = Counter(message.channel for message in self._journal if team and message.team == team.team_id)
        channels = _listed(team, words=query, counts=counts) if team else []
        channel = self._chosen(team, channels, request.query.get("channel", ""))
        return {
            "teams": teams,
            "team": team,
            "q": query,
            "channels": channels,
            "total": len(directory(team).channels) if team else 0,
            "counts": counts,
            "channel": channel,
            "opened": "channel" in request.query,
            "messages": self._of(team.team_id, channel.id)[-MOST_SHOWN:] if team and channel else [],
            "version": self._journal.version,
            "query_string": _same_again(team=team, channel=channel, words=query),
        }

    def _chosen(self, team: Team | None, channels: list[Channel], wanted: str) -> Channel | None:
        found = directory(team).find(wanted) if team and wanted else None
        return found or next(iter(channels), None)

    def _of(self, team: str, channel: str) -> list[Message]:
        """Messages of a team and channel, by id or (for the channel) name; "" means any."""
        channel = channel.removeprefix("#")
        return [
            each
            for each in self._journal
            if team in ("", each.team) and channel in ("", each.channel, each.channel_name)
        ]

    async def _messages(self, request: web.Request) -> web.Response:
        found = self._of(request.query.get("team", ""), request.query.get("channel", ""))
        return web.json_response([asdict(message) for message in found])

    async def _clear(self, request: web.Request) -> web.Response:
        gone = {id(each) for each in self._of(request.query.get("team", ""), request.query.get("channel", ""))}
        self._journal.clear(where=lambda message: id(message) in gone)
        return web.Response(status=204)


def _same_again(*, team: Team | None, channel: Channel | None, words: str) -> str:
    """The query that shows this very channel, also when others have become busier."""
    return urlencode({"team": team.team_id if team else "", "channel": channel.id if channel else "", "q": words})


def _listed(team: Team, *, words: str, counts: Counter[str]) -> list[Channel]:
    """The channels in the side bar: those with messages first, then by name, and never thousands."""
    busy = [channel for channel_id in counts if (channel := directory(team).find(channel_id)) and words in channel.name]
    found = {channel.id: channel for channel in (*busy, *directory(team).search(words, most=MOST_LISTED))}
    return sorted(found.values(), key=lambda channel: (not counts[channel.id], channel.is_archived, channel.name))
