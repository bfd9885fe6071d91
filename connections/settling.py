"""Settle a connection: check what was typed, part the secrets from the rest, and store both in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from connections import addresses, directory
from connections.binding import expect_typed_anew, still_asked
from connections.fields import field_faults, part
from connections.models import Connection
from connections.provider import Auth, Fault, Kind, Provider
from connections.recipients import name_recipients
from connections.registry import provider
from workspaces import audit, changes
from workspaces.errors import ApiError, not_found
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Settled:
    """A stored connection, the secrets we made for it (shown this once), and what should be looked at."""

    connection: Connection
    revealed: Mapping[str, str] = field(repr=False)
    warnings: list[Fault]


def plug_in(
    *, workspace: Workspace, provider_slug: str, name: str, metadata: Mapping[str, Any], hidden: bool, actor: str
) -> Settled:
    """A new connection. Raises ApiError 422 naming every wrong field."""
    kind = provider(provider_slug)
    if kind.auth is Auth.OAUTH:
        words = f"{kind.name} is connected in the portal, by signing in there."
        raise ApiError(422, words, faults=[("type", words)])
    settings, typed = part(kind, metadata)
    made = kind.new_credentials(metadata, secrets.token_bytes(32))
    warnings = _checked(kind, settings, {**made, **typed})
    connection = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider=kind.slug,
        name=name,
        hidden=hidden,
        settings=settings,
        created_by=actor,
    )
    connection.seal_values("credentials", still_asked(kind, settings, {**made, **typed}))
    with transaction.atomic():
        connection.save(force_insert=True)
        _name_recipients(connection, kind)
        _trace(connection, actor=actor, verb="connection.created")
    connection.refresh_from_db()
    return Settled(connection, made, warnings)


def change(connection: Connection, *, metadata: Mapping[str, Any], actor: str, **fields: Any) -> Settled:
    """New settings for a connection, and fields of its row. A secret that is left out stays as it is.

    But it stays with the address that it was typed for, and goes when it is not asked for any more. What was learnt by
    signing in is not for the caller to change. Raises ApiError 422 naming every wrong field, 400 naming every secret
    that has to be typed anew, 404 when the connection has just been deleted.
    """
    kind = provider(connection.provider)
    typed, warnings = None, []
    if kind.auth is not Auth.OAUTH:
        typed = settings, new = part(kind, metadata)
        warnings = _checked(kind, settings, {**connection.unseal_values("credentials"), **new})
    with transaction.atomic():
        stored = _locked(connection)
        for name, value in fields.items():
            setattr(stored, name, value)
        written = _fill(stored, kind, *typed) if typed else []
        stored.save(update_fields=[*fields, *written, "updated_at"])
        if "credentials" in written:
            directory.read_anew(stored)
        _name_recipients(stored, kind)
        _trace(stored, actor=actor, verb="connection.changed")
    connection.refresh_from_db()
    return Settled(connection, {}, warnings)


def unplug(connection: Connection, *, forced: bool, actor: str) -> Connection:
    """Delete a connection with its secrets and its rules. Returns it as it was then.

    Raises ApiError 409 while active rules use it, but not if ``forced``; 404 when it has just been deleted.
    """
    with changes.of_rules(connection.workspace_id):
        if not forced and connection.rules.filter(active=True).exists():
            raise ApiError(409, "Active rules use this connection. Delete them first, or send force_delete: true.")
        stored = _locked(connection)
        _trace(connection, actor=actor, verb="connection.deleted")
        Connection.objects.filter(id=connection.id).delete()
    return stored


def _locked(connection: Connection) -> Connection:
    """Its row as it is now, for us alone. Raises ApiError 404 when it has just been deleted."""
    stored: Connection | None = Connection.objects.select_for_update().filter(id=connection.id).first()
    if stored is None:
        raise not_found()
    return stored


def _fill(stored: Connection, kind: Provider, settings: dict[str, Any], typed: Mapping[str, Any]) -> list[str]:
    """Put what was typed into the locked row. Returns the fields to write. Raises ApiError 400 and 422.

    Race: since the row was read, its address or a secret was changed, a token renewed, the signing secret rotated.
    What was typed goes over what is stored now, and has to be right with it; what was not is left as it is.
    """
    held = stored.unseal_values("credentials")
    wanted = still_asked(kind, settings, {**held, **typed})
    _expect_right(field_faults(kind, {**settings, **wanted}))
    expect_typed_anew(kind, before={**stored.settings, **held}, after={**settings, **wanted}, typed=typed)
    stored.settings = settings
    if wanted == held:
        return ["settings"]
    stored.seal_values("credentials", wanted)
    return ["settings", "credentials"]


def _name_recipients(connection: Connection, kind: Provider) -> None:
    for asked in kind.fields:
        if asked.kind is Kind.EMAILS:
            name_recipients(connection, connection.settings.get(asked.key) or [])


def _trace(connection: Connection, *, actor: str, verb: str) -> None:
    audit.record(
        connection,
        actor=actor,
        verb=verb,
        name=connection.name,
    )


# --------------------------------------------------------------------------- checks


def _checked(kind: Provider, settings: Mapping[str, Any], credentials: Mapping[str, Any]) -> list[Fault]:
    """What should be looked at. Raises ApiError 422 naming every wrong field. It looks names up: hold no lock."""
    everything = {**settings, **credentials}
    faults = field_faults(kind, everything) or kind.check_settings(settings, credentials)
    for asked in kind.fields:
        if asked.kind is Kind.URL and asked.key in everything and not any(fault.field == asked.key for fault in faults):
            fault = addresses.check_for_save(everything[asked.key], field=asked.key)
            faults = [*faults, fault] if fault else faults
    _expect_right(faults)
    return faults


def _expect_right(faults: Sequence[Fault]) -> None:
    if errors := [(fault.field, fault.message) for fault in faults if not fault.warning]:
        raise ApiError(422, "; ".join(f"{param}: {message}" for param, message in errors), faults=errors)
