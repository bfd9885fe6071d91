"""The consent page at ``/services/oauth2/authorize``: who asks, for what, and in which org. PKCE is required."""

from __future__ import annotations

import re
from typing import Any

from sandbox import consent
from sandbox.consent import Asked
from sandbox.dials import Board
from sandbox.pages import Pages
from sandbox.redirects import is_web_address
from sandbox.salesforce import orgs
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.orgs import APP, ORGS, Org

SCOPES = ("api", "refresh_token", "offline_access", "id", "openid", "web", "full")


class ConsentPage(consent.ConsentPage[Org]):
    """Any org may be picked; whether it can be signed in to at that host, its code's exchange tells."""

    path = "/services/oauth2/authorize"
    template = "salesforce/consent.html"
    carried = (
        "client_id",
        "response_type",
        "scope",
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
    )
    unpicked = "Pick one of the orgs on the page."
    denied = {"error": "access_denied", "error_description": "end-user denied authorization"}

    def __init__(self, *, pages: Pages, oauth: OAuth, board: Board) -> None:
        super().__init__(pages=pages, board=board)
        self._oauth = oauth

    def trouble(self, asked: Asked) -> str:
        if asked.get("client_id") != APP.client_id:
            return f"No app has this client_id. The one that there is: {APP.client_id}."
        if asked.get("response_type") != "code":
            return "response_type must be code."
        if not is_web_address(asked.get("redirect_uri", "")):
            return "redirect_uri must be an http or https address."
        scopes = asked.get("scope", "").split()
        if not scopes or not set(scopes) <= set(SCOPES):
            return f"scope must be some of {', '.join(SCOPES)}."
        return _pkce_trouble(asked)

    def shown(self, asked: Asked) -> dict[str, Any]:
        return {"app": APP, "scopes": asked["scope"].split(), "orgs": ORGS}

    def picked(self, asked: Asked) -> Org | None:
        return orgs.find(asked.get("org", ""))

    def agree(self, account: Org, asked: Asked) -> str:
        return self._oauth.agree(org=account, asked=asked)


def _pkce_trouble(asked: Asked) -> str:
    challenge, method = asked.get("code_challenge", ""), asked.get("code_challenge_method")
    if method != "S256" or not re.fullmatch("[A-Za-z0-9_-]{43}", challenge):
        return "The app requires PKCE: a code_challenge with the code_challenge_method S256."
    return ""
