"""Codes and tokens (help.salesforce.com, "OAuth 2.0 Web Server Flow" and "OAuth 2.0 Refresh Token Flow")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce import orgs
from sandbox.salesforce.orgs import APP, Org
from sandbox.salesforce.refusals import OAuthError

CODE_SECONDS = 600
SESSION_SECONDS = 7_200  # an org's own setting; the token's answer does not tell it


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to, waiting for its code to be exchanged."""

    org: Org
    scopes: str
    redirect_uri: str
    challenge: str
    expires: float


@dataclass(slots=True)
class Grant:
    """The app in an org. Access tokens come and go; with rotation the refresh token does, too."""

    org: Org
    scopes: str
    refresh_token: str = field(default_factory=lambda: f"5Aep861{secrets.token_urlsafe(40)}")
    access: dict[str, float] = field(default_factory=dict)  # token -> when it ends
    spent: set[str] = field(default_factory=set)  # refresh tokens that were replaced

    def new_access(self) -> str:
        token = f"{self.org.id[:15]}!{secrets.token_urlsafe(60)}"
        self.access[token] = time.monotonic() + SESSION_SECONDS
        return token


class OAuth:
    """Codes that can be exchanged once, within ten minutes, with the verifier of their challenge."""

    def __init__(self) -> None:
        self._consents: dict[str, Consent] = {}
        self._grants: list[Grant] = []

    def agree(self, *, org: Org, asked: Mapping[str, str]) -> str:
        """Make the code that goes back to the app."""
        code = f"aPrx{secrets.token_urlsafe(32)}"
        self._consents[code] = Consent(
            org=org,
            scopes=asked["scope"],
            redirect_uri=asked["redirect_uri"],
            challenge=asked["code_challenge"],
            expires=time.monotonic() + CODE_SECONDS,
        )
        return code

    def org_of(self, form: Mapping[str, str]) -> str:
        """The org that a call is about, for the dials; "" when it names none that we know."""
        consent, grant = self._consents.get(form.get("code", "")), self._grant(form.get("refresh_token", ""))
        return consent.org.id if consent else grant.org.id if grant else ""

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
        consent = self._consents.pop(form.get("code", ""), None)
        if consent is None or time.monotonic() > consent.expires or not orgs.serves(host, consent.org):
            raise OAuthError("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != consent.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if not hmac.compare_digest(_challenge(form.get("code_verifier", "")), consent.challenge):
            raise OAuthError("invalid_grant", "invalid code verifier")
        grant = Grant(consent.org, consent.scopes)
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
        grant.spent.add(given)
        grant.refresh_token = f"5Aep861{secrets.token_urlsafe(40)}"
        return {**_granted(grant), "refresh_token": grant.refresh_token}

    def _grant(self, refresh_token: str) -> Grant | None:
        return next((one for one in self._grants if refresh_token in (one.refresh_token, *one.spent)), None)


def _authenticate(form: Mapping[str, str]) -> None:
    if form.get("client_id") != APP.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(form.get("client_secret", "").encode(), APP.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _granted(grant: Grant) -> dict[str, Any]:
    """Without an ``expires_in``, as Salesforce has it; signed as it does."""
    identity, issued = f"https://{grant.org.login}/id/{grant.org.id}/0055f000000ANNAAAQ", str(int(time.time() * 1_000))
    signed = hmac.digest(APP.client_secret.encode(), f"{identity}{issued}".encode(), "sha256")
    return {
        "access_token": grant.new_access(),
        "signature": base64.b64encode(signed).decode(),
        "scope": grant.scopes,
        "instance_url": f"https://{grant.org.host}",
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }
