"""The consent page at ``/oauth/authorize``: who asks, for what, and in which account."""

from __future__ import annotations

from aiohttp import web

from sandbox.dials import EVERYONE, Board
from sandbox.hubspot.accounts import Accounts
from sandbox.hubspot.oauth import OAuth
from sandbox.pages import Pages, cut_off
from sandbox.redirects import back_to, is_web_address

ASKED = ("client_id", "scope", "optional_scope", "redirect_uri", "state", "code_challenge", "code_challenge_method")


class ConsentPage:
    """Shows the request on GET; on POST goes back to the app with a code, or with ``access_denied``."""

    def __init__(self, *, pages: Pages, accounts: Accounts, oauth: OAuth, board: Board) -> None:
        self._pages = pages
        self._accounts = accounts
        self._oauth = oauth
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/oauth/authorize", self._ask), web.post("/oauth/authorize", self._decide)]

    async def _ask(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        if trouble := self._trouble(asked):
            return self._refuse(trouble)
        page = self._pages.html(
            "hubspot/consent.html",
            policy={"form-action": ""},  # it would also judge the redirect back to the app, and stop it
            app=self._oauth.app(asked["client_id"]),
            asked={name: asked[name] for name in ASKED if name in asked},
            scopes=asked["scope"].split(),
            optional=asked.get("optional_scope", "").split(),
            accounts=self._accounts.all(),
        )
        return cut_off(page) if self._board.is_set(EVERYONE, "coop") else page

    async def _decide(self, request: web.Request) -> web.Response:
        asked = {key: str(value) for key, value in (await request.post()).items()}
        app, account = self._oauth.app(asked.get("client_id", "")), self._accounts.find(asked.get("account", ""))
        trouble = self._trouble(asked)
        if trouble or app is None or account is None:
            return self._refuse(trouble or "Pick one of the accounts on the page.")
        state = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("decision") != "allow":
            raise web.HTTPFound(back_to(asked["redirect_uri"], error="access_denied", **state))
        code = self._oauth.agree(app=app, account=account, asked=asked)
        raise web.HTTPFound(back_to(asked["redirect_uri"], code=code, **state))

    def _trouble(self, asked: dict[str, str]) -> str:
        """Why the request cannot be shown to anyone; "" when it can. Such errors never redirect."""
        if self._oauth.app(asked.get("client_id", "")) is None:
            return "No app has this client_id. The seed's hubspot_apps lists those that exist."
        if not is_web_address(asked.get("redirect_uri", "")):
            return "redirect_uri must be an http or https address."
        if not asked.get("scope", "").strip():
            return "scope must name at least one permission."
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return "code_challenge_method must be S256."
        return ""

    def _refuse(self, trouble: str) -> web.Response:
        return self._pages.html("refused.html", status=400, trouble=trouble)
