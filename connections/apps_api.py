"""The API of the vendor's own apps at the providers. Their secrets are never shown."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from ninja import Router, Schema
from pydantic import Field

from connections.models import ProviderApp
from connections.oauth import redirect_uri
from connections.provider import Client
from connections.provider_apps import remove_app, set_app
from connections.registry import all_providers
from workspaces.bodies import modest
from workspaces.callers import Call, MachineToken
from workspaces.errors import bad_request, not_found
from workspaces.models import Environment, Organization
from workspaces.wire import ALL, READING, WRITING, Limit, Moment, Page, page

router = Router(tags=["Provider apps"], auth=MachineToken())
router.add_decorator(modest, mode="view")
_KEY = re.compile("[!-~]+")


class AppIn(Schema):
    """An app that you have registered at the provider."""

    type: str = Field(description="slack, hubspot: a destination that is signed in to.")
    environment: Environment
    client_id: str = Field(min_length=1, max_length=255)
    client_secret: str = Field(min_length=1, max_length=1_000)


class AppOut(Schema):
    """An app, without its secret."""

    id: UUID
    type: str
    environment: str
    client_id: str
    redirect_uri: str = Field(description="Enter it at the provider, exactly.")
    created_at: Moment
    updated_at: Moment


class RemovedApp(Schema):
    """What was taken away."""

    id: UUID
    type: str


@router.get("/provider-apps", response={200: Page[AppOut], **READING}, summary="List your apps at the providers")
def list_apps(request: Call, limit: Limit = ALL, cursor: str | None = None) -> Any:
    """Newest first."""
    rows = ProviderApp.objects.for_organization(request.auth.organization_id)
    return page(rows, limit=limit, cursor=cursor, show=_shown)


@router.put("/provider-apps", response={200: AppOut, **WRITING}, summary="Set up your app at a provider")
def put_app(request: Call, body: AppIn) -> Any:
    """One for each destination and environment; a second call changes it. The secret is sealed, and never shown."""
    signed_in_to = [slug for slug, kind in all_providers().items() if kind.oauth]
    if body.type not in signed_in_to:
        raise bad_request("type", f"must be one of {', '.join(signed_in_to)}.")
    for param, value in (("client_id", body.client_id), ("client_secret", body.client_secret)):
        if not _KEY.fullmatch(value):
            raise bad_request(param, "must be printable ASCII without spaces: copy it anew.")
    app = set_app(
        organization=Organization.objects.get(id=request.auth.organization_id),
        provider=body.type,
        environment=body.environment,
        client=Client(body.client_id, body.client_secret),
        actor=request.auth.name,
    )
    return _shown(app)


@router.get("/provider-apps/{app_id}", response={200: AppOut, **READING}, summary="Get an app")
def get_app(request: Call, app_id: UUID) -> Any:
    """Without its secret."""
    return _shown(_own(request, app_id))


@router.delete("/provider-apps/{app_id}", response={200: RemovedApp, **WRITING}, summary="Take an app away")
def delete_app(request: Call, app_id: UUID) -> Any:
    """Nobody can sign in through it any more. What is connected stays so."""
    app = _own(request, app_id)
    remove_app(app, actor=request.auth.name)
    return {"id": app_id, "type": app.provider}


def _own(request: Call, app_id: UUID) -> ProviderApp:
    found = ProviderApp.objects.for_organization(request.auth.organization_id).filter(id=app_id).first()
    if found is None:
        raise not_found()
    return found


def _shown(app: ProviderApp) -> dict[str, Any]:
    return {
        "id": app.id,
        "type": app.provider,
        "environment": app.environment,
        "client_id": app.client_id,
        "redirect_uri": redirect_uri(app.provider),
        "created_at": app.created_at,
        "updated_at": app.updated_at,
    }
