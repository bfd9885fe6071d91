"""Store a connection's mapping: each change is a new version, and the newest is in force at once."""

from __future__ import annotations

from collections.abc import Mapping as Known
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from connections.models import Connection
from rules.mapping_catalogue import catalogue_of
from rules.mappings import TargetField, canonical, check, emptied
from rules.mappings.schema import NAME_LONGEST
from rules.models import Mapping
from rules.showing import storable
from workspaces import audit
from workspaces.errors import ApiError, not_found
from workspaces.ids import derive

NAME = "Default mapping"


def mapping_id(connection_id: UUID) -> UUID:
    """The id that all versions of a connection's mapping share."""
    return derive(connection_id, "mapping")


def current(connection_id: UUID) -> Mapping | None:
    """The version in force; None when nothing was stored."""
    found: Mapping | None = Mapping.objects.filter(connection_id=connection_id).order_by("-number").first()
    return found


def save(
    connection: Connection, *, schema: Any, actor: str, name: str | None = None, expected: int | None = None
) -> Mapping:
    """The new version in force; the one that is, if it says the same.

    ``expected`` is the version that the writer has seen, 0 for none. Raises ApiError 422 naming every fault, 409 when
    there is a newer version or the destination has no records, 404 when the connection has just been deleted.

    Race: two writers at once. The connection's row is locked first, so the second sees what the first has stored.
    """
    catalogue = catalogue_of(connection)
    if catalogue is None:
        raise no_records(connection)
    said = _checked(canonical(schema), name, catalogue.fields)
    with transaction.atomic():
        if not Connection.objects.select_for_update(no_key=True).filter(id=connection.id).exists():
            raise not_found()
        last = current(connection.id)
        called = name or (last.name if last else NAME)
        if last is not None and (last.schema, last.name) == (said, called):
            return last
        _expect(last.number if last else 0, expected)
        number = last.number + 1 if last else 1
        row = _stored(connection, number, called, said, catalogue.version, actor)
        audit.record(
            row, actor=actor, verb="mapping.saved", subject=connection.id, name=connection.name, version=number
        )
    return row


def no_records(connection: Connection) -> ApiError:
    """Its destination takes messages, not records."""
    words = gettext("%(name)s has no fields that could be filled: nothing is mapped for it.")
    return ApiError(409, words % {"name": connection.name})


def _stored(
    connection: Connection, number: int, name: str, schema: dict[str, Any], catalog_version: str, actor: str
) -> Mapping:
    row: Mapping = Mapping.objects.create(
        organization_id=connection.organization_id,
        workspace_id=connection.workspace_id,
        connection=connection,
        number=number,
        name=name,
        schema=schema,
        catalog_version=catalog_version,
        created_by=actor,
    )
    row.refresh_from_db(fields=["created_at"])
    return row


def _checked(schema: Any, name: str | None, fields: Known[str, TargetField]) -> dict[str, Any]:
    faults = [(problem.path, problem.message) for problem in check(schema) or emptied(schema, fields)]
    if name is not None and not (0 < len(name) <= NAME_LONGEST and storable(name) == name):
        faults.append(("name", gettext("must be 1 to %(most)s characters.") % {"most": NAME_LONGEST}))
    if faults:
        raise ApiError(422, "; ".join(f"{param}: {message}" for param, message in faults), faults=faults)
    found: dict[str, Any] = schema
    return found


def _expect(number: int, expected: int | None) -> None:
    if expected is None or expected == number:
        return
    words = gettext("Somebody else has saved version %(number)s meanwhile. Read it, and make your change to that one.")
    raise ApiError(409, words % {"number": number})
