"""The consent page at ``/oauth/authorize``: who asks, for what, and in which account."""

from __future__ import annotations

from typing import Any

from sandbox import consent
from sandbox.consent import Asked
from sandbox.dials import Board
from sandbox.hubspot.accounts import Accounts
from sandbox.hubspot.oauth import OAuth
from sandbox.pages import Pages
from sandbox.redirects import is_web_address
from sandbox.seed import HubSpotAccount


class ConsentPage(consent.ConsentPage[HubSpotAccount]):
    """Any account of the seed may be picked. PKCE may be left out."""

    path = "/oauth/authorize"
    template = "hubspot/consent.html"
    carried = (
        "client_id",
        "scope",
        "optional_scope",
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
    )
    unpicked = "Pick one of the accounts on the page."

    def __init__(self, *, pages: Pages, accounts: Accounts, oauth: OAuth, board: Board) -> None:
        super().__init__(pages=pages, board=board)
        self._accounts = accounts
        self._oauth = oauth

    def trouble(self, asked: Asked) -> str:
        if self._oauth.app(asked.get("client_id", "")) is None:
            return "No app has this client_id. The seed's hubspot_apps lists those that exist."
        if not is_web_address(asked.get("redirect_uri", "")):
            return "redirect_uri must be an http or https address."
        if not asked.get("scope", "").strip():
            return "scope must name at least one permission."
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return "code_challenge_method must be S256."
        return ""

    def shown(self, asked: Asked) -> dict[str, Any]:
        return {
            "app": self._oauth.app(asked["client_id"]),
            "scopes": asked["scope"].split(),
            "optional": asked.get("optional_scope", "").split(),
            "accounts": self._accounts.all(),
        }

    def picked(self, asked: Asked) -> HubSpotAccount | None:
        return self._accounts.find(asked.get("account", ""))

    def agree(self, account: HubSpotAccount, asked: Asked) -> str:
        return self._oauth.agree(account=account, asked=asked)
