"""The draft that a visitor posted: with the connections that they may choose from, and kept to their resource."""

from __future__ import annotations

from dataclasses import replace

from connections import finding
from connections.models import Connection
from connections.provider import Auth
from connections.registry import all_providers
from rules.drafting.draft import Draft, read_draft
from rules.models import Rule
from rules.zones import zone_of
from workspaces.embed.visitor import PortalRequest
from workspaces.models import SessionType


def connections_of(request: PortalRequest) -> dict[str, Connection]:
    """What a rule can send to, by id; accounts that somebody signed in to come before plain addresses."""
    rows = Connection.objects.for_workspace(request.visitor.workspace.id).filter(hidden=False)
    found = sorted(rows.order_by("-active", "name", "id"), key=lambda row: (not row.active, not _is_account(row)))
    return {str(row.id): row for row in found}


def posted_draft(request: PortalRequest, *, rule: Rule | None) -> Draft:
    """What was typed."""
    chosen = connections_of(request)
    if rule is not None:  # its own connection may be hidden from the others
        chosen.setdefault(str(rule.connection_id), rule.connection)
    draft = read_draft(request.POST, connections=chosen, zone=zone_of(request), rule=rule)
    return locked(request, _looked_up(draft))


def locked(request: PortalRequest, draft: Draft) -> Draft:
    """A session that is locked to one resource writes rules about that one only."""
    session = request.visitor.session
    if session.session_type != SessionType.RESOURCE:
        return draft
    return replace(draft, resource=session.resource, resource_id=session.resource_id)


def _is_account(connection: Connection) -> bool:
    kind = all_providers().get(connection.provider)
    return kind is not None and kind.auth is Auth.OAUTH


def _looked_up(draft: Draft) -> Draft:
    """Where a name or a link was typed and nothing was picked: what it means, if the list has exactly one such."""
    action, connection, inputs = draft.known_action, draft.connection, dict(draft.inputs)
    if action is None or connection is None:
        return draft
    for asked in (one for one in action.fields if one.directory and inputs.get(one.key)):
        text = str(inputs[asked.key])
        found = finding.very_one(connection, asked.directory, text)
        if found is not None and found.external_id != text:
            inputs |= {asked.key: found.external_id} | ({"name": found.name} if asked.key == "id" else {})
    return replace(draft, inputs=inputs)
