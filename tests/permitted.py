"""What each route of the API asks of a portal session."""

from __future__ import annotations

from workspaces.permissions import Permission

# By method and path under api/v1/; the routes that are not named here are for machine keys alone.
ASKED: dict[tuple[str, str], Permission] = {
    ("GET", "workspaces"): Permission.SEE_EVENTS,
    ("GET", "workspaces/<workspace_id>"): Permission.SEE_SETTINGS,
    ("GET", "workspaces/<workspace_id>/events"): Permission.SEE_EVENTS,
    ("GET", "workspaces/<workspace_id>/connections"): Permission.SEE_CONNECTIONS,
    ("GET", "workspaces/<workspace_id>/rules"): Permission.SEE_RULES,
    ("GET", "workspaces/<workspace_id>/event-types"): Permission.SEE_RULES,
    ("GET", "workspaces/<workspace_id>/resources"): Permission.SEE_RULES,
    ("GET", "integrations"): Permission.SEE_CONNECTIONS,
    ("GET", "connections"): Permission.SEE_CONNECTIONS,
    ("POST", "connections"): Permission.CONNECT,
    ("GET", "connections/<connection_id>"): Permission.SEE_CONNECTIONS,
    ("PUT", "connections/<connection_id>"): Permission.CONNECT,
    ("DELETE", "connections/<connection_id>"): Permission.CONNECT,
    ("POST", "connections/<connection_id>/signing-secret/rotate"): Permission.CONNECT,
    ("DELETE", "connections/<connection_id>/signing-secret/old"): Permission.CONNECT,
    ("GET", "connections/<connection_id>/actions"): Permission.CHANGE_RULES,
    ("GET", "connections/<connection_id>/fields"): Permission.SEE_CONNECTIONS,
    ("GET", "connections/<connection_id>/mappings/default"): Permission.SEE_CONNECTIONS,
    ("PUT", "connections/<connection_id>/mappings/default"): Permission.CHANGE_RULES,
    ("GET", "rules"): Permission.SEE_RULES,
    ("POST", "rules"): Permission.CHANGE_RULES,
    ("GET", "rules/<rule_id>"): Permission.SEE_RULES,
    ("PATCH", "rules/<rule_id>"): Permission.CHANGE_RULES,
    ("DELETE", "rules/<rule_id>"): Permission.CHANGE_RULES,
    ("GET", "rules/<rule_id>/versions"): Permission.SEE_RULES,
    ("POST", "rules/<rule_id>/revert"): Permission.CHANGE_RULES,
    ("POST", "rules/<rule_id>/test"): Permission.CHANGE_RULES,
    ("POST", "rules/backtest"): Permission.SEE_PAYLOAD,
    ("POST", "rules/preview"): Permission.SEE_PAYLOAD,
    ("GET", "events"): Permission.SEE_EVENTS,
    ("GET", "events/<event_id>"): Permission.SEE_EVENTS,
    ("GET", "events/<event_id>/payload"): Permission.SEE_PAYLOAD,
    ("POST", "events/<event_id>/cancel"): Permission.RESEND,
    ("GET", "events/<event_id>/rules/<rule_id>/attempts"): Permission.SEE_EVENTS,
    ("GET", "events/<event_id>/rules/<rule_id>/attempts/<attempt_id>"): Permission.SEE_PAYLOAD,
    ("GET", "events/<event_id>/rules/<rule_id>/attempts/<attempt_id>/response-details"): Permission.SEE_PAYLOAD,
    ("GET", "events/<event_id>/rules/<rule_id>/capture"): Permission.SEE_PAYLOAD,
    ("POST", "events/<event_id>/rules/<rule_id>/retry"): Permission.RESEND,
    ("POST", "events/<event_id>/rules/<rule_id>/cancel"): Permission.RESEND,
}
