"""The consent page at ``/oauth/v2/authorize``: who asks, for what, and in which team."""

from __future__ import annotations

from aiohttp import web

from sandbox.dials import EVERYONE, Board
from sandbox.pages import Pages, cut_off
from sandbox.redirects import back_to, is_web_address
from sandbox.slack.oauth import OAuth
from sandbox.slack.teams import Teams


class ConsentPage:
    """Shows the request on GET; on POST goes back to the app with a code, or with ``access_denied``."""

    def __init__(self, *, pages: Pages, teams: Teams, oauth: OAuth, board: Board) -> None:
        self._pages = pages
        self._teams = teams
        self._oauth = oauth
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/oauth/v2/authorize", self._ask), web.post("/oauth/v2/authorize", self._decide)]

    async def _ask(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        if trouble := self._trouble(asked):
            return self._refuse(trouble)
        page = self._pages.html(
            "slack/consent.html",
            policy={"form-action": ""},  # it would also judge the redirect back to the app, and stop it
            app=self._oauth.app(asked["client_id"]),
            asked=asked,
            scopes=asked["scope"].replace(",", " ").split(),
            teams=self._teams.all(),
        )
        return cut_off(page) if self._board.is_set(EVERYONE, "coop") else page

    async def _decide(self, request: web.Request) -> web.Response:
        asked = {key: str(value) for key, value in (await request.post()).items()}
        app, team = self._oauth.app(asked.get("client_id", "")), self._teams.find(asked.get("team", ""))
        trouble = self._trouble(asked)
        if trouble or app is None or team is None:
            return self._refuse(trouble or "team_not_found: pick one of the teams on the page.")
        state = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("decision") != "allow":
            raise web.HTTPFound(back_to(asked["redirect_uri"], error="access_denied", **state))
        code = self._oauth.agree(app=app, team=team, scopes=asked["scope"], redirect_uri=asked["redirect_uri"])
        raise web.HTTPFound(back_to(asked["redirect_uri"], code=code, **state))

    def _trouble(self, asked: dict[str, str]) -> str:
        """Why the request cannot be shown to anyone; "" when it can. Such errors never redirect."""
        if self._oauth.app(asked.get("client_id", "")) is None:
            return "invalid_client_id: no app has this client_id. The seed's slack_apps lists those that exist."
        if not is_web_address(asked.get("redirect_uri", "")):
            return "bad_redirect_uri: redirect_uri must be an http or https address."
        if not asked.get("scope", "").strip(", "):
            return "invalid_scope: scope must name at least one permission."
        return ""

    def _refuse(self, trouble: str) -> web.Response:
        return self._pages.html("refused.html", status=400, trouble=trouble)
