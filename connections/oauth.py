"""OAuth 2.0: the address of a provider's consent page, and the exchange of its code for a token.

The only user of Authlib, which writes what goes out: the authorization request, the PKCE challenge, the form of the
token request and the client's authentication. The answer is read here. Authlib's own session would take an HTTP 429,
or any JSON object, for a token, waits without end, and would not go through our door, which checks every address and
follows no redirect.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections import http
from connections.provider import Answer, Client, Failure, OAuth2, Provider, Refusal, Reply, Request

SECONDS = 15.0
TOKEN_MOST = 8_192  # characters
LIFE_MOST = 10 * 365 * 86_400  # seconds
_FORM = "application/x-www-form-urlencoded;charset=UTF-8"
_WORD = re.compile("[A-Za-z][A-Za-z0-9_ .-]{1,60}")
_AGAIN = _("Nothing was connected. Close this window and begin again.")
_LATER = _("Nothing was connected. Wait a minute, then begin again.")


def new_verifier() -> str:
    """A PKCE code verifier of 384 random bits (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(48)


def redirect_uri(slug: str) -> str:
    """Where the provider sends the browser back to. Each provider has its own, so that their answers cannot mix."""
    return f"{settings.PUBLIC_URL}/oauth/callback/{slug}"


def authorize_url(kind: Provider, client: Client, *, state: str, verifier: str) -> str:
    """The consent page's address, as the browser has to ask for it. ``verifier`` is "" without PKCE."""
    declared = declaration(kind)
    extra: dict[str, str] = dict(declared.authorize_params)
    if declared.optional_scopes:
        extra["optional_scope"] = declared.separator.join(declared.optional_scopes)
    if verifier:
        extra |= {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    return str(
        prepare_grant_uri(
            browser_url(declared.authorize_url),
            client_id=client.id,
            response_type="code",
            redirect_uri=redirect_uri(kind.slug),
            scope=declared.separator.join(declared.scopes),
            state=state,
            **extra,
        )
    )


def browser_url(url: str) -> str:
    """The address for a person's browser: in the sandbox, the simulator that stands in for the host."""
    parts = urlsplit(url)
    simulator = settings.SIMULATED_HOSTS.get(parts.hostname or "") if settings.MODE == "sandbox" else None
    return urlunsplit(parts._replace(scheme="http", netloc=simulator)) if simulator else url


def is_issuer(kind: Provider, iss: str) -> bool:
    """Whether an answer that names its issuer comes from this provider (RFC 9207, section 2.4)."""
    declared = declaration(kind)
    parts = urlsplit(declared.authorize_url)
    return iss == (declared.issuer or f"{parts.scheme}://{parts.netloc}")


def declaration(kind: Provider) -> OAuth2:
    """How it is signed in to. Raises ``ValueError`` for a provider that is not."""
    if kind.oauth is None:
        raise ValueError(f"{kind.name} is not signed in to.")
    return kind.oauth


# --------------------------------------------------------------------------- requests


def exchange(kind: Provider, client: Client, *, code: str, verifier: str, now: datetime) -> dict[str, Any] | Refusal:
    """The token for a code, or why there is none. ``expires_at`` is added to a token that runs out."""
    declared = declaration(kind)
    body = prepare_token_request(
        "authorization_code", code=code, redirect_uri=redirect_uri(kind.slug), code_verifier=verifier
    )
    request = _request(declared.token_url, body, declared, client, hidden=(code, verifier))
    return read_token(http.send(request, seconds=SECONDS), kind.name, now=now)


def revoke(kind: Provider, client: Client, token: str) -> None:
    """Tell an RFC 7009 endpoint that a token is not needed any more."""
    declared = declaration(kind)
    body, _ = prepare_revoke_token_request(token, token_type_hint="refresh_token")  # noqa: S106  a word of the protocol
    http.send(_request(declared.revoke_url, body, declared, client, hidden=(token,)), seconds=SECONDS)


def _request(url: str, body: str, declared: OAuth2, client: Client, *, hidden: tuple[str, ...]) -> Request:
    headers = {"Accept": "application/json", "Content-Type": _FORM}
    auth = ClientAuth(client.id, client.secret, declared.client_auth.value)
    url, headers, body = auth.prepare("POST", url, headers, body)
    secret = (client.secret, *(text for text in hidden if text))
    return Request(method="POST", url=url, headers=headers, body=body.encode(), secrets=secret)


# --------------------------------------------------------------------------- the answer, read strictly

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
    if reply.truncated:
        return {}
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_token(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TOKEN_MOST and value.isascii() and value.isprintable()


def _seconds(value: object) -> int:
    """A life time; some vendors write it as a text."""
    written = str(value) if isinstance(value, int | str) else ""
    return min(int(written), LIFE_MOST) if re.fullmatch("[0-9]{1,12}", written) else 0
