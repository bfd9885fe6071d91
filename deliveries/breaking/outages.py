"""Spot outages: a destination at which many workspaces fail at once is in trouble itself, and no customer is.

The rule: within the last hour attempts failed at connections of five workspaces or more, and those connections are at
least half of all that were used in that hour. A customer's own receiver is shared with nobody and never counts.
"""

from __future__ import annotations

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now

from connections.models import Outage
from connections.outages import shared_slugs
from workspaces.ids import floor

WORKSPACES_LEAST = 5
_log = structlog.get_logger("deliveries")


def spot() -> set[str]:
    """Begin and end outages. Returns the slugs of the destinations that have one."""
    found = {slug for slug in _suspects() if _half_fail(slug)}
    with transaction.atomic():
        known = set(Outage.objects.filter(ended_at=None).values_list("provider", flat=True))
        for slug in sorted(found - known):
            Outage.objects.update_or_create(provider=slug, defaults={"began_at": Now(), "ended_at": None})
            _log.warning("outage.began", provider=slug)
        for slug in sorted(known - found):
            Outage.objects.filter(provider=slug).update(ended_at=Now())
            _log.warning("outage.ended", provider=slug)
    return found


_FAILING = "active AND failing_since IS NOT NULL AND failed_at > now() - interval '1 hour'"


def _suspects() -> list[str]:
    """Those at which enough workspaces fail."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT provider FROM connections_connection WHERE {_FAILING} AND provider = ANY(%s)"  # noqa: S608
            " GROUP BY provider HAVING count(DISTINCT workspace_id) >= %s",
            [shared_slugs(), WORKSPACES_LEAST],
        )
        return [row[0] for row in cursor.fetchall()]


# A delivery's id begins with its time, so that the last hour of a workspace is a short range of one index.
_USED = f"""
SELECT count(*) FILTER (WHERE {_FAILING}), count(*)
  FROM connections_connection AS row
 WHERE provider = %(provider)s AND active
   AND ({_FAILING} OR EXISTS (
        SELECT 1 FROM deliveries_delivery AS delivery
         WHERE delivery.workspace_id = row.workspace_id AND delivery.connection_id = row.id
           AND delivery.id >= %(since)s AND delivery.state = 'delivered'))
"""  # noqa: S608


def _half_fail(slug: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - interval '1 hour'")
        since = cursor.fetchone()[0]
        cursor.execute(_USED, {"provider": slug, "since": floor(since)})
        failing, used = cursor.fetchone()
    return bool(failing * 2 >= used)
