"""Fragments of a mapping's editor that need to know what happened: what events hold, and the record of one of them.

The editor belongs to the room of rules, which does not know of events, and reaches these by the names of their routes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse

from connections.provider import EventFacts, WorkspaceFacts
from deliveries import mapped
from deliveries.trying import tried_on
from deliveries.trying.samples import Sample
from rules.mapping_drafting.naming import names
from rules.mapping_drafting.reading import read_rows
from rules.mapping_drafting.rows import Rows
from rules.mapping_drafting.showing import whole_rows
from rules.mapping_saving import current
from rules.mappings import Line, TargetField, cannot_be_emptied, run
from rules.mappings.schema import PATH, PATH_LONGEST
from rules.pages.mapping import Mapped, expect_may_change, own_mapped, stored_rows
from rules.showing import cut, shown, storable
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.permissions import Permission

VALUE_MOST = 200  # characters of a value that are shown
_AROUND = ("event.type", "event.created_at", "event.resource", "event.resource_id", "severity", "workspace.name")


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of the record. ``unknown``: it cannot be told what becomes of it."""

    line: Line
    name: str
    value: str
    unknown: bool
    refused: str = ""  # why it cannot be emptied, as the mapping does

    @property
    def stops(self) -> bool:
        """Nothing would be sent for want of it."""
        return bool(self.refused) or (self.line.stops and not self.unknown)

    @property
    def reason(self) -> str:
        """Why nothing would be sent."""
        return self.refused or self.line.problem


@portal(Permission.SEE_CONNECTIONS, methods=("POST",))
def fields(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """What events hold, to choose from in every row."""
    expect_may_change(request)
    own_mapped(request, connection_id)
    known = tried_on.known_fields(request, pattern=request.POST.get("event", "*"))
    found = [one for one in known if isinstance(one.path, str) and _can_be_mapped(one.path)]
    return show(request, "deliveries/_mapping_fields.html", {"known": found, "around": _AROUND})


@portal(Permission.SEE_CONNECTIONS, methods=("POST",))
def preview(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The record that the event would become, field by field. What is not complete yet is left out, and counted."""
    found = own_mapped(request, connection_id)
    tried = tried_on.typed(request, pattern=request.POST.get("event", "*"))
    compiled, incomplete = whole_rows(_rows(request, found))
    around = mapped.around(_facts(tried.sample), _whose(request.visitor.workspace))
    made = run(compiled, tried.sample.values, around=around, fields=found.fields)
    lines = [_shown(line, found, masked=tried.masked) for line in made.lines]
    stops = any(one.stops for one in lines)
    context = {"tried": tried, "fault": made.fault, "lines": lines, "stops": stops, "incomplete": incomplete}
    return show(request, "deliveries/_mapping_preview.html", context)


def _can_be_mapped(path: str) -> bool:
    return len(path) <= PATH_LONGEST and re.fullmatch(PATH, path) is not None


def _rows(request: PortalRequest, found: Mapped) -> Rows:
    """As they were typed; whoever may only read sees what is in force."""
    if request.visitor.may(Permission.CHANGE_RULES):
        return read_rows(request.POST, found.fields)
    return stored_rows(found, current(found.connection.id))


def _facts(sample: Sample) -> EventFacts:
    return EventFacts(
        id=sample.id or uuid7(),
        type=sample.type,
        resource=sample.resource,
        resource_id=sample.resource_id,
        payload=sample.values,
        payload_text=sample.payload,
        severity=sample.severity.label if sample.severity is not None else "",
        created_at=sample.created_at,
    )


def _whose(workspace: Workspace) -> WorkspaceFacts:
    return WorkspaceFacts(
        id=workspace.id, name=workspace.name, tenant=workspace.tenant, environment=workspace.environment
    )


def _shown(line: Line, found: Mapped, *, masked: bool) -> Shown:
    """``masked``: the event's values are made up, so that nobody can say whether the real ones fit."""
    return Shown(
        line,
        name=names(found.fields).get(line.dest, line.dest),
        value=_value(line),
        unknown=masked and bool(line.problem) and not line.absent,
        refused=_refused(line, found.fields.get(line.dest)),
    )


def _refused(line: Line, field: TargetField | None) -> str:
    emptied = line.value is None and not line.problem
    return cannot_be_emptied(field) if emptied and field is not None and field.needed else ""


def _value(line: Line) -> str:
    """As it is sent; a text without quotation marks."""
    if line.value is None:
        return ""
    return storable(cut(line.value, most=VALUE_MOST)) if isinstance(line.value, str) else shown(line.value)
