"""Codes and tokens (developers.hubspot.com/docs/api-reference/2026-03/authentication/manage-oauth-tokens)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.hubspot.accounts import ACCESS_SECONDS, Accounts, Grant
from sandbox.hubspot.errors import OAuthError
from sandbox.seed import HubSpotAccount, HubSpotApp, SeedFile

CODE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to, waiting for its code to be exchanged."""

    client_id: str
    hub_id: int
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    expires: float


class OAuth:
    """Codes that can be exchanged once, within ten minutes, by the app they were made for, with their verifier."""

    def __init__(self, *, seeds: SeedFile, accounts: Accounts) -> None:
        self._seeds = seeds
        self._accounts = accounts
        self._consents: dict[str, Consent] = {}

    def app(self, client_id: str) -> HubSpotApp | None:
        return next((app for app in self._seeds.current().hubspot_apps if app.client_id == client_id), None)

    def agree(self, *, app: HubSpotApp, account: HubSpotAccount, asked: Mapping[str, str]) -> str:
        """Make the code that goes back to the app. Optional scopes are granted where the account has them."""
        wanted = (*asked["scope"].split(), *asked.get("optional_scope", "").split())
        scopes = tuple(scope for scope in wanted if scope not in account.lacks.split())
        code = f"na1-{secrets.token_hex(16)}"
        self._consents[code] = Consent(
            client_id=app.client_id,
            hub_id=account.hub_id,
            scopes=scopes,
            redirect_uri=asked["redirect_uri"],
            challenge=asked.get("code_challenge", ""),
            expires=time.monotonic() + CODE_SECONDS,
        )
        return code

    def account_of(self, form: Mapping[str, str]) -> str:
        """The account that a call is about, for the dials; "" when it names none that we know."""
        consent = self._consents.get(form.get("code", ""))
        if consent:
            return str(consent.hub_id)
        try:
            grant = self._accounts.refreshed(form.get("refresh_token", ""), client_id=form.get("client_id", ""))
        except OAuthError:
            return ""
        return str(grant.hub_id)

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The answer of the token endpoint. Raises ``OAuthError``."""
        app = self.authenticate(form)
        match form.get("grant_type", ""):
            case "authorization_code":
                return _granted(self._exchange(app, form))
            case "refresh_token":
                return _granted(self._accounts.refreshed(form.get("refresh_token", ""), client_id=app.client_id))
        raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def introspect(self, form: Mapping[str, str]) -> dict[str, Any]:
        """What a token is. Raises ``OAuthError``."""
        self.authenticate(form)
        opened = self._accounts.opened(form.get("token", ""))
        if opened is None:
            return {"active": False}
        grant, account = opened
        return {
            "active": True,
            "token_type": "bearer",
            "client_id": grant.client_id,
            "hub_id": account.hub_id,
            "hub_domain": account.hub_domain,
            "scopes": list(grant.scopes),
        }

    def authenticate(self, form: Mapping[str, str]) -> HubSpotApp:
        app, secret = self.app(form.get("client_id", "")), form.get("client_secret", "").encode()
        if app is None or not secrets.compare_digest(secret, app.client_secret.encode()):
            raise OAuthError("invalid_client", "missing or invalid client id or client secret", status=401)
        return app

    def _exchange(self, app: HubSpotApp, form: Mapping[str, str]) -> Grant:
        consent = self._consents.pop(form.get("code", ""), None)
        if consent is None or consent.client_id != app.client_id or time.monotonic() > consent.expires:
            raise OAuthError("invalid_grant", "missing or unknown auth code")
        if form.get("redirect_uri") != consent.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri does not match the one that was authorized")
        if consent.challenge and _challenge(form.get("code_verifier", "")) != consent.challenge:
            raise OAuthError("invalid_grant", "code_verifier does not match the challenge")
        account = self._accounts.find(str(consent.hub_id))
        if account is None:
            raise OAuthError("invalid_grant", "the account is gone")
        return self._accounts.install(client_id=app.client_id, account=account, scopes=consent.scopes)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _granted(grant: Grant) -> dict[str, Any]:
    return {
        "token_type": "bearer",
        "access_token": grant.new_access(),
        "refresh_token": grant.refresh_token,
        "expires_in": ACCESS_SECONDS,
        "hub_id": grant.hub_id,
        "scopes": list(grant.scopes),
    }
