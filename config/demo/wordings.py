"""What the demo's rules send, and what its CRM takes from an event."""

from __future__ import annotations

from typing import Any

ALERT = {
    "id": "",
    "title": "{{ payload.resource }} is at {{ payload.value }}",
    "template": "It crossed its threshold at {{ payload.triggered_at | date: '%H:%M' }} UTC.",
    "fields": "Value: {{ payload.value }}\nThreshold: {{ payload.threshold }}\nAccount: {{ payload.account_id }}",
    "link": "https://beaconry.example/alerts/{{ payload.alert_id }}",
}
SIGN_UP = {"title": "New user", "template": "{{ email }} joined {{ account_id }}."}
NOTE = {"title": ALERT["title"], "template": ALERT["fields"]}
TRIAL_USERS = {"id": "2", "name": "Trial users"}  # a list that every account of the simulator has


def contact_mapping(owner: str) -> dict[str, Any]:
    """Whose contact it is. An alert is about nobody: it is noted on the one who owns the account."""
    by_owner = {"type": "default", "value": owner}
    return {
        "schema_version": 1,
        "fields": [
            {
                "dest": "email",
                "source": {"type": "path", "value": "email"},
                "transforms": [by_owner],
                "on_error": "fail_action",
            },
            {"dest": "company", "source": {"type": "path", "value": "account_id"}},
            {"dest": "last_alert", "source": {"type": "path", "value": "alert_id"}},
        ],
    }
