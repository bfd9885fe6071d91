"""Signing secrets come and go: a new one, beside which the old one is signed with for a day, and an end before that.

While two are live, every request carries both signatures, so that a receiver changes over in its own time. What has
ended is signed with no more from that second on (``providers.webhook.signing`` looks at the time by itself), and its
ciphertext goes with the next sweep.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections.models import Connection
from connections.registry import provider
from workspaces import audit
from workspaces.crypto import SealBroken
from workspaces.errors import ApiError, not_found

OVERLAP = timedelta(hours=24)
ACTOR = audit.ITSELF
CURRENT, OLD, OLD_UNTIL = "signing_secret", "previous_signing_secret", "previous_signing_secret_until"

_PREFIX = "whsec_"
_BYTES = range(24, 65)  # Source: Standard Webhooks 1.0.0, "Symmetric"
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")

_RUNNING = _(
    "The secret before this one still works: end it first, or wait until its time is over. Two at once are the most."
)
_NONE_OLD = _("There is no old secret any more.")
_UNSIGNED = _("What this connection sends is not signed, so it has no signing secret.")
_SHUT = _("The connection's secrets cannot be opened at the moment: the operator has to mend this.")
_WRONG = _("must begin with whsec_, and go on with 24 to 64 bytes in base64.")
_SAME = _("is the one that is used already. Enter a new one.")


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new secret, for showing it this once, and when the old one ends; None when there was none before."""

    secret: str = field(repr=False)
    old_until: datetime | None


def expect_signed(connection: Connection) -> None:
    """Raises ApiError 409 for a connection that signs nothing."""
    if not provider(connection.provider).signs:
        raise ApiError(409, gettext(_UNSIGNED))


def rotate(connection: Connection, *, actor: str, own: str = "") -> Rotated:
    """A new signing secret, made by us unless one of their ``own`` is given; the old one works for ``OVERLAP`` more.

    Raises ApiError 409 for a connection without signatures, and while an old secret still works; 422 for an ``own`` one
    that is none; 404 when the connection has just been deleted. Race: two people rotate at once. The row is locked
    first, so the second meets the old secret of the first, and nobody's new secret is lost.
    """
    expect_signed(connection)
    with transaction.atomic():
        row = _locked(connection)
        now = timezone.now()
        held = _without_old(_opened(row)) if _is_over(row, now) else _opened(row)
        if OLD in held:
            raise ApiError(409, gettext(_RUNNING))
        secret = _checked(own, held.get(CURRENT, "")) if own else _made(row)
        row.old_secret_until = now + OVERLAP if CURRENT in held else None
        _seal(row, {**held, **_replaced(held, row.old_secret_until), CURRENT: secret})
        _trace(row, actor=actor, verb="connection.secret_rotated", own=bool(own))
    connection.refresh_from_db()
    return Rotated(secret, row.old_secret_until)


def end_old(connection: Connection, *, actor: str) -> None:
    """The old secret ends now. Raises ApiError 409 when there is none, 404 when the connection was just deleted."""
    with transaction.atomic():
        row = _locked(connection)
        if row.old_secret_until is None:
            raise ApiError(409, gettext(_NONE_OLD))
        _end(row, actor=actor)
    connection.refresh_from_db()


def end_all_that_are_over() -> int:
    """Destroy every old secret whose time is over; returns how many. One that does not open is left for the operator.

    Level-triggered: what a sweep misses, the next one finds. A row that somebody is changing is left to the next.
    """
    ended, over = 0, Connection.objects.filter(old_secret_until__lte=timezone.now())
    for id in list(over.values_list("id", flat=True)):
        with transaction.atomic():
            row = over.select_for_update(skip_locked=True, of=("self",)).filter(id=id).first()
            ended += bool(row and _ended_by_itself(row))
    return ended


def _ended_by_itself(row: Connection) -> bool:
    try:
        _end(row, actor=ACTOR)
    except ApiError:  # its key is missing from the ring: then nothing is sent either, and the operator is told so
        return False
    return True


# --------------------------------------------------------------------------- what is stored


def _locked(connection: Connection) -> Connection:
    row: Connection | None = Connection.objects.select_for_update().filter(id=connection.id).first()
    if row is None:
        raise not_found()
    return row


def _opened(row: Connection) -> dict[str, str]:
    try:
        return row.unseal_values("credentials")
    except SealBroken:
        raise ApiError(409, gettext(_SHUT)) from None


def _is_over(row: Connection, now: datetime) -> bool:
    return row.old_secret_until is None or row.old_secret_until <= now


def _end(row: Connection, *, actor: str) -> None:
    row.old_secret_until = None
    _seal(row, _without_old(_opened(row)))
    _trace(row, actor=actor, verb="connection.old_secret_ended")


def _replaced(held: dict[str, str], until: datetime | None) -> dict[str, str]:
    """The secret that is current until now, as the old one. Its end is written so that no text is mistaken for it."""
    return {OLD: held[CURRENT], OLD_UNTIL: f"{until.timestamp():.6f}"} if until else {}


def _without_old(held: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in held.items() if key not in (OLD, OLD_UNTIL)}


def _seal(row: Connection, held: dict[str, str]) -> None:
    row.seal_values("credentials", held)
    row.save(update_fields=["credentials", "old_secret_until", "updated_at"])


def _trace(row: Connection, *, actor: str, verb: str, **detail: Any) -> None:
    until = row.old_secret_until
    ends: dict[str, Any] = {"old_until": until.isoformat(timespec="seconds")} if until else {}
    audit.record(row, actor=actor, verb=verb, name=row.name, **ends, **detail)


# --------------------------------------------------------------------------- the new one


def _made(row: Connection) -> str:
    made = provider(row.provider).new_credentials(row.settings, secrets.token_bytes(32))
    return made[CURRENT]


def _checked(own: str, current: str) -> str:
    """A secret of the customer's. Raises ApiError 422; the words never repeat it."""
    typed = own.strip()
    if not _is_secret(typed):
        raise ApiError(422, f"secret: {gettext(_WRONG)}", faults=[("secret", gettext(_WRONG))])
    if secrets.compare_digest(typed, current):
        raise ApiError(422, f"secret: {gettext(_SAME)}", faults=[("secret", gettext(_SAME))])
    return typed


def _is_secret(typed: str) -> bool:
    encoded = typed.removeprefix(_PREFIX)
    if encoded == typed or not _BASE64.fullmatch(encoded):
        return False
    try:
        return len(base64.b64decode(encoded, validate=True)) in _BYTES
    except ValueError:
        return False
