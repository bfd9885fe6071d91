"""Signing in to HubSpot: what is asked for, and whose account a token opens.

Source: https://developers.hubspot.com/docs/api-reference/2026-03/authentication/manage-oauth-tokens
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connections.answers import parsed
from connections.provider import Account, Answer, Client, Identification, OAuth2, Refusal, Reply, Request
from connections.providers.hubspot.calls import API, VERSION, call

TOKEN = f"{API}/oauth/{VERSION}/token"

OAUTH = OAuth2(
    authorize_url="https://app.hubspot.com/oauth/authorize",
    token_url=TOKEN,
    scopes=("oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"),
    optional_scopes=("crm.lists.read", "crm.lists.write"),
    account_keys=("hub_id", "hub_domain"),
    # The endpoint's reference has code_verifier; the secret is sent besides, so nothing rests on it alone.
    pkce=True,
    asks=(
        "See and change contacts, and write notes on them",
        "See lists and put contacts on them, where your account has lists",
    ),
    installer="HubSpot lets only a super admin, or somebody with the App Marketplace permission, connect an app.",
    revoke_url=f"{TOKEN}/revoke",
)

# What HubSpot calls its kinds of account, and what we show. Source: …/account/account-information/guide
KINDS = {
    "STANDARD": "production",
    "SANDBOX": "sandbox",
    "DEVELOPER_TEST": "test",
    "APP_DEVELOPER": "developer",
}
_DOMAIN = re.compile(r"[a-z0-9.-]{1,120}", re.IGNORECASE)
_UNKNOWN = Refusal(
    "HubSpot did not say which account it is.",
    "Nothing was connected. Begin again; if it lasts, look at HubSpot's status page.",
)


def identify(token: Mapping[str, Any], client: Client) -> Identification:
    """The account's id and kind, and its domain as the name that people know it by."""
    access = token["access_token"]
    details = _object((yield _details(access)))
    if not isinstance(details.get("portalId"), int):
        return _UNKNOWN
    told = _object((yield _introspection(access, client)))
    hub_id = str(details["portalId"])
    name = _domain(told.get("hub_domain")) or f"account {hub_id}"
    settings = {
        "hub_id": hub_id,
        "hub_domain": name,
        "account_type": KINDS.get(str(details.get("accountType")), "unknown"),
        "ui_domain": _domain(details.get("uiDomain")) or "app.hubspot.com",
        "scopes": _scopes(token, told),
    }
    return Account(id=hub_id, name=name, settings=settings, credentials=_secrets(token))


def _details(access: str) -> Request:
    return call("GET", f"/account-info/{VERSION}/details", token=access)


def _introspection(access: str, client: Client) -> Request:
    form = {
        "client_id": client.id,
        "client_secret": client.secret,
        "token": access,
        "token_type_hint": "access_token",
    }
    return Request(
        method="POST",
        url=f"{TOKEN}/introspect",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode(),
        secrets=(access, client.secret),
    )


def _object(reply: Reply) -> dict[str, Any]:
    return parsed(reply) if isinstance(reply, Answer) and reply.status == 200 else {}


def _domain(told: object) -> str:
    return told if isinstance(told, str) and _DOMAIN.fullmatch(told) else ""


def _scopes(token: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    granted = token.get("scopes") or told.get("scopes")
    known = (*OAUTH.scopes, *OAUTH.optional_scopes)
    return [scope for scope in known if scope in granted] if isinstance(granted, list) else []


def _secrets(token: Mapping[str, Any]) -> dict[str, str]:
    kept = {"access_token": token["access_token"]}
    for key in ("refresh_token", "expires_at"):
        if token.get(key):
            kept[key] = str(token[key])
    return kept
