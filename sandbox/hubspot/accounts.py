"""The accounts of the seed, and the tokens that were handed out for them, whichever process did it."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from sandbox.hubspot import tokens
from sandbox.hubspot.errors import expired, unauthenticated
from sandbox.oauth import OAuthError, bearer
from sandbox.seed import HubSpotAccount, SeedFile

ACCESS_SECONDS = 1_800
REFRESH, ACCESS = "na1-", "CI"


@dataclass(frozen=True, slots=True)
class Grant:
    """An install of an app in an account. The refresh token stays; access tokens come and go."""

    client_id: str
    hub_id: int
    scopes: tuple[str, ...]
    install: str = field(default_factory=lambda: secrets.token_hex(8))  # tells it from an earlier one of the same app

    @classmethod
    def of(cls, said: dict[str, Any]) -> Grant:
        """The one that a token speaks of."""
        return cls(said["client_id"], said["hub_id"], tuple(said["scopes"]), said["install"])

    @property
    def refresh_token(self) -> str:
        return tokens.write(REFRESH, asdict(self))

    def new_access(self) -> str:
        return tokens.write(ACCESS, {**asdict(self), "made_at": time.time(), "id": secrets.token_hex(4)})


class Accounts:
    """Who a token is. Only what was taken back is remembered, and only until the process ends."""

    def __init__(self, seeds: SeedFile) -> None:
        self._seeds = seeds
        self._revoked: set[str] = set()  # installs, and single access tokens
        self._ended_at = 0.0

    def all(self) -> tuple[HubSpotAccount, ...]:
        return self._seeds.current().hubspot_accounts

    def find(self, hub_id: str) -> HubSpotAccount | None:
        return next((account for account in self.all() if str(account.hub_id) == hub_id), None)

    def install(self, *, client_id: str, account: HubSpotAccount, scopes: tuple[str, ...]) -> Grant:
        return Grant(client_id, account.hub_id, scopes)

    def refreshed(self, refresh_token: str, *, client_id: str) -> Grant:
        """The grant behind a refresh token. Raises ``OAuthError``."""
        said = tokens.read(REFRESH, refresh_token)
        if said is None or said["install"] in self._revoked or said["client_id"] != client_id:
            raise OAuthError("invalid_grant", "missing or unknown refresh token")
        return Grant.of(said)

    def revoke(self, token: str) -> None:
        """Forget a refresh token with its access tokens, or one access token. An unknown one is no error (RFC 7009)."""
        said = tokens.read(REFRESH, token)
        self._revoked.add(said["install"] if said else token)

    def opened(self, token: str) -> tuple[Grant, HubSpotAccount] | None:
        """What a living access token opens."""
        said = self._issued(token)
        if said is None or said["made_at"] <= max(self._ended_at, time.time() - ACCESS_SECONDS):
            return None
        account = self.find(str(said["hub_id"]))
        return (Grant.of(said), account) if account else None

    def authenticate(self, request: web.Request) -> Grant:
        """The grant behind a call's access token. Raises ``HubSpotError``, which tells an ended one from no one's."""
        token = _bearer(request)
        if opened := self.opened(token):
            return opened[0]
        raise expired() if self._issued(token) else unauthenticated()

    def account_of(self, request: web.Request) -> str:
        """The account that a call's token was made for, for the dials; "" when it is no one's."""
        said = self._issued(_bearer(request))
        return str(said["hub_id"]) if said else ""

    def end_access_tokens(self) -> None:
        """Every access token ends now: what otherwise takes half an hour."""
        self._ended_at = time.time()

    def _issued(self, token: str) -> dict[str, Any] | None:
        """What an access token says, unless it was taken back."""
        said = tokens.read(ACCESS, token)
        return None if said is None or {said["install"], token} & self._revoked else said


def _bearer(request: web.Request) -> str:
    return bearer(request.headers.get("Authorization", ""))
