"""Pages of this room: the mapping of a connection, whose editor shows what becomes of an event as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext

from connections.models import Connection
from connections.pages.listing import own_connection
from connections.registry import provider
from rules import models
from rules.mapping_catalogue import Catalogue, catalogue_of
from rules.mapping_default import generated
from rules.mapping_drafting.faults import by_control
from rules.mapping_drafting.reading import changed, read_rows
from rules.mapping_drafting.rows import Control, Row, Rows, write
from rules.mapping_drafting.showing import FAILS, FIRST, SOURCES, STEPS, doubts_of, rows_shown, targets
from rules.mapping_drafting.stored_rows import rows_of
from rules.mapping_saving import current, no_records, save
from rules.mappings import TargetField, check
from rules.models import Rule
from workspaces.embed.guard import portal
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.permissions import Permission

ADD = "add-field"  # the button that adds a row


@dataclass(frozen=True, slots=True)
class Mapped:
    """A connection whose records are mapped, with the fields that are known of it."""

    connection: Connection
    catalogue: Catalogue

    @property
    def fields(self) -> Mapping[str, TargetField]:
        """None before they were read to the end: half a list would be told as the whole."""
        return self.catalogue.fields if self.catalogue.complete else {}

    @property
    def usual(self) -> Rows:
        """The rows of the mapping that comes with the connection."""
        return rows_of(generated(provider(self.connection.provider), self.fields))


@portal(Permission.SEE_CONNECTIONS, methods=("GET", "POST"))
def mapping(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Which field gets what of an event: the editor, or what it says for whoever may only read."""
    found = own_mapped(request, connection_id)
    stored = current(found.connection.id)
    if request.method == "POST":
        return _save(request, found, stored)
    return _form(request, found, stored, stored_rows(found, stored))


@portal(Permission.SEE_CONNECTIONS, methods=("POST",))
def rows(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The rows after a button."""
    expect_may_change(request)
    found = own_mapped(request, connection_id)
    before, asked = read_rows(request.POST, found.fields), request.POST.get("asked", "")
    after = found.usual if asked == "usual" else changed(before, asked, request.POST)
    response = show(
        request, "rules/_mapping_rows.html", {**_shown(found, after, {}), "next": _next(before, after, asked)}
    )
    response["HX-Trigger-After-Swap"] = "redrawn"
    return response


def _next(before: Rows, after: Rows, asked: str) -> str:
    """The control where whoever pressed the button goes on; where there is none, at the button that adds a row."""
    if asked == "add" and len(after.members) > len(before.members):
        return Control(after.next_number - 1)["dest"]
    row = next((row for row in after.members if asked == f"step-{row.number}" and row.steps), None)
    if row is None:
        return ADD
    last = row.steps[-1]
    return Control(row.number, last.number)[FIRST.get(last.kind, "remove")]


# --------------------------------------------------------------------------- what its fragments share


def own_mapped(request: PortalRequest, connection_id: UUID) -> Mapped:
    """One that the visitor may see. Raises ``Http404`` for any other, ApiError 409 when it takes no records."""
    row = own_connection(request, connection_id)
    catalogue = catalogue_of(row)
    if catalogue is None:
        raise no_records(row)
    return Mapped(row, catalogue)


def stored_rows(found: Mapped, stored: models.Mapping | None) -> Rows:
    """The rows of what is in force; those of the usual one where it cannot be read any more."""
    return rows_of(stored.schema) if stored and not check(stored.schema) else found.usual


def expect_may_change(request: PortalRequest) -> None:
    """Raises ApiError 403."""
    if not request.visitor.may(Permission.CHANGE_RULES):
        raise ApiError(403, gettext("Your role may look at mappings, and not change them."))


# --------------------------------------------------------------------------- saving


def _save(request: PortalRequest, found: Mapped, stored: models.Mapping | None) -> HttpResponse:
    """Saved, and in force; or the form again, with what was typed and what is wrong with it."""
    expect_may_change(request)
    typed = read_rows(request.POST, found.fields)
    seen = request.POST.get("version", "")
    expected = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None
    try:
        save(found.connection, schema=write(typed), expected=expected, actor=request.visitor.name)
    except ApiError as error:
        if error.status == 409:
            return _form(request, found, stored, typed, problem=error.message, seen=seen)
        if not error.faults:
            raise
        return _form(request, found, stored, typed, errors=by_control(error.faults, typed), seen=seen)
    return go_to("mapping", found.connection.id, toast=gettext("Saved. The next event is mapped this way."))


# --------------------------------------------------------------------------- showing


def _form(
    request: PortalRequest,
    found: Mapped,
    stored: models.Mapping | None,
    typed: Rows,
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    seen: str = "",
) -> HttpResponse:
    """``seen`` is the version that whoever types has read; it stays the same until they read the newer one."""
    context = {
        **_shown(found, typed, errors or {}),
        "errors": errors or {},
        "problem": problem,
        "stored": stored,
        "version": seen or (stored.number if stored else 0),
        "kind": provider(found.connection.provider),
        "catalogue": found.catalogue,
        "pattern": _pattern(found.connection),
    }
    template = "rules/mapping.html" if request.visitor.may(Permission.CHANGE_RULES) else "rules/mapping_read.html"
    return show(request, template, context, status=409 if problem else 422 if errors else 200)


def _shown(found: Mapped, typed: Rows, errors: Mapping[str, str]) -> dict[str, Any]:
    members = typed if typed.members else Rows((Row(number=1),), meta=typed.meta)
    return {
        "connection": found.connection,
        "meta": typed.meta,
        "rows": rows_shown(members, found.fields, errors),
        "doubt": doubts_of(typed, found.fields).get(0, ""),
        "targets": targets(found.fields),
        "sources": SOURCES.items(),
        "fails": FAILS.items(),
        "possible": STEPS.items(),
    }


def _pattern(connection: Connection) -> str:
    """The events that it is tried on: those of its rules, if they want the same ones."""
    wanted = set(Rule.objects.filter(connection=connection).values_list("version__event", flat=True)[:50])
    return wanted.pop() if len(wanted) == 1 else "*"
