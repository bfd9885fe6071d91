"""Verifies the tokens that machine keys sign: short-lived HS256 JWTs, after the wire contract.

The clients sign with the UTF-8 bytes of the secret text. Every claim is required and none is forgiven: a token
that a correct client would not send is refused with a sentence that names the check, and shows no part of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt

LONGEST_LIFE = 60  # seconds between iat and exp
CLOCK_SKEW = 5  # seconds that a client's clock may be off
_LONGEST_TOKEN = 4096  # characters; a client's is about 350
_ACCESS_KEY = re.compile(r"mk_[A-Za-z0-9_-]{22,128}")
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a token is checked against: the secret of an active machine key, and the organization it belongs to."""

    secret: str = field(repr=False)
    organization: UUID


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says."""

    access_key: str
    organization: UUID
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a token is not good, in a plain sentence."""

    reason: str


class _RefusedError(Exception):
    """Carries the sentence from a check to ``read_claims``."""


def read_claims(token: str, *, find_secret: Callable[[str], Credential | None], now: datetime) -> Claims | Refusal:
    """What a token claims, once every check has passed.

    ``find_secret`` gets an access key of the right form and returns None for one that is unknown or inactive.
    Nothing is raised but what ``find_secret`` raises.
    """
    try:
        access_key = _check_header(_read_header(token))
        credential = _found(find_secret(access_key))
        claims = _read_signed(token, credential.secret)
        _check_names(claims, access_key=access_key, organization=credential.organization)
        issued_at, expires_at = _check_times(claims, now=now)
    except _RefusedError as refused:
        return Refusal(str(refused))
    return Claims(access_key, credential.organization, issued_at, expires_at)


def _read_header(token: str) -> Mapping[str, Any]:
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise _RefusedError(f"The token must be ASCII text of at most {_LONGEST_TOKEN} characters.")
    try:
        return jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise _RefusedError("The token is not a well-formed JSON Web Token (three base64url parts).") from None


def _check_header(header: Mapping[str, Any]) -> str:
    """The access key that the header names. The algorithm is ours to say, never the token's (RFC 8725 §3.1)."""
    if header.get("alg") != "HS256":
        raise _RefusedError("The token's alg must be HS256.")
    if header.get("typ") != "JWT":
        raise _RefusedError("The token's typ must be JWT.")
    access_key = header.get("kid")
    if not isinstance(access_key, str) or not _ACCESS_KEY.fullmatch(access_key):
        raise _RefusedError("The token's kid must be the access key of a machine key (mk_...).")
    return access_key


def _found(credential: Credential | None) -> Credential:
    if credential is None:
        raise _RefusedError("No active machine key has the access key that the token names in kid.")
    return credential


def _read_signed(token: str, secret: str) -> Mapping[str, Any]:
    try:
        payload = jwt.PyJWS().decode(token, secret.encode(), algorithms=["HS256"])
    except jwt.PyJWTError:
        raise _RefusedError("The token's signature was not made with the secret of the machine key in kid.") from None
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        raise _RefusedError("The token's claims are not JSON.") from None
    if not isinstance(claims, dict):
        raise _RefusedError("The token's claims must be a JSON object.")
    return claims


def _check_names(claims: Mapping[str, Any], *, access_key: str, organization: UUID) -> None:
    if claims.get("iss") != f"urn:meshes:m2m:{access_key}":
        raise _RefusedError("The token's iss must be urn:meshes:m2m: followed by its kid.")
    if claims.get("aud") != "meshes-api":
        raise _RefusedError("The token's aud must be the text meshes-api.")
    claimed = claims.get("org")
    if not isinstance(claimed, str) or not _CANONICAL_UUID.fullmatch(claimed):
        raise _RefusedError("The token's org must be the UUID of an organization.")
    if UUID(claimed) != organization:
        raise _RefusedError("The token's org is not the organization of the machine key in kid.")


def _check_times(claims: Mapping[str, Any], *, now: datetime) -> tuple[datetime, datetime]:
    """Both moments. They become datetimes last: by then they lie close to now, whatever number was sent."""
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if not 0 < expires - issued <= LONGEST_LIFE:
        raise _RefusedError(f"The token's exp must be at most {LONGEST_LIFE} seconds after its iat.")
    if expires + CLOCK_SKEW <= now.timestamp():
        raise _RefusedError("The token has expired: its exp is past.")
    if issued - CLOCK_SKEW > now.timestamp():
        raise _RefusedError("The token's iat is in the future: check the clock of the machine that signed it.")
    return datetime.fromtimestamp(issued, UTC), datetime.fromtimestamp(expires, UTC)


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _RefusedError(f"The token's {name} must be a whole number of seconds since 1970.")
    return value
