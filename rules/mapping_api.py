"""The API of mappings: what an account holds, the fields of its records, and which of them gets what of an event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from connections import directory, finding
from connections.api import own_connection
from connections.models import Connection, DirectoryEntry
from connections.provider import DirectoryKind
from connections.registry import all_providers
from rules.mapping_catalogue import Catalogue, catalogue_of
from rules.mapping_default import generated
from rules.mapping_saving import current, mapping_id, no_records, save
from rules.mapping_shapes import (
    CatalogueOut,
    MappingAnswer,
    MappingIn,
    catalogue_shape,
    generated_shape,
    mapping_shape,
)
from rules.mappings import SCHEMA, warnings
from rules.models import Mapping
from workspaces.bodies import modest
from workspaces.callers import MachineToken, PortalCall, PortalToken
from workspaces.errors import ApiError, not_found
from workspaces.permissions import Permission
from workspaces.wire import WRITING, errors, wire_time

router = Router(tags=["Mappings"], auth=MachineToken())
router.add_decorator(modest, mode="view")
READING = errors(409)
_SEE, _CHANGE = PortalToken(Permission.SEE_CONNECTIONS), PortalToken(Permission.CHANGE_RULES)
ENTRIES_MOST = 5_000  # of one list in one answer
AGAIN_SECONDS = 5


@router.get(
    "/connections/{connection_id}/actions",
    auth=_CHANGE,
    response={200: dict[str, Any], **READING},
    summary="What it holds",
)
def list_action_data(request: PortalCall, connection_id: UUID) -> Any:
    """What actions choose from, as last read from the account: `{"lists": [{"id", "name"}], …}` by the lists' names.

    Fields have their `options` besides. `completeness` says of each list how good it is: `count`, `shown` (5,000 at
    most), `complete`, `reading`, `refreshed_at`, `gaps` and `trouble`.
    """
    row = own_connection(request, connection_id)
    kind = all_providers().get(row.provider)
    kinds = {_list_name(one): one for one in kind.directories} if kind else {}
    lists = {name: [_entry(entry) for entry in _entries(row, one)] for name, one in kinds.items()}
    return {**lists, "completeness": {name: _told(row, one, len(lists[name])) for name, one in kinds.items()}}


@router.get(
    "/connections/{connection_id}/fields",
    auth=_SEE,
    response={200: CatalogueOut, **WRITING},
    summary="List its fields",
)
def list_fields(request: PortalCall, connection_id: UUID, *, refresh: bool = False) -> Any:
    """The fields of its records. 409 when the destination has none, and before they were read for the first time.

    `refresh` asks for a new reading and does not wait for it: `reading` is true until it is there.
    """
    row = own_connection(request, connection_id)
    catalogue = _catalogue(row)
    if refresh or catalogue.run is None:
        directory.refresh(row, catalogue.kind)
        catalogue = _catalogue(row)
    if catalogue.read_at is None:
        words = "The fields are being read for the first time. Ask again in a few seconds."
        headers = {"Retry-After": str(AGAIN_SECONDS)}
        raise ApiError(409, f"{words} {catalogue.trouble}".strip(), headers=headers)
    return catalogue_shape(row, catalogue, read_at=catalogue.read_at)


@router.get(
    "/connections/{connection_id}/mappings/default",
    auth=_SEE,
    response={200: MappingAnswer, **READING},
    summary="Get its mapping",
    by_alias=True,
)
def get_mapping(request: PortalCall, connection_id: UUID) -> Any:
    """Which field gets what of an event. Until one is stored, it is generated from the usual places of the usual
    fields. 409 when the destination takes no records."""
    row = own_connection(request, connection_id)
    catalogue = _catalogue(row)
    return _answer(row, catalogue, current(row.id))


@router.put(
    "/connections/{connection_id}/mappings/default",
    auth=_CHANGE,
    response={200: MappingAnswer, **WRITING},
    summary="Store its mapping",
    by_alias=True,
)
def store_mapping(request: PortalCall, connection_id: UUID, body: MappingIn) -> Any:
    """In force at once, as the next version; 422 names every fault of the schema. Saying the same again makes none."""
    request.auth.need_whole_workspace()
    row = own_connection(request, connection_id)
    _expect_own(row, body)
    stored = save(row, schema=body.schema_, name=body.name, expected=body.expected_version, actor=request.auth.name)
    return _answer(row, _catalogue(row), stored)


@router.get("/mapping-schema", auth=None, response=dict[str, Any], summary="The schema of mappings")
def mapping_schema(request: HttpRequest) -> Any:
    """JSON Schema 2020-12: the one that judges when a mapping is stored."""
    return SCHEMA


# --------------------------------------------------------------------------- whose


def _expect_own(row: Connection, body: MappingIn) -> None:
    if body.workspace_id not in (None, row.workspace_id):
        raise not_found("workspace_id")
    if body.mapping_id not in (None, mapping_id(row.id)):
        raise not_found("mapping_id")


def _catalogue(row: Connection) -> Catalogue:
    found = catalogue_of(row)
    if found is None:
        raise no_records(row)
    return found


def _answer(row: Connection, catalogue: Catalogue, stored: Mapping | None) -> dict[str, Any]:
    known = catalogue.fields if catalogue.complete else {}
    if stored is None:
        shown, status = generated_shape(row, generated(all_providers()[row.provider], known), catalogue), "generated"
    else:
        first_at = Mapping.objects.filter(connection_id=row.id).earliest("number").created_at
        shown, status = mapping_shape(row, stored, first_at), "stored"
    doubts = [{"param": one.path, "msg": one.message} for one in warnings(shown["schema"], known)]
    return {"status": status, "mapping": shown, "warnings": doubts}


# --------------------------------------------------------------------------- what the account holds


def _list_name(kind: DirectoryKind) -> str:
    """``contact_field`` as ``contact_fields``."""
    return f"{kind.key}s"


def _entries(row: Connection, kind: DirectoryKind) -> list[DirectoryEntry]:
    rows = DirectoryEntry.objects.filter(connection_id=row.id, kind=kind.key, usable=True)
    return list(rows.order_by("folded")[:ENTRIES_MOST])


def _entry(entry: DirectoryEntry) -> dict[str, Any]:
    options = entry.facts.get("options")
    return {"id": entry.external_id, "name": entry.name} | ({"options": options} if isinstance(options, list) else {})


def _told(row: Connection, kind: DirectoryKind, shown: int) -> dict[str, Any]:
    summary = finding.summary(row, kind.key)
    run = row.directory_runs.filter(kind=kind.key).first()
    return {
        "count": summary.count,
        "shown": shown,
        "complete": summary.complete,
        "reading": summary.reading,
        "refreshed_at": wire_time(run.completed_at) if run and run.completed_at else None,
        "gaps": list(summary.gaps),
        "trouble": summary.trouble or None,
    }
