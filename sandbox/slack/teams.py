"""Who a token is: the teams of the seed, the tokens that were handed out, and those that were revoked."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from sandbox.seed import SeedFile, Team
from sandbox.slack.errors import SlackError


@dataclass(frozen=True, slots=True)
class Install:
    """The app as installed in a team: the token and what it may do."""

    token: str
    team: Team
    scopes: frozenset[str]

    @property
    def bot_user_id(self) -> str:
        return f"U{self.team.team_id[1:]}BOT"

    @property
    def bot_id(self) -> str:
        return f"B{self.team.team_id[1:]}"

    def require(self, scope: str) -> None:
        """Raises ``SlackError("missing_scope")``, saying what is needed and what was granted, as Slack does."""
        if scope and scope not in self.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))


class Teams:
    """The seed's teams, and the installs made since the start."""

    def __init__(self, seeds: SeedFile) -> None:
        self._seeds = seeds
        self._granted: dict[str, tuple[str, str]] = {}  # token -> (team id, scopes)
        self._revoked: set[str] = set()
        self._ends: dict[str, float] = {}  # token -> when it ends, of those that do

    def all(self) -> tuple[Team, ...]:
        return self._seeds.current().slack_teams

    def find(self, team_id: str) -> Team | None:
        return next((team for team in self.all() if team.team_id == team_id), None)

    def team_of(self, token: str) -> Team | None:
        """Whose token it is, also when it no longer works."""
        if token in self._granted:
            return self.find(self._granted[token][0])
        return next((team for team in self.all() if team.bot_token == token), None)

    def authorize(self, token: str) -> Install:
        """The install behind a token. Raises ``SlackError`` when the token is absent, unknown, revoked or inactive."""
        if not token:
            raise SlackError("not_authed")
        if token in self._revoked:
            raise SlackError("token_revoked")
        if time.monotonic() > self._ends.get(token, float("inf")):
            raise SlackError("token_expired")
        team = self.team_of(token)
        if team is None:
            raise SlackError("invalid_auth")
        if not team.active:
            raise SlackError("account_inactive")
        scopes = self._granted[token][1] if token in self._granted else team.scopes
        return Install(token=token, team=team, scopes=frozenset(scopes.split(",")))

    def install(self, team: Team, *, scopes: str, seconds: int = 0) -> Install:
        """Give the app a token: one of so many seconds, or for good.

        An install that still stands keeps its token, as Slack does without rotation.
        """
        if seconds:
            token = f"xoxe.xoxb-{team.team_id}-{secrets.token_hex(12)}"
            self._ends[token] = time.monotonic() + seconds
        else:
            token = self._standing(team) or f"xoxb-{team.team_id}-{secrets.token_hex(12)}"
        self._granted[token] = (team.team_id, scopes)
        return Install(token=token, team=team, scopes=frozenset(scopes.split(",")))

    def end_access_tokens(self) -> None:
        """Every token that ends at all ends now: what otherwise takes twelve hours."""
        self._ends = dict.fromkeys(self._ends, 0.0)

    def _standing(self, team: Team) -> str | None:
        known = [team.bot_token, *(token for token, (team_id, _) in self._granted.items() if team_id == team.team_id)]
        return next((token for token in known if token not in self._revoked and token not in self._ends), None)

    def revoke(self, token: str) -> None:
        self._revoked.add(token)
