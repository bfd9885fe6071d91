"""Codes and tokens (developers.hubspot.com/docs/api-reference/2026-03/authentication/manage-oauth-tokens)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.hubspot.accounts import ACCESS_SECONDS, Accounts, Grant
from sandbox.oauth import App, Codes, Consent, OAuthError
from sandbox.seed import HubSpotAccount, SeedFile


class OAuth:
    """Codes and tokens, for the app they were made for."""

    def __init__(self, *, seeds: SeedFile, accounts: Accounts) -> None:
        self._seeds = seeds
        self._accounts = accounts
        self._codes = Codes[int]()  # of the account with that hub_id

    def app(self, client_id: str) -> App | None:
        return next((app for app in self._seeds.current().hubspot_apps if app.client_id == client_id), None)

    def agree(self, *, account: HubSpotAccount, asked: Mapping[str, str]) -> str:
        """Make the code that goes back to the app. Optional scopes are granted where the account has them."""
        wanted = (*asked["scope"].split(), *asked.get("optional_scope", "").split())
        scopes = tuple(scope for scope in wanted if scope not in account.lacks.split())
        challenge = asked.get("code_challenge", "")
        consent = Consent(asked["client_id"], account.hub_id, scopes, asked["redirect_uri"], challenge)
        return self._codes.issue(f"na1-{secrets.token_hex(16)}", consent)

    def account_of(self, form: Mapping[str, str]) -> str:
        """The account that a call is about, for the dials; "" when it names none that we know."""
        consent = self._codes.find(form.get("code", ""))
        if consent:
            return str(consent.account)
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

    def authenticate(self, form: Mapping[str, str]) -> App:
        """The app that calls. Raises ``OAuthError``."""
        app = self.app(form.get("client_id", ""))
        if app is None or not app.has_secret(form.get("client_secret", "")):
            raise OAuthError("invalid_client", "missing or invalid client id or client secret", status=401)
        return app

    def _exchange(self, app: App, form: Mapping[str, str]) -> Grant:
        consent = self._codes.spend(form.get("code", ""))
        if consent is None or consent.client_id != app.client_id:
            raise OAuthError("invalid_grant", "missing or unknown auth code")
        if form.get("redirect_uri") != consent.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri does not match the one that was authorized")
        if not consent.is_met_by(form.get("code_verifier", "")):
            raise OAuthError("invalid_grant", "code_verifier does not match the challenge")
        account = self._accounts.find(str(consent.account))
        if account is None:
            raise OAuthError("invalid_grant", "the account is gone")
        return self._accounts.install(client_id=app.client_id, account=account, scopes=consent.scopes)


def _granted(grant: Grant) -> dict[str, Any]:
    return {
        "token_type": "bearer",
        "access_token": grant.new_access(),
        "refresh_token": grant.refresh_token,
        "expires_in": ACCESS_SECONDS,
        "hub_id": grant.hub_id,
        "scopes": list(grant.scopes),
    }
