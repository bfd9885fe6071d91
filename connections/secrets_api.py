"""The API of signing secrets: a new one, beside which the old one works for a day; and an end before that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Router, Schema
from pydantic import Field

from connections import rotating_secrets
from connections.models import Connection
from workspaces.bodies import modest
from workspaces.callers import PortalCall, PortalToken
from workspaces.errors import not_found
from workspaces.permissions import Permission
from workspaces.wire import WRITING, Moment

router = Router(tags=["Connections"], auth=PortalToken(Permission.CONNECT))
router.add_decorator(modest, mode="view")


class RotateIn(Schema):
    """A secret of your own instead of one that is made here."""

    secret: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="`whsec_` and 24 to 64 bytes in base64. Left out, one is made.",
    )


class SigningSecret(Schema):
    """What requests are signed with from now on, and for how long the secret before it is signed with besides."""

    id: UUID = Field(description="The connection's.")
    signing_secret: str | None = Field(description="The one that was made here: this once. Null for one of your own.")
    old_secret_until: Moment | None = Field(description="Null: no other secret is live.")


class OldSecretEnded(Schema):
    """Requests carry one signature again."""

    id: UUID = Field(description="The connection's.")
    old_secret_until: None = None


@router.post(
    "/connections/{connection_id}/signing-secret/rotate",
    response={200: SigningSecret, **WRITING},
    summary="Rotate the signing secret",
)
def rotate_signing_secret(request: PortalCall, connection_id: UUID, body: RotateIn | None = None) -> Any:
    """For 24 hours requests carry two signatures, of the new and the old secret. 409 while two are live already."""
    row = _own(request, connection_id)
    own = (body and body.secret) or ""
    rotated = rotating_secrets.rotate(row, actor=request.auth.name, own=own)
    made = None if own else rotated.secret
    return {"id": row.id, "signing_secret": made, "old_secret_until": rotated.old_until}


@router.delete(
    "/connections/{connection_id}/signing-secret/old",
    response={200: OldSecretEnded, **WRITING},
    summary="End the old signing secret now",
)
def end_old_signing_secret(request: PortalCall, connection_id: UUID) -> Any:
    """Before its 24 hours are over, because receivers have changed over or it has leaked. 409 when there is none."""
    row = _own(request, connection_id)
    rotating_secrets.end_old(row, actor=request.auth.name)
    return {"id": row.id}


def _own(request: PortalCall, connection_id: UUID) -> Connection:
    found: Connection | None = request.auth.rows(Connection.objects.all()).filter(id=connection_id).first()
    if found is None:
        raise not_found()
    return found
