"""The vendor's own apps at the providers, one for each environment."""

from __future__ import annotations

from django.db import transaction

from connections.models import ProviderApp
from connections.provider import Client
from workspaces import audit
from workspaces.models import Environment, Organization, Workspace


def client_for(workspace: Workspace, provider: str) -> Client | None:
    """The app that a workspace's customers sign in through; None when the vendor has set up none."""
    apps = ProviderApp.objects.for_organization(workspace.organization_id)
    app = apps.filter(provider=provider, environment=workspace.environment).first()
    return Client(app.client_id, app.unseal("client_secret")) if app else None


def set_app(
    *, organization: Organization, provider: str, environment: Environment, client: Client, actor: str
) -> ProviderApp:
    """Set an app up, or change its keys.

    Race: two calls for the same place. The organization's row is locked first, so the second changes what the first
    has made.
    """
    with transaction.atomic():
        Organization.objects.select_for_update().get(id=organization.id)
        place = {"organization": organization, "provider": provider, "environment": environment}
        app = ProviderApp.objects.filter(**place).first() or ProviderApp(**place)
        app.client_id = client.id
        app.seal("client_secret", client.secret)
        app.save()
        _trace(app, actor=actor, verb="provider_app.set")
    app.refresh_from_db()
    return app


def remove_app(app: ProviderApp, *, actor: str) -> None:
    """Take an app away. What is connected stays so, but cannot be renewed."""
    with transaction.atomic():
        _trace(app, actor=actor, verb="provider_app.removed")
        ProviderApp.objects.filter(id=app.id).delete()


def _trace(app: ProviderApp, *, actor: str, verb: str) -> None:
    audit.record(
        app,
        actor=actor,
        verb=verb,
        provider=app.provider,
        environment=app.environment,
        client_id=app.client_id,
    )
