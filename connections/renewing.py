"""Renew access tokens ahead of their end: each once, however many workers there are.

Many vendors take a refresh token one single time and revoke the whole permission when it comes twice. So a renewal is
claimed in PostgreSQL with a lease that is longer than the provider may take, and no lock is held while it takes its
time. The new pair is stored the moment it is there, before anybody can use it, and only under the claim's fence: who
comes too late, after a sign-in or for a connection that is gone, changes nothing.

``renew_at`` is the schedule. A worker that dies before it asked costs the lease; one that dies between the answer and
the commit costs the permission where a vendor rotates refresh tokens, and then the customer is asked to sign in again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from connections import credentials, oauth
from connections.models import Connection
from connections.provider import Client, Inactive
from connections.provider_apps import client_for
from connections.registry import all_providers
from connections.tokens import Blame, Unrenewed
from workspaces import audit
from workspaces.crypto import SealBroken

LEASE_SECONDS = 45  # of which the question may wait ``ASK_WITHIN``, and its answer take ``oauth.SECONDS``
ASK_WITHIN = 10.0
KEEP_SECONDS = 60.0  # how long a new pair is held for a database that is away
KEEP_PAUSE = 0.2
UNKNOWN_MOST = 24  # failures, about four hours of them: then a refusal that we do not know is taken for a no

# Seconds between two tries: from the first to the longest. What the operator has to mend is asked for slowly.
_QUICK, _SLOW = (5, 600), (60, 3_600)
_WAITS = {Blame.PROVIDER: _QUICK, Blame.UNKNOWN: (10, 900), Blame.APP: _SLOW}
_OFF = {Blame.GRANT: Inactive.REAUTHORIZATION_REQUIRED, Blame.REVOKED: Inactive.AUTHORIZATION_REVOKED}

_NO_WAY = Unrenewed(Blame.GRANT, "The permission has run out, and it came without a way to renew it.")
_NO_APP = Unrenewed(Blame.APP, "The app of this product was taken away: its operator has to set it up again.")
_SHUT = Unrenewed(Blame.APP, "The connection's secrets cannot be opened at the moment: the operator has to mend this.")
_OURS = Unrenewed(Blame.APP, "A fault of ours kept us from renewing it. The operator finds it in the logs.")
_TOO_OLD = Unrenewed(Blame.PROVIDER, "The renewal had to wait for too long.")
_log = structlog.get_logger("connections")


@dataclass(frozen=True, slots=True)
class Renewal:
    """A connection whose token is to be renewed, ours until the lease ends. ``obstacle`` is why nobody can be asked."""

    connection: Connection
    claimed_at: datetime  # by the database's clock
    began: float  # before the claim, by this process's own clock
    client: Client | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    obstacle: Unrenewed | None = None


def claim(most: int) -> list[Renewal]:
    """Renewals that are due, ours alone. Race: two workers. Each skips what the other is taking, or has a lease on."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS, most])
        fences = {id: (fence, now) for id, fence, now in cursor.fetchall()}
    if not fences:
        return []
    rows = Connection.objects.select_related("workspace").filter(id__in=fences)
    # One that was signed in to since the claim has another fence by now: there is nothing to renew.
    return [_renewal(row, fences[row.id][1], began) for row in rows if row.token_fence == fences[row.id][0]]


# The state stands in the text, not in a parameter: a plan that is kept has to know that the index's condition holds.
# The time is that of the statement, as in Django's ``Now()``, by which the rest here goes.
_CLAIM = """
UPDATE connections_connection
   SET token_fence = token_fence + 1, renewing_until = statement_timestamp() + %s * interval '1 second'
 WHERE id IN (
    SELECT id FROM connections_connection
     WHERE active AND renew_at IS NOT NULL AND renew_at <= statement_timestamp()
       AND coalesce(renewing_until <= statement_timestamp(), true)
     ORDER BY renew_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, token_fence, statement_timestamp()
"""


def _renewal(row: Connection, now: datetime, began: float) -> Renewal:
    """All that the asking needs, so that no waiting thread asks the database."""
    try:
        opened = row.unseal_values("credentials")
        client = client_for(row.workspace, row.provider)
    except (SealBroken, ValueError) as broken:  # a key is missing from the ring, or the text inside is no JSON
        _log.error("connection.sealed_shut", connection=str(row.id), fault=type(broken).__name__)
        return Renewal(row, now, began, obstacle=_SHUT)
    obstacle = (None if client else _NO_APP) if opened.get("refresh_token") else _NO_WAY
    return Renewal(row, now, began, client=client, credentials=opened, obstacle=obstacle)


# --------------------------------------------------------------------------- asking


def ask(renewal: Renewal) -> dict[str, str] | Unrenewed:
    """The new credentials, or why there are none. Waits on the provider, and knows no database. Never raises."""
    if renewal.obstacle or renewal.client is None:
        return renewal.obstacle or _NO_APP
    if time.monotonic() - renewal.began > ASK_WITHIN:  # the answer might come after the lease: somebody else asks
        return _TOO_OLD
    try:
        return _asked(renewal, renewal.client)
    except Exception as fault:  # noqa: BLE001  a provider's fault must not end the worker, nor its words hold a token
        _log.error("renewal.fault", connection=str(renewal.connection.id), fault=type(fault).__name__)
        return _OURS


def _asked(renewal: Renewal, client: Client) -> dict[str, str] | Unrenewed:
    row, known = renewal.connection, renewal.credentials
    kind = all_providers()[row.provider]
    token = oauth.renew(kind, client, known["refresh_token"], now=renewal.claimed_at, asked=row.settings)
    return token if isinstance(token, Unrenewed) else kind.renewed(token, known)


# --------------------------------------------------------------------------- keeping


def keep(renewal: Renewal, found: Mapping[str, str] | Unrenewed) -> bool:
    """Store what came of it. False when the connection is not ours to renew any more, and nothing was changed.

    Again and again while the database is away: a pair that is lost cannot be asked for twice.
    """
    kept = (
        _fail(renewal, found)
        if isinstance(found, Unrenewed)
        else _insist(partial(_store, renewal, _renewed(renewal, found)))
    )
    _tell(renewal, found, kept=kept)
    return kept


def _renewed(renewal: Renewal, found: Mapping[str, str]) -> dict[str, Any]:
    row = renewal.connection
    row.seal_values("credentials", found)
    return {
        "credentials": row.credentials,
        "token_fence": F("token_fence") + 1,
        "updated_at": Now(),  # an attempt of before speaks of the past: see deliveries/breaking/switching.py
        **credentials.term(row.id, found, now=renewal.claimed_at),
    }


def _fail(renewal: Renewal, why: Unrenewed) -> bool:
    """Ask again later, or switch it off: what is meant for it is then held until somebody has signed in again."""
    failures = renewal.connection.renew_failures
    told = {
        "renewing_until": None,
        "renew_failures": min(failures + 1, 1_000),
        "renew_trouble": why.reason,
        "renew_failing_since": Coalesce("renew_failing_since", Now()),
    }
    reason = _OFF.get(why.blame)
    if why.blame is Blame.UNKNOWN and failures >= UNKNOWN_MOST:
        reason = Inactive.REAUTHORIZATION_REQUIRED
    if reason is None:
        later = Now() + timedelta(seconds=_wait(why, failures))
        return _insist(partial(_store, renewal, {**told, "renew_at": later}))
    # Whoever switches it on by hand gets one more try, at once. If it is off by now, that has a reason of its own.
    off = {"active": False, "inactive_reason": reason, "updated_at": Now(), "renew_at": Now()}
    return _insist(partial(_switch_off, renewal, {**told, **off}))


def _wait(why: Unrenewed, failures: int) -> float:
    first, longest = _WAITS[why.blame]
    return min(max(first * 2.0 ** min(failures, 20), why.retry_after or 0.0), _SLOW[1] if why.retry_after else longest)


def _store(renewal: Renewal, changes: Mapping[str, Any], **only: bool) -> bool:
    """One statement, and so one commit. Race: a sign-in, or another worker after our lease. The fence decides."""
    row = renewal.connection
    return bool(Connection.objects.filter(id=row.id, token_fence=row.token_fence, **only).update(**changes))


def _switch_off(renewal: Renewal, changes: Mapping[str, Any]) -> bool:
    with transaction.atomic():
        off = _store(renewal, changes, active=True)
        if off:
            row = renewal.connection
            audit.record(row, actor=audit.ITSELF, verb="connection.switched_off", name=row.name)
    return off


def _insist(write: Callable[[], bool]) -> bool:
    """Again and again while the database is away. Whether it was ours to write."""
    deadline = time.monotonic() + KEEP_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(KEEP_PAUSE)


def _tell(renewal: Renewal, found: Mapping[str, str] | Unrenewed, *, kept: bool) -> None:
    """The one wide line of a renewal."""
    row = renewal.connection
    facts = {
        "connection": str(row.id),
        "workspace": str(row.workspace_id),
        "organization": str(row.organization_id),
        "provider": row.provider,
        "kept": kept,
    }
    if not isinstance(found, Unrenewed):
        _log.info("connection.renewed", **facts)
        return
    tell = _log.error if found.blame is Blame.APP else _log.warning
    tell("connection.unrenewed", blame=str(found.blame), reason=found.reason, failures=row.renew_failures + 1, **facts)
