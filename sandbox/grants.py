"""What an app may do in an account, and for how long: refresh tokens that stay, access tokens that come and go."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Grant[Account]:
    """An app in an account; ``account`` is in the vendor's own terms."""

    client_id: str
    account: Account
    scopes: tuple[str, ...]
    refresh_token: str
    access: dict[str, float] = field(default_factory=dict)  # token -> when it ends
    spent: set[str] = field(default_factory=set)  # refresh tokens that were replaced

    def admit(self, token: str, *, seconds: int) -> str:
        """Let the access token, which has the vendor's form, open the account for so long. Returns the token."""
        self.access[token] = time.monotonic() + seconds
        return token

    def rotate(self, refresh_token: str) -> None:
        """Replace the refresh token; the old one is remembered as spent."""
        self.spent.add(self.refresh_token)
        self.refresh_token = refresh_token


class Grants[Account]:
    """All that were made since the start."""

    def __init__(self) -> None:
        self._all: list[Grant[Account]] = []

    def add(self, grant: Grant[Account]) -> Grant[Account]:
        self._all.append(grant)
        return grant

    def remove(self, grant: Grant[Account]) -> None:
        self._all.remove(grant)

    def behind(self, refresh_token: str) -> Grant[Account] | None:
        """The grant of a refresh token, also of a spent one."""
        return next((grant for grant in self._all if refresh_token in (grant.refresh_token, *grant.spent)), None)

    def made(self, access_token: str) -> Grant[Account] | None:
        """The grant that an access token is of, also when it has ended."""
        return next((grant for grant in self._all if access_token in grant.access), None)

    def opened(self, access_token: str) -> Grant[Account] | None:
        """The grant of a living access token."""
        grant = self.made(access_token)
        return grant if grant and time.monotonic() < grant.access[access_token] else None

    def revoke(self, token: str) -> None:
        """Forget a refresh token with its access tokens, or one access token. An unknown one is no error (RFC 7009)."""
        self._all = [grant for grant in self._all if grant.refresh_token != token]
        for grant in self._all:
            grant.access.pop(token, None)

    def end_access_tokens(self) -> None:
        """Every access token ends now: what otherwise takes as long as the vendor says."""
        for grant in self._all:
            grant.access = dict.fromkeys(grant.access, 0.0)
