"""Mappings, the fields they fill, and what an account holds, as the wire has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field, StrictInt

from connections.models import Connection
from rules.mapping_catalogue import Catalogue
from rules.mapping_saving import NAME, mapping_id
from rules.mappings import TargetField
from rules.models import Mapping
from workspaces.wire import Fault, Moment

# Ours, and the wire's word for it; the wire tells an e-mail address, a phone number and a link by their format.
_TYPES = {
    "text": "string",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "select": "enum",
    "multiselect": "multi_enum",
    "email": "string",
    "phone": "string",
    "url": "string",
}
_FORMATS = ("email", "phone", "url", "date", "datetime")
MADE_BY_US = "jackfield"


class MappingIn(Schema):
    """What a connection's mapping shall say."""

    schema_: Any = Field(
        alias="schema",
        description="The mapping; see the description of the answer.",
        json_schema_extra={"type": "object"},
    )
    name: str | None = Field(None, description="1 to 64 characters.")
    expected_version: StrictInt | None = Field(
        None, ge=0, description="The version that you have read, 0 for a generated one: 409 when there is a newer one."
    )
    workspace_id: UUID | None = None
    mapping_id: UUID | None = None


class MappingOut(Schema):
    """One version of a connection's mapping. `id` is the version's, `mapping_id` is the same for all of them."""

    id: UUID
    mapping_id: UUID
    version: int = Field(description="0 for a generated one.")
    workspace_id: UUID
    connection_id: UUID
    integration_type: str
    name: str
    schema_: dict[str, Any] = Field(
        alias="schema",
        description='`{"schema_version": 1, "fields": [{"dest", "source", "transforms", "on_error", "notes"}]}`: see'
        " `GET /mapping-schema`.",
    )
    catalog_version: str | None
    created_by: str
    created_at: Moment
    updated_at: Moment


class MappingAnswer(Schema):
    """`generated` until one was stored. `warnings` did not stop it: a list of fields ages."""

    status: str = Field(description="`stored` or `generated`.")
    mapping: MappingOut
    warnings: list[Fault]


class CatalogueField(Schema):
    """One field of the destination's records."""

    key: str
    label: str
    type: str = Field(description="string, number, boolean, date, datetime, enum, multi_enum or unknown.")
    constraints: dict[str, Any] = Field(description="`format`, `required`, `read_only`, `allowed_values`.")
    provider_meta: dict[str, Any] = Field(description="`identifier`: a record is found by it; `options` with labels.")


class CatalogueOut(Schema):
    """The fields that a mapping can fill, as they were last read from the account."""

    id: UUID
    workspace_id: UUID
    connection_id: UUID
    integration_type: str
    catalog_version: str = Field(description="Another one as soon as any field is another.")
    refreshed_at: Moment
    created_by: str
    created_at: Moment
    updated_at: Moment
    fields: list[CatalogueField]
    reading: bool = Field(description="They are being read anew; ask again in a few seconds.")
    trouble: str | None = Field(description="Why they could not be read lately.")


def mapping_shape(connection: Connection, row: Mapping, first_at: datetime) -> dict[str, Any]:
    """A stored mapping as the wire has it; ``first_at`` is when its first version was stored."""
    return {
        "id": row.id,
        "mapping_id": mapping_id(connection.id),
        "version": row.number,
        "workspace_id": row.workspace_id,
        "connection_id": connection.id,
        "integration_type": connection.provider,
        "name": row.name,
        "schema": row.schema,
        "catalog_version": row.catalog_version or None,
        "created_by": row.created_by,
        "created_at": first_at,
        "updated_at": row.created_at,
    }


def generated_shape(connection: Connection, schema: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """A mapping that nobody has stored."""
    at = catalogue.read_at or connection.created_at
    return {
        "id": mapping_id(connection.id),
        "mapping_id": mapping_id(connection.id),
        "version": 0,
        "workspace_id": connection.workspace_id,
        "connection_id": connection.id,
        "integration_type": connection.provider,
        "name": NAME,
        "schema": schema,
        "catalog_version": catalogue.version if catalogue.complete else None,
        "created_by": MADE_BY_US,
        "created_at": at,
        "updated_at": at,
    }


def catalogue_shape(connection: Connection, catalogue: Catalogue, *, read_at: datetime) -> dict[str, Any]:
    """The fields of an account that were read once at least."""
    run = catalogue.run
    assert run is not None  # noqa: S101  it was read
    return {
        "id": run.id,
        "workspace_id": connection.workspace_id,
        "connection_id": connection.id,
        "integration_type": connection.provider,
        "catalog_version": catalogue.version,
        "refreshed_at": read_at,
        "created_by": MADE_BY_US,
        "created_at": connection.created_at,
        "updated_at": read_at,
        "fields": [_field(one) for one in catalogue.fields.values()],
        "reading": catalogue.reading,
        "trouble": catalogue.trouble or None,
    }


def _field(one: TargetField) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": one.required, "read_only": one.read_only}
    if one.type in _FORMATS:
        constraints["format"] = one.type
    meta: dict[str, Any] = {"identifier": one.identifier}
    if one.options:
        constraints["allowed_values"] = [value for value, _ in one.options]
        meta["options"] = [{"value": value, "label": label} for value, label in one.options]
    return {
        "key": one.id,
        "label": one.label,
        "type": _TYPES.get(one.type, "unknown"),
        "constraints": constraints,
        "provider_meta": meta,
    }
