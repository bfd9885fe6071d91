"""The accounts of the seed, and the tokens that were handed out for them since the start."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.hubspot.errors import OAuthError, expired, unauthenticated
from sandbox.seed import HubSpotAccount, SeedFile

ACCESS_SECONDS = 1_800


@dataclass(slots=True)
class Grant:
    """An install of an app in an account. The refresh token stays; access tokens come and go."""

    client_id: str
    hub_id: int
    scopes: tuple[str, ...]
    refresh_token: str = field(default_factory=lambda: f"na1-{secrets.token_hex(24)}")
    access: dict[str, float] = field(default_factory=dict)  # token -> when it ends

    def new_access(self) -> str:
        token = f"CI{secrets.token_urlsafe(48)}"
        self.access[token] = time.monotonic() + ACCESS_SECONDS
        return token


class Accounts:
    """Who a token is."""

    def __init__(self, seeds: SeedFile) -> None:
        self._seeds = seeds
        self._grants: list[Grant] = []

    def all(self) -> tuple[HubSpotAccount, ...]:
        return self._seeds.current().hubspot_accounts

    def find(self, hub_id: str) -> HubSpotAccount | None:
        return next((account for account in self.all() if str(account.hub_id) == hub_id), None)

    def install(self, *, client_id: str, account: HubSpotAccount, scopes: tuple[str, ...]) -> Grant:
        grant = Grant(client_id, account.hub_id, scopes)
        self._grants.append(grant)
        return grant

    def refreshed(self, refresh_token: str, *, client_id: str) -> Grant:
        """The grant behind a refresh token. Raises ``OAuthError``."""
        found = next((grant for grant in self._grants if grant.refresh_token == refresh_token), None)
        if found is None or found.client_id != client_id:
            raise OAuthError("invalid_grant", "missing or unknown refresh token")
        return found

    def revoke(self, token: str) -> None:
        """Forget a refresh token with its access tokens, or one access token. An unknown one is no error (RFC 7009)."""
        self._grants = [grant for grant in self._grants if grant.refresh_token != token]
        for grant in self._grants:
            grant.access.pop(token, None)

    def opened(self, token: str) -> tuple[Grant, HubSpotAccount] | None:
        """What a living access token opens."""
        for grant in self._grants:
            account = self.find(str(grant.hub_id))
            if account and time.monotonic() < grant.access.get(token, 0):
                return grant, account
        return None

    def authenticate(self, request: web.Request) -> Grant:
        """The grant behind a call's access token. Raises ``HubSpotError``, which tells an ended one from no one's."""
        token = _bearer(request)
        if opened := self.opened(token):
            return opened[0]
        raise expired() if self._issuer(token) else unauthenticated()

    def account_of(self, request: web.Request) -> str:
        """The account that a call's token was made for, for the dials; "" when it is no one's."""
        grant = self._issuer(_bearer(request))
        return str(grant.hub_id) if grant else ""

    def end_access_tokens(self) -> None:
        """Every access token ends now: what otherwise takes half an hour."""
        for grant in self._grants:
            grant.access = dict.fromkeys(grant.access, 0.0)

    def _issuer(self, token: str) -> Grant | None:
        return next((grant for grant in self._grants if token in grant.access), None)


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
