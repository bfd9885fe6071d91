"""A token endpoint's answer, read strictly: a token, or why there is none.

``read_token`` has the words for whoever is signing in, ``read_renewal`` those for a connection that is there already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections.answers import parsed
from connections.provider import Answer, Failure, Refusal, Reply
from connections.verdicts import retry_after

TOKEN_MOST = 8_192  # characters
LIFE_MOST = 10 * 365 * 86_400  # seconds
_WORD = re.compile("[A-Za-z][A-Za-z0-9_ .-]{1,60}")
_AGAIN = _("Nothing was connected. Close this window and begin again.")
_LATER = _("Nothing was connected. Wait a minute, then begin again.")

_STALE = _("The sign-in took too long, or was finished before.")
_SAID = {
    "invalid_grant": (_STALE, _AGAIN),
    "invalid_code": (_STALE, _AGAIN),
    "code_expired": (_STALE, _AGAIN),
    "code_already_used": (_STALE, _AGAIN),
}
_APP_WORDS = frozenset(
    {"invalid_client", "invalid_client_id", "bad_client_secret", "unauthorized_client", "bad_redirect_uri"}
)


def read_token(reply: Reply, name: str, *, now: datetime) -> dict[str, Any] | Refusal:
    """A token endpoint's answer: a JSON object, from a 2xx, without an error, with an access token."""
    if isinstance(reply, Failure):
        return Refusal(gettext("%(name)s could not be reached.") % {"name": name}, _LATER)
    if reply.status == 429:
        return Refusal(gettext("%(name)s asks us to slow down.") % {"name": name}, _LATER)
    if reply.status >= 500:
        return Refusal(gettext("%(name)s has a fault of its own at the moment.") % {"name": name}, _LATER)
    found = _object(reply)
    if found.get("error") or found.get("ok") is False:
        return _said(found.get("error"), name)
    if not 200 <= reply.status < 300:
        reason = gettext("%(name)s refused the sign-in (HTTP %(status)s).")
        return Refusal(reason % {"name": name, "status": reply.status}, _AGAIN)
    if not _is_token(found.get("access_token")) or not _is_token(found.get("refresh_token", "x")):
        return Refusal(gettext("%(name)s gave no token that we can read.") % {"name": name}, _AGAIN)
    life = _seconds(found.get("expires_in"))
    expiry = {"expires_at": int((now + timedelta(seconds=life)).timestamp())} if life else {}
    return {**{key: value for key, value in found.items() if key != "expires_at"}, **expiry}


def _said(word: object, name: str) -> Refusal:
    shown = word if isinstance(word, str) and _WORD.fullmatch(word) else gettext("no reason that we can read")
    if shown in _APP_WORDS:
        reason = gettext("%(name)s does not know the app of this product, or refuses its secret (%(word)s).")
        fix = _("Nothing was connected. The operator checks the app's keys.")
    else:
        reason, fix = _SAID.get(shown, (gettext("%(name)s refused the sign-in and said: %(word)s."), _AGAIN))
    return Refusal(reason % {"name": name, "word": shown}, fix)


def _object(reply: Answer) -> Mapping[str, Any]:
    return {} if reply.truncated else parsed(reply)


def _is_token(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TOKEN_MOST and value.isascii() and value.isprintable()


def _seconds(value: object) -> int:
    """A life time; some vendors write it as a text."""
    written = str(value) if isinstance(value, int | str) else ""
    return min(int(written), LIFE_MOST) if re.fullmatch("[0-9]{1,12}", written) else 0


# --------------------------------------------------------------------------- a renewal


class Blame(StrEnum):
    """Who has to act before a renewal can succeed."""

    PROVIDER = "provider"  # nobody: it is asked again
    GRANT = "grant"  # the customer signs in again: the refresh token is not good any more
    REVOKED = "revoked"  # the same, because somebody took the permission or the account away
    APP = "app"  # the operator: the provider does not take our app's keys
    UNKNOWN = "unknown"  # a refusal that we do not know


@dataclass(frozen=True, slots=True)
class Unrenewed:
    """There is no new token. ``reason`` says why in a plain sentence, ``retry_after`` (seconds) is the provider's."""

    blame: Blame
    reason: str
    retry_after: float | None = None


# Sources: RFC 6749, section 5.2; docs.slack.dev/reference/methods/oauth.v2.access; HubSpot, "Manage OAuth tokens",
# where BAD_REFRESH_TOKEN is the older API's word; Salesforce, "OAuth 2.0 Authorization Errors".
_BLAMED = {
    Blame.GRANT: {"invalid_grant", "invalid_refresh_token", "token_expired", "expired_token", "BAD_REFRESH_TOKEN"},
    Blame.REVOKED: {"token_revoked", "account_inactive", "inactive_user", "inactive_org", "team_not_found"},
    Blame.APP: {*_APP_WORDS, "invalid_app_access", "app_not_found"},
    Blame.PROVIDER: {
        "temporarily_unavailable",
        "server_error",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "ratelimited",
        "rate_limited",
        "team_added_to_org",
    },
}
_BLAME = {word: blame for blame, words in _BLAMED.items() for word in words}
_REASONS = {
    Blame.GRANT: _("%(name)s no longer renews the permission and said: %(word)s."),
    Blame.REVOKED: _("The permission was taken back at %(name)s, which said: %(word)s."),
    Blame.APP: _(
        "%(name)s does not know the app of this product, or refuses its secret (%(word)s). The operator has to mend"
        " this; it is tried again by itself."
    ),
    Blame.PROVIDER: _("%(name)s could not renew the permission and said: %(word)s."),
    Blame.UNKNOWN: _("%(name)s refused to renew the permission and said: %(word)s."),
}


def read_renewal(reply: Reply, name: str, *, now: datetime) -> dict[str, Any] | Unrenewed:
    """A token endpoint's answer to a refresh token: what ``read_token`` takes for a token, or who is to blame."""
    token = read_token(reply, name, now=now)
    if isinstance(token, dict):
        return token
    if isinstance(reply, Failure) or reply.status == 429 or reply.status >= 500:
        wish = None if isinstance(reply, Failure) else retry_after(reply, now=now)
        return Unrenewed(Blame.PROVIDER, token.reason, wish)
    word = _error_word(_object(reply))
    if not word:
        return Unrenewed(Blame.UNKNOWN if 400 <= reply.status < 500 else Blame.PROVIDER, token.reason)
    blame = _BLAME.get(word, Blame.UNKNOWN)
    return Unrenewed(blame, gettext(_REASONS[blame]) % {"name": name, "word": word}, retry_after(reply, now=now))


def _error_word(found: Mapping[str, Any]) -> str:
    """The provider's word for what is wrong; "" for none that we can read."""
    words = (found.get("error"), found.get("status"))
    return next((word for word in words if isinstance(word, str) and _WORD.fullmatch(word)), "")
