"""Switch a connection off by hand, and on again: what is meant for it waits meanwhile, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from connections.models import Connection
from connections.provider import Inactive
from workspaces import audit
from workspaces.errors import not_found

ON: dict[str, Any] = {"active": True, "inactive_reason": "", "failing_since": None, "held_choice": ""}
OFF: dict[str, Any] = {**ON, "active": False, "inactive_reason": Inactive.MANUALLY_INACTIVATED}


def switch(connection: Connection, *, active: bool, actor: str) -> None:
    """On or off; its settings are not looked at. Raises ApiError 404 when it has just been deleted.

    Race: a worker switches it off at the same moment. Only these columns are written, under the row's lock, and the
    last word counts.
    """
    with transaction.atomic():
        row = Connection.objects.select_for_update().filter(id=connection.id).first()
        if row is None:
            raise not_found()
        if row.active != active:
            _write(row, active=active, actor=actor)
    connection.refresh_from_db()


def _write(row: Connection, *, active: bool, actor: str) -> None:
    for name, value in (ON if active else OFF).items():
        setattr(row, name, value)
    row.save(update_fields=[*ON, "updated_at"])
    audit.record(
        row,
        actor=actor,
        verb="connection.switched_on" if active else "connection.switched_off",
        name=row.name,
    )
