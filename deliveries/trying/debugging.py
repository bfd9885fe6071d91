"""Hold what a receiver got against what was sent: the requests of one connection, and what its live secrets say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from connections.models import Connection
from connections.providers.webhook import signing
from connections.providers.webhook.diagnosing import Diagnosis, Received, Sent, diagnose
from deliveries.models import Attempt, Delivery
from deliveries.showing import lately
from workspaces.crypto import SealBroken
from workspaces.ids import derive

ATTEMPTS_MOST = 12  # of one delivery
_NAMES = ("current", "old")


def explain(connection: Connection, received: Received) -> Diagnosis | None:
    """The diagnosis; None while the connection's secrets cannot be opened."""
    now = timezone.now()
    try:
        live = signing.live_secrets(connection.unseal_values("credentials"), now=now)
    except (SealBroken, ValueError):
        return None
    secrets = dict(zip(_NAMES, live, strict=False))
    return diagnose(received, secrets=secrets, sent=_known(connection, received.id), now=now)


def last_request(connection: Connection, delivery_id: UUID) -> Sent | None:
    """The last signed request of a delivery; None where there is none, or it is not this connection's."""
    found = list(_requests(_own(connection, delivery_id)))
    return found[-1] if found else None


def _known(connection: Connection, id: str) -> list[Sent]:
    """The requests of the message with that id, and the last ones of this connection."""
    try:
        rows = _own(connection, UUID(id))
    except ValueError:
        rows = []
    others = [one.delivery for one in lately.latest_of(connection) if one.delivery not in rows]
    return list(_requests([*rows, *others]))


def _own(connection: Connection, delivery_id: UUID) -> list[Delivery]:
    rows = Delivery.objects.for_workspace(connection.workspace_id)
    return list(rows.filter(id=delivery_id, connection_id=connection.id))


def _requests(rows: Sequence[Delivery]) -> Iterator[Sent]:
    """In the order of the rows, each one's attempts from the first to the last; by their ids, which can be derived."""
    numbers = {row.id: range(max(1, row.attempt_count - ATTEMPTS_MOST + 1), row.attempt_count + 1) for row in rows}
    ids = [derive(row.id, number) for row in rows for number in numbers[row.id]]
    known = Attempt.objects.in_bulk(ids)
    for id in ids:
        for exchange in known[id].exchanges if id in known else ():
            if sent := _sent(exchange.get("request") or {}):
                yield sent


def _sent(request: Mapping[str, Any]) -> Sent | None:
    """A request as it was kept. A body that was cut, or from which something was struck, is known by its hash alone."""
    headers = {name.lower(): value for name, value in request.get("headers", {}).items()}
    if "webhook-id" not in headers:
        return None
    body, length = str(request.get("body", "")).encode(errors="replace"), int(request.get("bytes", 0))
    return Sent(
        id=headers["webhook-id"],
        timestamp=headers.get("webhook-timestamp", ""),
        signature=headers.get("webhook-signature", ""),
        body=body if len(body) == length else None,
        length=length,
        sha256=request.get("sha256", ""),
    )
