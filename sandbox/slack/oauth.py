"""Installing the app: the consent page's decision, and ``oauth.v2.access`` (docs.slack.dev/authentication)."""

from __future__ import annotations

import binascii
import re
import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.oauth import App, Codes, Consent
from sandbox.seed import SeedFile, Team
from sandbox.slack.errors import SlackError
from sandbox.slack.rotation import Rotation
from sandbox.slack.teams import Install, Teams


class OAuth:
    """Codes and tokens, for the app they were made for.

    ``rotates`` says of a team's id whether tokens rotate there.
    """

    def __init__(self, *, seeds: SeedFile, teams: Teams, rotates: Callable[[str], bool] = lambda _: False) -> None:
        self._seeds = seeds
        self._teams = teams
        self._rotates = rotates
        self._rotation = Rotation(teams)
        self._codes = Codes[str]()  # of the team with that id

    def app(self, client_id: str) -> App | None:
        return next((app for app in self._seeds.current().slack_apps if app.client_id == client_id), None)

    def agree(self, *, client_id: str, team: Team, scopes: str, redirect_uri: str) -> str:
        """Make the code that goes back to the app."""
        granted = tuple(re.split(r"[,\s]+", scopes.strip(", ")))  # Slack writes commas, OAuth libraries blanks
        consent = Consent(client_id, team.team_id, granted, redirect_uri)
        return self._codes.issue(f"{team.team_id}.{secrets.token_hex(16)}", consent)

    def team_of(self, args: Mapping[str, Any]) -> str:
        """The team whose code or refresh token comes with a call, "" when there is none."""
        consent = self._codes.find(str(args.get("code", "")))
        return consent.account if consent else self._rotation.team_of(str(args.get("refresh_token", "")))

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

    def _exchange(self, app: App, args: dict[str, Any]) -> dict[str, Any]:
        consent = self._codes.spend(str(args.get("code") or ""))
        if consent is None or consent.client_id != app.client_id:
            raise SlackError("invalid_code")
        if args.get("redirect_uri", consent.redirect_uri) != consent.redirect_uri:
            raise SlackError("bad_redirect_uri")
        team = self._teams.find(consent.account)
        if team is None:
            raise SlackError("invalid_code")
        scopes = ",".join(consent.scopes)
        if self._rotates(team.team_id):
            begun = self._rotation.begin(team, client_id=app.client_id, scopes=scopes)
            return _granted(begun.install) | begun.answer
        return _granted(self._teams.install(team, scopes=scopes))

    def _authenticate(self, client_id: object, client_secret: object) -> App:
        app = self.app(str(client_id))
        if app is None:
            raise SlackError("invalid_client_id")
        if not app.has_secret(str(client_secret)):
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
