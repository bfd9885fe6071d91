"""The API of lifecycle webhooks: addresses of the vendor's own that hear what becomes of customers' connections."""

from __future__ import annotations

import base64
import secrets
from typing import Any
from uuid import UUID

from django.db import transaction
from ninja import Router, Schema, Status
from pydantic import Field

from connections import addresses
from workspaces import audit
from workspaces.bodies import modest
from workspaces.callers import Call, MachineToken
from workspaces.errors import ApiError, not_found
from workspaces.models import LifecycleWebhook, Notice, Organization
from workspaces.wire import ALL, READING, WRITING, Limit, Moment, Page, page

router = Router(tags=["Lifecycle webhooks"], auth=MachineToken())
router.add_decorator(modest, mode="view")
MOST = 10


class LifecycleWebhookIn(Schema):
    """Where to tell, and of what."""

    url: str = Field(min_length=1, max_length=2_000, description="https, and reachable from the internet.")
    event_types: list[Notice.Kind] = Field([], max_length=10, description="Empty: all of them.")


class LifecycleWebhookOut(Schema):
    """A lifecycle webhook, without its secret."""

    id: UUID
    url: str
    event_types: list[str]
    active: bool = Field(description="False once it has answered 410: delete it, and make another one.")
    created_by: str
    created_at: Moment


class CreatedLifecycleWebhook(Schema):
    """What was made. ``secret`` verifies the signatures (Standard Webhooks), and is shown this once."""

    lifecycle_webhook: LifecycleWebhookOut
    secret: str


class RemovedLifecycleWebhook(Schema):
    """What was deleted."""

    id: UUID


@router.get(
    "/lifecycle-webhooks", response={200: Page[LifecycleWebhookOut], **READING}, summary="List the lifecycle webhooks"
)
def list_lifecycle_webhooks(request: Call, limit: Limit = ALL, cursor: str | None = None) -> Any:
    """Newest first."""
    rows = LifecycleWebhook.objects.for_organization(request.auth.organization_id)
    return page(rows, limit=limit, cursor=cursor, show=lambda row: row)


@router.post(
    "/lifecycle-webhooks",
    response={201: CreatedLifecycleWebhook, **WRITING},
    summary="Be told of connections that break",
)
def create_lifecycle_webhook(request: Call, body: LifecycleWebhookIn) -> Any:
    """Of every workspace of yours: a signed request when a connection breaks, may be switched off soon, or recovers."""
    fault = addresses.check_for_save(body.url)
    if fault and not fault.warning:
        raise ApiError(422, f"{fault.field}: {fault.message}", faults=[(fault.field, fault.message)])
    webhook = LifecycleWebhook(
        organization_id=request.auth.organization_id,
        url=body.url,
        event_types=[kind.value for kind in dict.fromkeys(body.event_types)],
        created_by=request.auth.name,
    )
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    webhook.seal("secret", secret)
    _save(webhook, actor=request.auth.name)
    return Status(201, {"lifecycle_webhook": webhook, "secret": secret})


@router.delete(
    "/lifecycle-webhooks/{webhook_id}",
    response={200: RemovedLifecycleWebhook, **WRITING},
    summary="Be told no more",
)
def delete_lifecycle_webhook(request: Call, webhook_id: UUID) -> Any:
    """Its secret goes, and what it had still to be told is told no more."""
    with transaction.atomic():
        rows = LifecycleWebhook.objects.for_organization(request.auth.organization_id).select_for_update()
        row = rows.filter(id=webhook_id).first()
        if row is None:
            raise not_found()
        audit.record(row, actor=request.auth.name, verb="lifecycle_webhook.deleted", url=row.url)
        row.delete()
    return {"id": webhook_id}


def _save(webhook: LifecycleWebhook, *, actor: str) -> None:
    """Race: two calls at once. The organization's row lets one count after the other."""
    with transaction.atomic():
        Organization.objects.select_for_update().get(id=webhook.organization_id)
        if LifecycleWebhook.objects.for_organization(webhook.organization_id).count() >= MOST:
            raise ApiError(409, f"There may be {MOST} of them: delete one first.")
        webhook.save(force_insert=True)
        audit.record(webhook, actor=actor, verb="lifecycle_webhook.created", url=webhook.url)
    webhook.refresh_from_db()
