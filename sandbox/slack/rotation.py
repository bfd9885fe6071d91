"""Token rotation: access tokens of twelve hours, and refresh tokens that are good for one time only.

Source: https://docs.slack.dev/authentication/using-token-rotation. A refresh token that comes a second time may have
been stolen: with it the whole install loses its tokens, which is as strict as any provider is.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sandbox.seed import Team
from sandbox.slack.errors import SlackError
from sandbox.slack.teams import Install, Teams

ACCESS_SECONDS = 43_200


@dataclass(slots=True)
class Rotated:
    """An install of a rotating app: the tokens it has now, and the refresh tokens that are used up."""

    client_id: str
    install: Install
    refresh_token: str
    used: set[str] = field(default_factory=set)

    @property
    def answer(self) -> dict[str, str | int]:
        """What an answer has besides the access token."""
        return {"refresh_token": self.refresh_token, "expires_in": ACCESS_SECONDS}


class Rotation:
    """The installs of rotating apps since the start."""

    def __init__(self, teams: Teams) -> None:
        self._teams = teams
        self._installs: list[Rotated] = []

    def begin(self, team: Team, *, client_id: str, scopes: str) -> Rotated:
        """The first pair of an install."""
        install = self._teams.install(team, scopes=scopes, seconds=ACCESS_SECONDS)
        self._installs.append(Rotated(client_id, install, _new()))
        return self._installs[-1]

    def renew(self, refresh_token: str, *, client_id: str) -> Rotated:
        """The next pair. Raises ``SlackError`` for a token that is unknown, of another app, or used up."""
        found = self._find(refresh_token)
        if found is None or found.client_id != client_id:
            raise SlackError("invalid_refresh_token")
        if refresh_token in found.used:
            self._installs.remove(found)
            self._teams.revoke(found.install.token)
            raise SlackError("invalid_refresh_token")
        team, scopes = found.install.team, ",".join(sorted(found.install.scopes))
        found.install = self._teams.install(team, scopes=scopes, seconds=ACCESS_SECONDS)
        found.used.add(refresh_token)
        found.refresh_token = _new()
        return found

    def team_of(self, refresh_token: str) -> str:
        """The team of a refresh token, "" when there is no such token."""
        found = self._find(refresh_token)
        return found.install.team.team_id if found else ""

    def _find(self, refresh_token: str) -> Rotated | None:
        return next((each for each in self._installs if refresh_token in (each.refresh_token, *each.used)), None)


def _new() -> str:
    return f"xoxe-1-{secrets.token_hex(24)}"
