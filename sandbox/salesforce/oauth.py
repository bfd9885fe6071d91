"""Codes and tokens (help.salesforce.com, "OAuth 2.0 Web Server Flow" and "OAuth 2.0 Refresh Token Flow")."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.oauth import Codes, Consent, OAuthError
from sandbox.salesforce import orgs
from sandbox.salesforce.orgs import APP, Org

SESSION_SECONDS = 7_200  # an org's own setting; the token's answer does not tell it


def _new_refresh_token() -> str:
    return f"5Aep861{secrets.token_urlsafe(40)}"


@dataclass(slots=True)
class Grant:
    """The app in an org. Access tokens come and go; with rotation the refresh token does, too."""

    org: Org
    scopes: tuple[str, ...]
    refresh_token: str = field(default_factory=_new_refresh_token)
    access: dict[str, float] = field(default_factory=dict)  # token -> when it ends
    spent: set[str] = field(default_factory=set)  # refresh tokens that were replaced

    def new_access(self) -> str:
        token = f"{self.org.id[:15]}!{secrets.token_urlsafe(60)}"
        self.access[token] = time.monotonic() + SESSION_SECONDS
        return token

    def rotate(self) -> None:
        self.spent.add(self.refresh_token)
        self.refresh_token = _new_refresh_token()


class OAuth:
    """Codes and tokens, each good at its org's hosts only."""

    def __init__(self) -> None:
        self._codes = Codes[Org]()
        self._grants: list[Grant] = []

    def agree(self, *, org: Org, asked: Mapping[str, str]) -> str:
        """Make the code that goes back to the app."""
        scopes = tuple(asked["scope"].split())
        consent = Consent(APP.client_id, org, scopes, asked["redirect_uri"], asked["code_challenge"])
        return self._codes.issue(f"aPrx{secrets.token_urlsafe(32)}", consent)

    def org_of(self, form: Mapping[str, str]) -> str:
        """The org that a call is about, for the dials; "" when it names none that we know."""
        consent, grant = self._codes.find(form.get("code", "")), self._grant(form.get("refresh_token", ""))
        return consent.account.id if consent else grant.org.id if grant else ""

    def token(self, form: Mapping[str, str], *, host: str, rotating: bool) -> dict[str, Any]:
        """The answer of the token endpoint. Raises ``OAuthError``."""
        _authenticate(form)
        match form.get("grant_type", ""):
            case "authorization_code":
                grant = self._exchange(form, host)
                return {**_granted(grant), "refresh_token": grant.refresh_token}
            case "refresh_token":
                return self._refresh(form, host, rotating=rotating)
        raise OAuthError("unsupported_grant_type", "grant type not supported")

    def revoke(self, token: str) -> None:
        """Forget a refresh token with its access tokens, or one access token."""
        self._grants = [grant for grant in self._grants if grant.refresh_token != token]
        for grant in self._grants:
            grant.access.pop(token, None)

    def opened(self, token: str) -> Org | None:
        """The org that a living access token opens."""
        found = (grant.org for grant in self._grants if time.monotonic() < grant.access.get(token, 0))
        return next(found, None)

    def end_access_tokens(self) -> None:
        """Every session ends now: what otherwise takes two hours."""
        for grant in self._grants:
            grant.access.clear()

    def _exchange(self, form: Mapping[str, str], host: str) -> Grant:
        consent = self._codes.spend(form.get("code", ""))
        if consent is None or not orgs.serves(host, consent.account):
            raise OAuthError("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != consent.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if not consent.is_met_by(form.get("code_verifier", "")):
            raise OAuthError("invalid_grant", "invalid code verifier")
        grant = Grant(consent.account, consent.scopes)
        self._grants.append(grant)
        return grant

    def _refresh(self, form: Mapping[str, str], host: str, *, rotating: bool) -> dict[str, Any]:
        given = form.get("refresh_token", "")
        grant = self._grant(given)
        if grant is None or not orgs.serves(host, grant.org):
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if given in grant.spent:  # used twice: whoever has it now, nobody shall go on with it
            self._grants.remove(grant)
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if not rotating:
            return _granted(grant)
        grant.rotate()
        return {**_granted(grant), "refresh_token": grant.refresh_token}

    def _grant(self, refresh_token: str) -> Grant | None:
        return next((one for one in self._grants if refresh_token in (one.refresh_token, *one.spent)), None)


def _authenticate(form: Mapping[str, str]) -> None:
    if form.get("client_id") != APP.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not APP.has_secret(form.get("client_secret", "")):
        raise OAuthError("invalid_client", "invalid client credentials")


def _granted(grant: Grant) -> dict[str, Any]:
    """Without an ``expires_in``, as Salesforce has it; signed as it does."""
    org, issued = grant.org, str(int(time.time() * 1_000))
    identity = f"https://{org.login}/id/{org.id}/0055f000000ANNAAAQ"
    signed = hmac.digest(APP.client_secret.encode(), f"{identity}{issued}".encode(), "sha256")
    return {
        "access_token": grant.new_access(),
        "signature": base64.b64encode(signed).decode(),
        "scope": " ".join(grant.scopes),
        "instance_url": f"https://{org.host}",
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }
