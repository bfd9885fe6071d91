"""A destination that takes records: the tests' own, registered by the fixture ``crm``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db.models.functions import Now

from connections import entries
from connections.models import Connection, DirectoryRun
from connections.provider import (
    Action,
    Answer,
    Code,
    Course,
    DirectoryKind,
    Entry,
    Field,
    Job,
    Outcome,
    Provider,
    Request,
)
from connections.registry import all_providers
from rules import authoring
from rules.authoring import Wording
from rules.models import Rule
from workspaces.models import Workspace

SLUG = "crm"
KIND = "contact_field"
EMAIL = Entry("email", "Email", {"type": "email", "required": True, "identifier": True})
FIELDS = (
    EMAIL,
    Entry("firstname", "First name", {"type": "text"}),
    Entry("employees", "Employees", {"type": "number"}),
    Entry("score", "Score", {"type": "number", "read_only": True}),
    Entry(
        "stage",
        "Stage",
        {"type": "select", "options": [{"value": "lead", "label": "New lead"}, {"value": "won", "label": "Customer"}]},
    ),
)


class Crm(Provider):
    """Contacts with fields, and lists of them."""

    slug = SLUG
    name = "Crm"
    actions = (
        Action("save_contact", "Save a contact", "save the contact in {place}", record=KIND),
        Action(
            "add_to_list",
            "Add to a list",
            "put it on {place}",
            fields=(Field("id", "List", required=True, directory="list"),),
        ),
    )
    directories = (
        DirectoryKind("list", "list", "lists", one_page_limit=100),
        DirectoryKind(KIND, "contact field", "contact fields", one_page_limit=500),
    )
    usual_paths = {"email": ("email", "user.email"), "firstname": ("first_name",), "nickname": ("nick",)}

    def deliver(self, job: Job) -> Course:
        """The record as it is."""
        body = json.dumps(job.record, sort_keys=True).encode()
        reply = yield Request("POST", "https://crm.example.com/contacts", {"Content-Type": "application/json"}, body)
        good = isinstance(reply, Answer) and reply.status == 200
        return Outcome(Code.DELIVERED if good else Code.REJECTED_CLIENT_ERROR, "Saved." if good else "Refused.")


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Crm:
    """The destination, as if it had a folder."""
    kind = Crm()
    monkeypatch.setitem(all_providers(), SLUG, kind)
    return kind


def make_crm(workspace: Workspace, *, read: bool = True, **fields: Any) -> Connection:
    """An account whose fields were read; ``read=False``: a moment before that."""
    row = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider=SLUG,
        name=f"{workspace.name} Crm",
        created_by="test",
        **fields,
    )
    row.seal_values("credentials", {})
    row.save()
    if read:
        read_fields(row)
    return row


def read_fields(connection: Connection, *fields: Entry, kind: str = KIND) -> None:
    """As a run of the directory would leave them."""
    scope = {"organization_id": connection.organization_id, "workspace_id": connection.workspace_id}
    run, _ = DirectoryRun.objects.get_or_create(connection=connection, kind=kind, defaults={"reason": "asked", **scope})
    run.number += 1
    run.reading, run.started_at, run.finished_at, run.completed_at = False, Now(), Now(), Now()
    run.save()
    run.refresh_from_db()
    entries.store(connection, kind, fields or FIELDS, seen_in=run.number)
    entries.mark_gone(connection, kind, not_seen_in=run.number)


def make_crm_rule(connection: Connection, action: str = "save_contact", **inputs: str) -> Rule:
    """Every event becomes a record there."""
    said = Wording(event="*", action=action, inputs=inputs)
    return authoring.create(connection=connection, wording=said, name="", active=True, hidden=False, actor="test")
