"""The Web API: ``/api/<method>``, dialled faults first, then the method, then Slack's headers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.dials import Board, Dial
from sandbox.slack.calls import Call, read
from sandbox.slack.conversations import info, list_channels
from sandbox.slack.errors import SlackError, ratelimited
from sandbox.slack.oauth import OAuth
from sandbox.slack.pace import TIER_2, Pacer
from sandbox.slack.posting import Posting
from sandbox.slack.teams import Install, Teams

ACCOUNT_FAULTS = {
    "token_revoked": "token_revoked: the app was removed",
    "invalid_auth": "invalid_auth: the token is not known",
    "account_inactive": "account_inactive: the team is closed",
    "missing_scope": "missing_scope: a permission is lacking",
    "internal_error": "internal_error: Slack stumbles",
}
CHANNEL_FAULTS = {
    "channel_not_found": "channel_not_found: the channel was deleted",
    "not_in_channel": "not_in_channel: the bot was put out",
    "is_archived": "is_archived: the channel was archived",
    "restricted_action": "restricted_action: posting is not allowed",
}
SWITCHES = {
    "strict_pace": "Pace: one message a second, no bursts",
    "unpaced": "Pace: no message limit",
    "tier_limits": "Pace: 20 channel lists a minute",
    "rotation": "Whoever connects now gets tokens that rotate",
    "coop": "Consent page: cut the window off from its opener (COOP)",
}
FAULTS = {**ACCOUNT_FAULTS, **CHANNEL_FAULTS, **faults.FAULTS, **SWITCHES}

type Verb = Callable[[Install, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method: what it does, what it asks for, and which dialled errors make sense for it."""

    run: Verb
    scope: str = ""
    takes_json: bool = False
    errors: Collection[str] = ()


class Api:
    """Answers ``/api/<method>`` for GET and POST."""

    def __init__(self, *, teams: Teams, oauth: OAuth, posting: Posting, board: Board, pacer: Pacer) -> None:
        self._teams = teams
        self._oauth = oauth
        self._board = board
        self._pacer = pacer
        on_channel = {**ACCOUNT_FAULTS, **CHANNEL_FAULTS}
        self._methods = {
            "auth.test": Method(_auth_test, takes_json=True, errors=ACCOUNT_FAULTS),
            "auth.revoke": Method(self._revoke, errors=ACCOUNT_FAULTS),
            "conversations.list": Method(self._list, errors=ACCOUNT_FAULTS),
            "conversations.info": Method(info, errors=on_channel),
            "chat.postMessage": Method(posting.post_message, scope="chat:write", takes_json=True, errors=on_channel),
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        method = self._methods.get(name)
        try:
            call = await read(request, takes_json=bool(method and method.takes_json))
        except SlackError as error:
            return _respond(error.answer())
        target = self._target(call)

        async def truly() -> web.Response:
            return self._run(name, method, call, target)

        return await faults.answered(request, board=self._board, target=target, answer=truly, body=_error_body)

    async def end_access_tokens(self, request: web.Request) -> web.Response:
        self._teams.end_access_tokens()
        return web.Response(status=204)

    def _run(self, name: str, method: Method | None, call: Call, target: str) -> web.Response:
        try:
            if name == "oauth.v2.access":
                return _respond(self._oauth.access(call.args, authorization=call.authorization))
            if method is None:
                return _respond({"ok": False, "error": "unknown_method", "req_method": name})
            install = self._teams.authorize(call.token)
            _raise_dialled(self._board.take(target, among=method.errors), method, install)
            install.require(method.scope)
            return _respond(_with_warning(method.run(install, call.args), call.warning), install=install)
        except SlackError as error:
            return _respond(error.answer(), retry_after=error.retry_after)

    def _target(self, call: Call) -> str:
        team = self._teams.team_of(call.token)
        return team.team_id if team else self._oauth.team_of(call.args)

    def _list(self, install: Install, args: dict[str, Any]) -> dict[str, Any]:
        team = install.team.team_id
        if self._board.is_set(team, "tier_limits") and (seconds := self._pacer.wait(("list", team), TIER_2)):
            raise ratelimited(seconds)
        return list_channels(install, args)

    def _revoke(self, install: Install, args: dict[str, Any]) -> dict[str, Any]:
        self._teams.revoke(install.token)
        return {"ok": True, "revoked": True}


def _raise_dialled(dial: Dial | None, method: Method, install: Install) -> None:
    if dial is None:
        return
    if dial.fault == "missing_scope":
        needed = method.scope or "channels:read"
        raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(install.scopes - {needed})))
    raise SlackError(dial.fault)


def _auth_test(install: Install, args: dict[str, Any]) -> dict[str, Any]:
    name = install.team.team_name
    return {
        "ok": True,
        "url": f"https://{name.lower().replace(' ', '-')}.slack.com/",
        "team": name,
        "user": "jackfield",
        "team_id": install.team.team_id,
        "user_id": install.bot_user_id,
        "bot_id": install.bot_id,
        "is_enterprise_install": False,
    }


def _with_warning(answer: dict[str, Any], warning: str) -> dict[str, Any]:
    if not warning:
        return answer
    metadata = {**answer.get("response_metadata", {}), "warnings": [warning]}
    return {**answer, "warning": warning, "response_metadata": metadata}


def _error_body(status: int) -> dict[str, Any]:
    words = {429: "ratelimited", 503: "service_unavailable"}
    return {"ok": False, "error": words.get(status, "internal_error")}


def _respond(answer: dict[str, Any], *, install: Install | None = None, retry_after: int = 0) -> web.Response:
    headers = {
        "Cache-Control": "private, no-cache, no-store, must-revalidate",
        "X-Content-Type-Options": "nosniff",
        "X-Slack-Req-Id": secrets.token_hex(16),
    }
    if install:
        headers["X-OAuth-Scopes"] = ",".join(sorted(install.scopes))
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    text, status = json.dumps(answer), 429 if retry_after else 200
    return web.Response(text=text, status=status, content_type="application/json", charset="utf-8", headers=headers)
