"""The request to a lifecycle webhook: what happened, as JSON, signed after Standard Webhooks 1.0.0."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from connections.provider import Request
from workspaces.models import LifecycleWebhook, Notice
from workspaces.wire import wire_time


def request(notice: Notice, webhook: LifecycleWebhook, *, now: datetime) -> Request:
    """``webhook-id`` is the notice's id and the body the same on every try; the time is that of this one."""
    id, secret = str(notice.id), webhook.unseal("secret")
    body = json.dumps(payload(notice), ensure_ascii=False, separators=(",", ":"))
    return Request(
        method="POST",
        url=webhook.url,
        headers={
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(secret).sign(msg_id=id, timestamp=now, data=body),
        },
        body=body.encode(),
        secrets=(secret,),
    )


def payload(notice: Notice) -> dict[str, Any]:
    """The body. ``held`` is how many deliveries waited when it was told, 10,000 at most."""
    facts, workspace = notice.facts, notice.workspace
    return {
        "type": notice.kind,
        "occurred_at": wire_time(notice.occurred_at),
        "workspace": {
            "id": str(workspace.id),
            "name": workspace.name,
            "tenant": workspace.tenant,
            "environment": workspace.environment,
        },
        "connection": {
            "id": str(notice.subject),
            "name": facts.get("name", ""),
            "type": facts.get("type", ""),
            "inactive_reason": facts.get("inactive_reason"),
            "failing_since": facts.get("failing_since"),
        },
        "held": facts.get("held", 0),
    }
