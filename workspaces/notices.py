"""What must be told to whom: a notice, and one message of it for everybody who asked, written in one transaction.

Whoever sends the messages finds them by their ``due_at``; see ``deliveries.breaking.posting``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from workspaces.models import LifecycleWebhook, Message, Notice

KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to a connection. ``facts`` are plain JSON, and hold no secret."""

    kind: Notice.Kind
    organization_id: UUID
    workspace_id: UUID
    subject: UUID
    occurred_at: datetime
    facts: Mapping[str, Any]


def post(news: News, *, addresses: Collection[str]) -> Notice:
    """Write it down for the vendor's webhooks that want its kind, and for these mail addresses."""
    with transaction.atomic():
        notice = Notice.objects.create(
            organization_id=news.organization_id,
            workspace_id=news.workspace_id,
            kind=news.kind,
            subject=news.subject,
            facts=dict(news.facts),
            occurred_at=news.occurred_at,
        )
        webhooks = [Message(notice=notice, webhook=one) for one in _webhooks(news)]
        Message.objects.bulk_create([*webhooks, *(Message(notice=notice, address=one) for one in addresses)])
    return notice


def forget(now: datetime) -> None:
    """What was told of long ago."""
    Notice.objects.filter(occurred_at__lt=now - KEPT_FOR).delete()


def _webhooks(news: News) -> list[LifecycleWebhook]:
    rows = LifecycleWebhook.objects.for_organization(news.organization_id).filter(active=True)
    return [row for row in rows if not row.event_types or news.kind in row.event_types]
