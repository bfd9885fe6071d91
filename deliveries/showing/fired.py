"""When rules last sent something: one question for all rules of a page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from workspaces.ids import timestamp

LOOKED_AT_MOST = 20_000  # of a workspace's latest deliveries: there is no index by rule, which every delivery would pay

# Tests are events of their own kind, and tell nothing of what the rule does by itself.
_LATEST = """
SELECT DISTINCT ON (rule_id) rule_id, id
  FROM (SELECT id, rule_id, event_id FROM deliveries_delivery
         WHERE workspace_id = %(workspace)s ORDER BY id DESC LIMIT %(most)s) AS latest
 WHERE rule_id = ANY(%(rules)s::uuid[])
   AND NOT EXISTS (SELECT 1 FROM deliveries_event WHERE id = latest.event_id AND kind = 'test')
 ORDER BY rule_id, id DESC
"""


def last_fired(*, workspace_id: UUID, rules: Collection[UUID]) -> dict[UUID, datetime]:
    """When each of the rules last fired, among the workspace's latest deliveries; those that did not are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, {"workspace": workspace_id, "rules": list(rules), "most": LOOKED_AT_MOST})
        return {rule_id: timestamp(id) for rule_id, id in cursor.fetchall()}
