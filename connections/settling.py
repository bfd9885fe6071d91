"""Settle a connection: check what was typed, part the secrets from the rest, and store both in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from connections import addresses
from connections.models import Connection
from connections.provider import Auth, Fault, Field, Kind, Provider
from connections.recipients import name_recipients
from connections.registry import provider
from workspaces import audit
from workspaces.errors import ApiError
from workspaces.models import Workspace

_EMPTY: tuple[Any, ...] = (None, "", [], {})


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
        raise ApiError(422, f"{kind.name} is connected in the portal, by signing in there.")
    connection = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider=kind.slug,
        name=name,
        hidden=hidden,
        created_by=actor,
    )
    made = kind.new_credentials(metadata, secrets.token_bytes(32))
    return _store(connection, kind, metadata, made=made, actor=actor, verb="connection.created")


def change(connection: Connection, *, metadata: Mapping[str, Any] | None, actor: str) -> Settled:
    """New settings for a connection. A secret that is left out stays as it is."""
    kind = provider(connection.provider)
    if metadata is None or kind.auth is Auth.OAUTH:
        metadata = connection.settings
    return _store(connection, kind, metadata, made={}, actor=actor, verb="connection.changed")


def _store(
    connection: Connection,
    kind: Provider,
    metadata: Mapping[str, Any],
    *,
    made: Mapping[str, str],
    actor: str,
    verb: str,
) -> Settled:
    settings, typed = _part(kind, metadata)
    credentials = {**connection.unseal_values("credentials"), **made, **typed}
    faults = _faults(kind, settings, credentials)
    if errors := [fault for fault in faults if not fault.warning]:
        raise ApiError(
            422, "; ".join(f"{e.field}: {e.message}" for e in errors), faults=[(e.field, e.message) for e in errors]
        )
    connection.settings = settings
    connection.seal_values("credentials", credentials)
    with transaction.atomic():
        connection.save()
        for asked in kind.fields:
            if asked.kind is Kind.EMAILS:
                name_recipients(connection, settings.get(asked.key) or [])
        audit.record(
            actor=actor,
            verb=verb,
            subject=connection.id,
            organization_id=connection.organization_id,
            workspace_id=connection.workspace_id,
            name=connection.name,
        )
    connection.refresh_from_db()
    return Settled(connection, made, [fault for fault in faults if fault.warning])


def _part(kind: Provider, metadata: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings and secrets apart; what is empty falls back to the field's default."""
    settings: dict[str, Any] = {}
    typed: dict[str, str] = {}
    known = {asked.key: asked for asked in kind.fields}
    if unknown := sorted(set(metadata) - set(known)):
        raise ApiError(
            422, f"{kind.name} has no field {unknown[0]!r}.", faults=[(name, "is not a field") for name in unknown]
        )
    for key, asked in known.items():
        value = metadata.get(key)
        if asked.secret and value not in _EMPTY:
            typed[key] = value if isinstance(value, str) else ""
        elif not asked.secret:
            settings[key] = _tidy(asked, value)
    return {key: value for key, value in settings.items() if value not in _EMPTY}, typed


def _tidy(asked: Field, value: Any) -> Any:
    if asked.kind is Kind.EMAILS and isinstance(value, str):
        return [word for word in value.replace(",", " ").replace(";", " ").split() if word]
    if isinstance(value, str):
        return value.strip() or asked.default
    return asked.default if value is None else value


def _faults(kind: Provider, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
    everything = {**settings, **credentials}
    faults = [fault for asked in kind.fields if (fault := _field_fault(asked, everything)) is not None]
    if not faults:
        faults = kind.check_settings(settings, credentials)
    for asked in kind.fields:
        if asked.kind is Kind.URL and not any(fault.field == asked.key for fault in faults):
            fault = addresses.check_for_save(str(settings.get(asked.key, "")), field=asked.key)
            faults = [*faults, fault] if fault else faults
    return faults


def _field_fault(asked: Field, values: Mapping[str, Any]) -> Fault | None:
    if asked.depends_on and values.get(asked.depends_on[0]) != asked.depends_on[1]:
        return None
    value = values.get(asked.key)
    if value in _EMPTY:
        return Fault(asked.key, "is missing.") if asked.required else None
    return _shape_fault(asked, value)


def _shape_fault(asked: Field, value: Any) -> Fault | None:
    if asked.kind is Kind.EMAILS:
        right = isinstance(value, list) and all(isinstance(address, str) for address in value)
        return None if right else Fault(asked.key, "must be a list of mail addresses.")
    if asked.kind is Kind.HEADERS:
        right = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        return None if right else Fault(asked.key, "must be an object of header names and texts.")
    if not isinstance(value, str):
        return Fault(asked.key, "must be a text.")
    if len(value) > asked.max_length:
        return Fault(asked.key, f"must be at most {asked.max_length} characters.")
    if "\0" in value:
        return Fault(asked.key, "must not hold the character U+0000.")
    choices = [choice for choice, _ in asked.options]
    return None if not choices or value in choices else Fault(asked.key, f"must be one of {', '.join(choices)}.")
