"""Signing in to Slack: what is asked for, and whose workspace a token opens.

Source: https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connections import alerts
from connections.provider import Account, Identification, OAuth2, Refusal, Request, Revocation

OAUTH = OAuth2(
    authorize_url="https://slack.com/oauth/v2/authorize",
    token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106  an address
    scopes=("chat:write", "chat:write.public", "channels:read", "groups:read", "team:read"),
    separator=",",
    account_keys=("team_id", "team_name"),
    # PKCE would turn the vendor's Slack app into a public client, for good, and its refresh tokens into ones of 30
    # days. Source: https://docs.slack.dev/authentication/using-pkce
    pkce=False,
    asks=(
        "Post messages in channels that the app is in, and in public channels",
        "See the names of public channels, and of private ones that the app was invited to",
        "See the name of your Slack workspace",
    ),
    installer="Some Slack workspaces let only an administrator approve new apps.",
    issuer="https://slack.com",
)
REVOKE = "https://slack.com/api/auth.revoke"

_TEAM = re.compile("T[A-Z0-9]{1,31}")
_ANY_ID = re.compile("[A-Z0-9]{2,32}")


def identify(token: Mapping[str, Any]) -> Identification:
    """Everything stands in the token's own answer."""
    yield from ()
    team = token.get("team")
    if not isinstance(team, Mapping) or not _TEAM.fullmatch(str(team.get("id"))):
        return Refusal(
            "The app was installed for a whole Slack organization, and not in one workspace.",
            "Begin again, and choose one workspace at the top right of Slack's page.",
        )
    if token.get("token_type") != "bot":
        return Refusal(
            "Slack gave a person's token instead of the app's own.",
            "The operator gives the Slack app a bot user, and you begin again.",
        )
    name = alerts.cut(alerts.one_line(str(team.get("name") or "")), 100) or str(team["id"])
    return Account(id=team["id"], name=name, settings=_settings(token, team["id"], name), credentials=_secrets(token))


def _settings(token: Mapping[str, Any], team_id: str, name: str) -> dict[str, Any]:
    enterprise = token.get("enterprise")
    found = {
        "team_id": team_id,
        "team_name": name,
        "bot_user_id": token.get("bot_user_id"),
        "app_id": token.get("app_id"),
        "enterprise_id": enterprise.get("id") if isinstance(enterprise, Mapping) else None,
    }
    known = {key: value for key, value in found.items() if isinstance(value, str) and value}
    ids = {key: value for key, value in known.items() if key == "team_name" or _ANY_ID.fullmatch(value)}
    return {**ids, "scopes": [scope for scope in OAUTH.scopes if scope in str(token.get("scope", "")).split(",")]}


def _secrets(token: Mapping[str, Any]) -> dict[str, str]:
    """Apps that rotate their tokens get ``refresh_token`` and ``expires_at`` besides.

    Source: https://docs.slack.dev/authentication/using-token-rotation
    """
    kept = {"bot_token": token["access_token"]}
    for key in ("refresh_token", "expires_at"):
        if token.get(key):
            kept[key] = str(token[key])
    return kept


def renewed(token: Mapping[str, Any], credentials: Mapping[str, str]) -> dict[str, str]:
    """What stays, and what the answer replaces: the refresh token, too, which is good for one time only."""
    kept = {key: value for key, value in credentials.items() if key != "expires_at"}
    return {**kept, **_secrets(token)}


def revoke(credentials: Mapping[str, str]) -> Revocation:
    """The app leaves the workspace. Source: https://docs.slack.dev/reference/methods/auth.revoke"""
    token = credentials.get("bot_token", "")
    if token:
        yield Request(
            method="POST",
            url=REVOKE,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"},
            secrets=(token,),
        )
