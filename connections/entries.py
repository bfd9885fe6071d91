"""Keep the entries of a directory as the vendor tells of them, and notice what was renamed, archived or is gone."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models.functions import Now

from connections.models import Connection, DirectoryEntry
from connections.provider import Entry
from workspaces.ids import uuid7

ID_MOST, NAME_MOST, FOLDED_MOST = 128, 255, 512  # characters, as the columns have them

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what PostgreSQL takes in no text


def store(connection: Connection, kind: str, entries: Iterable[Entry], *, seen_in: int) -> None:
    """Insert or renew the entries in one statement. What was gone is back; what bears another name keeps its old one.

    An entry whose id cannot be stored as it is, is left out: a changed id would name something else.
    """
    rows = {entry.id: _row(entry) for entry in entries if _is_storable(entry.id)}
    if not rows:
        return
    values: dict[str, UUID | str | int] = {
        "organization": connection.organization_id,
        "workspace": connection.workspace_id,
        "connection": connection.id,
        "kind": kind,
        "seen_in": seen_in,
        "rows": json.dumps(sorted(rows.values(), key=lambda row: str(row["external_id"]))),  # one order: no deadlock
    }
    with database.cursor() as cursor:
        cursor.execute(_UPSERT, values)


def mark_gone(connection: Connection, kind: str, *, not_seen_in: int) -> None:
    """What a whole run has not seen is no longer listed for us: deleted, or private and the app was put out."""
    rows = DirectoryEntry.objects.filter(connection=connection, kind=kind, seen_in__lt=not_seen_in, gone_at=None)
    rows.update(gone_at=Now(), usable=False)


def fold(text: str) -> str:
    """A name as it is searched: without case, width or a leading ``#``."""
    plain = unicodedata.normalize("NFKC", clean(text)).casefold().strip().removeprefix("#")
    return plain[:FOLDED_MOST]


def clean(text: str) -> str:
    """The text without what cannot be stored."""
    return _UNSTORABLE.sub("", text)


def _is_storable(id: str) -> bool:
    return 0 < len(id) <= ID_MOST and clean(id) == id


def _row(entry: Entry) -> dict[str, Any]:
    name = clean(entry.name)[:NAME_MOST] or entry.id
    facts = {key: clean(value) if isinstance(value, str) else value for key, value in entry.facts.items()}
    return {
        "id": str(uuid7()),
        "external_id": entry.id,
        "name": name,
        "folded": fold(name),
        "facts": facts,
        "usable": entry.facts.get("is_archived") is not True,
    }


# ``seen_in`` never goes back: a look-up during a run counts as seen by it.
_UPSERT = """
INSERT INTO connections_directoryentry AS entry
    (id, organization_id, workspace_id, connection_id, kind, external_id, name, folded, facts, usable, seen_in,
     renamed_from)
SELECT id, %(organization)s, %(workspace)s, %(connection)s, %(kind)s, external_id, name, folded, facts, usable,
       %(seen_in)s, ''
  FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS new(id uuid, external_id text, name text, folded text, facts jsonb, usable boolean)
ON CONFLICT (connection_id, kind, external_id) DO UPDATE
   SET renamed_from = CASE WHEN entry.name = excluded.name THEN entry.renamed_from ELSE entry.name END,
       name = excluded.name, folded = excluded.folded, facts = excluded.facts, usable = excluded.usable,
       seen_in = greatest(entry.seen_in, excluded.seen_in), seen_at = now(), gone_at = NULL
"""
