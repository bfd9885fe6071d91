"""Installing the app: the consent page's decision, and ``oauth.v2.access`` (docs.slack.dev/authentication)."""

from __future__ import annotations

import binascii
import re
import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.seed import SeedFile, SlackApp, Team
from sandbox.slack.errors import SlackError
from sandbox.slack.rotation import Rotation
from sandbox.slack.teams import Install, Teams

CODE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to, waiting for its code to be exchanged."""

    client_id: str
    team_id: str
    scopes: str
    redirect_uri: str
    expires: float


class OAuth:
    """Codes that can be exchanged once, within ten minutes, by the app they were made for.

    ``rotates`` says of a team's id whether tokens rotate there.
    """

    def __init__(self, *, seeds: SeedFile, teams: Teams, rotates: Callable[[str], bool] = lambda _: False) -> None:
        self._seeds = seeds
        self._teams = teams
        self._rotates = rotates
        self._rotation = Rotation(teams)
        self._consents: dict[str, Consent] = {}

    def app(self, client_id: str) -> SlackApp | None:
        return next((app for app in self._seeds.current().slack_apps if app.client_id == client_id), None)

    def agree(self, *, app: SlackApp, team: Team, scopes: str, redirect_uri: str) -> str:
        """Make the code that goes back to the app."""
        granted = ",".join(re.split(r"[,\s]+", scopes.strip(", ")))  # Slack writes commas, OAuth libraries blanks
        code = f"{team.team_id}.{secrets.token_hex(16)}"
        expires = time.monotonic() + CODE_SECONDS
        self._consents[code] = Consent(app.client_id, team.team_id, granted, redirect_uri, expires)
        return code

    def team_of(self, args: Mapping[str, Any]) -> str:
        """The team whose code or refresh token comes with a call, "" when there is none."""
        consent = self._consents.get(str(args.get("code", "")))
        return consent.team_id if consent else self._rotation.team_of(str(args.get("refresh_token", "")))

    def access(self, args: dict[str, Any], *, authorization: str) -> dict[str, Any]:
        """Exchange a code for a bot token, or a refresh token for the next. Raises ``SlackError``."""
        app = self._authenticate(*(_basic(authorization) or (args.get("client_id"), args.get("client_secret"))))
        match args.get("grant_type", "authorization_code"):
            case "authorization_code":
                return self._exchange(app, args)
            case "refresh_token":
                renewed = self._rotation.renew(str(args.get("refresh_token") or ""), client_id=app.client_id)
                return _granted(renewed.install) | renewed.answer
        raise SlackError("invalid_grant_type")

    def _exchange(self, app: SlackApp, args: dict[str, Any]) -> dict[str, Any]:
        consent = self._consents.pop(str(args.get("code") or ""), None)
        if consent is None or consent.client_id != app.client_id or time.monotonic() > consent.expires:
            raise SlackError("invalid_code")
        if args.get("redirect_uri", consent.redirect_uri) != consent.redirect_uri:
            raise SlackError("bad_redirect_uri")
        team = self._teams.find(consent.team_id)
        if team is None:
            raise SlackError("invalid_code")
        if self._rotates(team.team_id):
            begun = self._rotation.begin(team, client_id=app.client_id, scopes=consent.scopes)
            return _granted(begun.install) | begun.answer
        return _granted(self._teams.install(team, scopes=consent.scopes))

    def _authenticate(self, client_id: object, client_secret: object) -> SlackApp:
        app = self.app(str(client_id))
        if app is None:
            raise SlackError("invalid_client_id")
        if not secrets.compare_digest(str(client_secret).encode(), app.client_secret.encode()):
            raise SlackError("bad_client_secret")
        return app


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _granted(install: Install) -> dict[str, Any]:
    team = install.team
    return {
        "ok": True,
        "app_id": f"A{team.team_id[1:]}",
        "authed_user": {"id": f"U{team.team_id[1:]}ADMIN"},
        "scope": ",".join(sorted(install.scopes)),
        "token_type": "bot",
        "access_token": install.token,
        "bot_user_id": install.bot_user_id,
        "team": {"id": team.team_id, "name": team.team_name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
