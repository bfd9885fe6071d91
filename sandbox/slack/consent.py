"""The consent page at ``/oauth/v2/authorize``: who asks, for what, and in which team."""

from __future__ import annotations

from typing import Any

from sandbox import consent
from sandbox.consent import Asked
from sandbox.dials import Board
from sandbox.pages import Pages
from sandbox.redirects import is_web_address
from sandbox.seed import Team
from sandbox.slack.oauth import OAuth
from sandbox.slack.teams import Teams


class ConsentPage(consent.ConsentPage[Team]):
    """Any team of the seed may be picked."""

    path = "/oauth/v2/authorize"
    template = "slack/consent.html"
    carried = ("client_id", "scope", "redirect_uri", "state")
    unpicked = "team_not_found: pick one of the teams on the page."

    def __init__(self, *, pages: Pages, teams: Teams, oauth: OAuth, board: Board) -> None:
        super().__init__(pages=pages, board=board)
        self._teams = teams
        self._oauth = oauth

    def trouble(self, asked: Asked) -> str:
        if self._oauth.app(asked.get("client_id", "")) is None:
            return "invalid_client_id: no app has this client_id. The seed's slack_apps lists those that exist."
        if not is_web_address(asked.get("redirect_uri", "")):
            return "bad_redirect_uri: redirect_uri must be an http or https address."
        if not asked.get("scope", "").strip(", "):
            return "invalid_scope: scope must name at least one permission."
        return ""

    def shown(self, asked: Asked) -> dict[str, Any]:
        scopes = asked["scope"].replace(",", " ").split()
        return {"app": self._oauth.app(asked["client_id"]), "scopes": scopes, "teams": self._teams.all()}

    def picked(self, asked: Asked) -> Team | None:
        return self._teams.find(asked.get("team", ""))

    def agree(self, account: Team, asked: Asked) -> str:
        return self._oauth.agree(
            client_id=asked["client_id"], team=account, scopes=asked["scope"], redirect_uri=asked["redirect_uri"]
        )
