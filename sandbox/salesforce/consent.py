"""The consent page at ``/services/oauth2/authorize``: who asks, for what, and in which org. PKCE is required."""

from __future__ import annotations

import re

from aiohttp import web

from sandbox.dials import EVERYONE, Board
from sandbox.pages import Pages, cut_off
from sandbox.redirects import back_to, is_web_address
from sandbox.salesforce import orgs
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.orgs import APP, ORGS

PATH = "/services/oauth2/authorize"
ASKED = ("client_id", "response_type", "scope", "redirect_uri", "state", "code_challenge", "code_challenge_method")
SCOPES = ("api", "refresh_token", "offline_access", "id", "openid", "web", "full")


class ConsentPage:
    """Shows the request on GET; on POST goes back to the app with a code, or with ``access_denied``."""

    def __init__(self, *, pages: Pages, oauth: OAuth, board: Board) -> None:
        self._pages = pages
        self._oauth = oauth
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self._ask), web.post(PATH, self._decide)]

    async def _ask(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        if trouble := _trouble(asked):
            return self._refuse(trouble)
        page = self._pages.html(
            "salesforce/consent.html",
            policy={"form-action": ""},  # it would also judge the redirect back to the app, and stop it
            app=APP,
            asked={name: asked[name] for name in ASKED if name in asked},
            scopes=asked["scope"].split(),
            orgs=ORGS,
        )
        return cut_off(page) if self._board.is_set(EVERYONE, "coop") else page

    async def _decide(self, request: web.Request) -> web.Response:
        asked = {key: str(value) for key, value in (await request.post()).items()}
        trouble, org = _trouble(asked), orgs.find(asked.get("org", ""))
        if trouble or org is None:
            return self._refuse(trouble or "Pick one of the orgs on the page.")
        state = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("decision") != "allow":
            denied = {"error": "access_denied", "error_description": "end-user denied authorization"}
            raise web.HTTPFound(back_to(asked["redirect_uri"], **denied, **state))
        raise web.HTTPFound(back_to(asked["redirect_uri"], code=self._oauth.agree(org=org, asked=asked), **state))

    def _refuse(self, trouble: str) -> web.Response:
        return self._pages.html("refused.html", status=400, trouble=trouble)


def _trouble(asked: dict[str, str]) -> str:
    """Why the request cannot be shown to anyone; "" when it can. Such errors never redirect."""
    if asked.get("client_id") != APP.client_id:
        return f"No app has this client_id. The one that there is: {APP.client_id}."
    if asked.get("response_type") != "code":
        return "response_type must be code."
    if not is_web_address(asked.get("redirect_uri", "")):
        return "redirect_uri must be an http or https address."
    scopes = asked.get("scope", "").split()
    if not scopes or not set(scopes) <= set(SCOPES):
        return f"scope must be some of {', '.join(SCOPES)}."
    if asked.get("code_challenge_method") != "S256" or not re.fullmatch(
        "[A-Za-z0-9_-]{43}", asked.get("code_challenge", "")
    ):
        return "The app requires PKCE: a code_challenge with the code_challenge_method S256."
    return ""
