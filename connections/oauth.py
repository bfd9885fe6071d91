"""OAuth 2.0: the address of a provider's consent page, the exchange of its code for a token, and the token's renewal.

The only user of Authlib, which writes what goes out: the authorization request, the PKCE challenge, the form of the
token request and the client's authentication. The answer is read in ``tokens``. Authlib's own session would take an
HTTP 429, or any JSON object, for a token, waits without end, and would not go through our door, which checks every
address and follows no redirect.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings

from connections import http
from connections.addresses import simulator_of
from connections.provider import Client, OAuth2, Provider, Refusal, Request
from connections.tokens import Unrenewed, read_renewal, read_token

SECONDS = 15.0
_FORM = "application/x-www-form-urlencoded;charset=UTF-8"


def new_verifier() -> str:
    """A PKCE code verifier of 384 random bits (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(48)


def redirect_uri(slug: str) -> str:
    """Where the provider sends the browser back to. Each provider has its own, so that their answers cannot mix."""
    return f"{settings.PUBLIC_URL}/oauth/callback/{slug}"


def authorize_url(kind: Provider, client: Client, *, state: str, verifier: str, asked: Mapping[str, Any]) -> str:
    """The consent page's address, as the browser has to ask for it. ``verifier`` is "" without PKCE.

    ``asked`` are, here and below, the settings that decide where one signs in: see ``Provider.sign_in``.
    """
    declared = kind.sign_in(asked)
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
    simulators = settings.SIMULATED_HOSTS if settings.MODE == "sandbox" else {}
    simulator = simulator_of(parts.hostname or "", simulators)
    return urlunsplit(parts._replace(scheme="http", netloc=simulator)) if simulator else url


def is_issuer(kind: Provider, iss: str, *, asked: Mapping[str, Any]) -> bool:
    """Whether an answer that names its issuer comes from this provider (RFC 9207, section 2.4)."""
    declared = kind.sign_in(asked)
    parts = urlsplit(declared.authorize_url)
    return iss == (declared.issuer or f"{parts.scheme}://{parts.netloc}")


def declaration(kind: Provider) -> OAuth2:
    """How it is signed in to. Raises ``ValueError`` for a provider that is not."""
    if kind.oauth is None:
        raise ValueError(f"{kind.name} is not signed in to.")
    return kind.oauth


# --------------------------------------------------------------------------- requests


def exchange(
    kind: Provider,
    client: Client,
    *,
    code: str,
    verifier: str,
    now: datetime,
    asked: Mapping[str, Any],
) -> dict[str, Any] | Refusal:
    """The token for a code, or why there is none. ``expires_at`` is added to a token that runs out."""
    declared = kind.sign_in(asked)
    body = prepare_token_request(
        "authorization_code", code=code, redirect_uri=redirect_uri(kind.slug), code_verifier=verifier
    )
    request = _request(declared.token_url, body, declared, client, hidden=(code, verifier))
    return read_token(http.send(request, seconds=SECONDS), kind.name, now=now)


def renew(
    kind: Provider, client: Client, refresh_token: str, *, now: datetime, asked: Mapping[str, Any]
) -> dict[str, Any] | Unrenewed:
    """A new token for a refresh token, which may be good for this one time only; or why there is none."""
    declared = kind.sign_in(asked)
    body = prepare_token_request("refresh_token", refresh_token=refresh_token)
    request = _request(declared.token_url, body, declared, client, hidden=(refresh_token,))
    return read_renewal(http.send(request, seconds=SECONDS), kind.name, now=now)


def revoke(kind: Provider, client: Client, token: str, *, asked: Mapping[str, Any]) -> None:
    """Tell an RFC 7009 endpoint that a token is not needed any more."""
    declared = kind.sign_in(asked)
    body, _ = prepare_revoke_token_request(token, token_type_hint="refresh_token")  # noqa: S106  a word of the protocol
    http.send(_request(declared.revoke_url, body, declared, client, hidden=(token,)), seconds=SECONDS)


def _request(url: str, body: str, declared: OAuth2, client: Client, *, hidden: tuple[str, ...]) -> Request:
    headers = {"Accept": "application/json", "Content-Type": _FORM}
    auth = ClientAuth(client.id, client.secret, declared.client_auth.value)
    url, headers, body = auth.prepare("POST", url, headers, body)
    secret = (client.secret, *(text for text in hidden if text))
    return Request(method="POST", url=url, headers=headers, body=body.encode(), secrets=secret)
