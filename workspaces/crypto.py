"""Seals secrets at rest: AES-256-GCM, bound to the place where they are stored.

A sealed value is ``version (1 byte) | length of the key's id (1) | the key's id | nonce (12) | ciphertext and tag``.
The place ("table:row id:field") is authenticated with it, so that a value copied into another row, another tenant
or another field does not open. Nonces are random: one key may seal 2**32 values (NIST SP 800-38D §8.3).

``ENCRYPTION_KEYS`` lists the keys as ``<id>:<base64 of 32 bytes>``: the first one seals, all of them open.
This module is the only user of ``cryptography``.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_VERSION = 1
_NONCE = 12
_TAG = 16
_KEY = 32
_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,32}")


class SealBroken(Exception):  # noqa: N818  it is named for what happened
    """A sealed value does not open; the message says why in a plain sentence, without a secret in it."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of ``ENCRYPTION_KEYS`` by their id, and the id of the one that seals."""

    newest: str
    keys: Mapping[str, AESGCM] = field(repr=False)


def seal(text: str, *, place: str) -> bytes:
    """The text, sealed under the newest key for one place."""
    ring = key_ring()
    nonce = secrets.token_bytes(_NONCE)
    header = bytes([_VERSION, len(ring.newest)]) + ring.newest.encode()
    return header + nonce + ring.keys[ring.newest].encrypt(nonce, text.encode(), place.encode())


def open_sealed(sealed: bytes, *, place: str) -> str:
    """The text that was sealed for this place.

    Raises ``SealBroken`` when the value is damaged, was sealed for another place, or its key is not on the ring.
    """
    key_id, nonce, ciphertext = _split(sealed)
    key = key_ring().keys.get(key_id)
    if key is None:
        raise SealBroken(
            f"{place} is sealed with the key {key_id!r}, which ENCRYPTION_KEYS does not hold: add it again."
        )
    try:
        return key.decrypt(nonce, ciphertext, place.encode()).decode()
    except InvalidTag:
        raise SealBroken(f"{place} does not open: it was damaged, or sealed for another row or field.") from None


def key_id_of(sealed: bytes) -> str:
    """The id of the key that sealed the value. Raises ``SealBroken`` when it is no sealed value."""
    return _split(sealed)[0]


def needs_resealing(sealed: bytes) -> bool:
    """Whether another key than the newest sealed the value. Raises ``SealBroken`` when it is no sealed value."""
    return key_id_of(sealed) != key_ring().newest


def reseal(sealed: bytes, *, place: str) -> bytes:
    """The same secret under the newest key. Raises ``SealBroken`` as ``open_sealed`` does."""
    return seal(open_sealed(sealed, place=place), place=place)


def new_key() -> str:
    """A fresh entry for ``ENCRYPTION_KEYS``."""
    return f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(_KEY)).decode()}"


def key_ring() -> KeyRing:
    """The ring of ``settings.ENCRYPTION_KEYS``, read once. Raises ``ImproperlyConfigured`` naming the fault."""
    return _read_ring(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=1)
def _read_ring(entries: tuple[str, ...]) -> KeyRing:
    if not entries:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty: it needs at least one <id>:<base64 of 32 bytes>.")
    pairs = [_read_entry(number, entry) for number, entry in enumerate(entries, start=1)]
    ids = [key_id for key_id, _ in pairs]
    for key_id in ids:
        if ids.count(key_id) > 1:
            raise ImproperlyConfigured(f"ENCRYPTION_KEYS has two keys with the id {key_id!r}: give each its own.")
    return KeyRing(newest=ids[0], keys=dict(pairs))


def _read_entry(number: int, entry: str) -> tuple[str, AESGCM]:
    """One entry of the setting. Its text stays out of every message, since most of it is the key."""
    key_id, separator, encoded = entry.partition(":")
    if not separator or not _KEY_ID.fullmatch(key_id):
        raise ImproperlyConfigured(
            f"ENCRYPTION_KEYS entry {number} must be <id>:<base64 of 32 bytes>, the id of 1 to 32 letters, digits or -."
        )
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ImproperlyConfigured(f"ENCRYPTION_KEYS entry {number} ({key_id}) is not base64.") from None
    if len(key) != _KEY:
        raise ImproperlyConfigured(
            f"ENCRYPTION_KEYS entry {number} ({key_id}) holds {len(key)} bytes instead of {_KEY}."
        )
    return key_id, AESGCM(key)


def _split(sealed: bytes) -> tuple[str, bytes, bytes]:
    """The key's id, the nonce and the ciphertext with its tag."""
    if len(sealed) < 2 or sealed[0] != _VERSION:
        raise SealBroken("This is not a sealed value: its first byte is no version that is known here.")
    nonce_at = 2 + sealed[1]
    body_at = nonce_at + _NONCE
    if len(sealed) < body_at + _TAG:
        raise SealBroken("This is not a whole sealed value: its end is missing.")
    return sealed[2:nonce_at].decode("ascii", "replace"), sealed[nonce_at:body_at], sealed[body_at:]
