"""The rows of a mapping: from a field of the event, a fixed text, emptied; with a fault and a doubt; and the record."""

from __future__ import annotations

from typing import Any

from deliveries.pages.mapping import Shown
from rules.mapping_drafting.showing import FAILS, SOURCES, STEPS, rows_shown, whole_rows
from rules.mapping_drafting.stored_rows import rows_of
from rules.mappings import TargetField, run

FIELDS = {
    field.id: field
    for field in (
        TargetField("email", "Email", "email", identifier=True),
        TargetField(
            "lifecyclestage", "Lifecycle stage", "select", options=(("lead", "Lead"), ("customer", "Customer"))
        ),
        TargetField("seats", "Seats", "number"),
        TargetField("renewal_date", "Renewal date", "date"),
        TargetField("createdate", "Create date", "datetime", read_only=True),
    )
}
SCHEMA = {
    "schema_version": 1,
    "fields": [
        {
            "dest": "email",
            "source": {"type": "path", "value": "user.email", "or": ["email"]},
            "transforms": [{"type": "trim"}, {"type": "default", "value": "nobody@casterly.example"}],
            "on_error": "fail_action",
        },
        {"dest": "lifecyclestage", "source": {"type": "literal", "value": "lead"}},
        {"dest": "seats", "source": {"type": "path", "value": "plan.seats"}},
        {"dest": "renewal_date", "source": {"type": "literal", "value": None}},
        {"dest": "createdate", "source": {"type": "path", "value": "created_at"}},
    ],
}
EVENT = {"user": {"email": " tyrion@casterly.example "}, "plan": {"seats": "a few"}, "created_at": "2026-04-17"}
FAULTS = {"m-3-path": "Write a path such as plan.seats."}


def samples() -> dict[str, Any]:
    """The rows and their choices, and what becomes of an event."""
    rows = rows_of(SCHEMA)
    lines = run(whole_rows(rows)[0], EVENT, around={}, fields=FIELDS).lines
    return {
        "mapping_rows": rows_shown(rows, FIELDS, FAULTS),
        "sources": SOURCES.items(),
        "possible": STEPS.items(),
        "fails": FAILS.items(),
        "mapped": [
            Shown(line, name=FIELDS[line.dest].label, value=str(line.value or ""), unknown=False) for line in lines
        ],
    }
