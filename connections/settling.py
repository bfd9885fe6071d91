"""Settle a connection: check what was typed, part the secrets from the rest, and store both in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from connections import addresses
from connections.models import Connection
from connections.provider import Auth, Fault, Field, Kind, Provider
from connections.recipients import name_recipients
from connections.registry import provider
from workspaces import audit, changes
from workspaces.errors import ApiError, not_found
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
        words = f"{kind.name} is connected in the portal, by signing in there."
        raise ApiError(422, words, faults=[("type", words)])
    connection = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider=kind.slug,
        name=name,
        hidden=hidden,
        created_by=actor,
    )
    made = kind.new_credentials(metadata, secrets.token_bytes(32))
    connection.seal_values("credentials", made)
    warnings = _fill(connection, kind, metadata)
    with transaction.atomic():
        connection.save(force_insert=True)
        _name_recipients(connection, kind)
        _trace(connection, actor=actor, verb="connection.created")
    connection.refresh_from_db()
    return Settled(connection, made, warnings)


def change(connection: Connection, *, metadata: Mapping[str, Any], actor: str, **fields: Any) -> Settled:
    """New settings for a connection, and fields of its row. A secret that is left out stays as it is.

    What was learnt by signing in is not for the caller to change. Raises ApiError 422 naming every wrong field, 404
    when the connection has just been deleted.
    """
    kind, sealed = provider(connection.provider), connection.credentials
    for name, value in fields.items():
        setattr(connection, name, value)
    warnings = [] if kind.auth is Auth.OAUTH else _fill(connection, kind, metadata)
    # Only what was sent is written: meanwhile a worker may have switched it off or refreshed its token.
    written = [*fields, "settings", "updated_at", *(["credentials"] if connection.credentials != sealed else [])]
    with transaction.atomic():
        stored = Connection.objects.select_for_update().filter(id=connection.id).first()
        if stored is None:
            raise not_found()
        if "credentials" in written:
            _keep_newer_secrets(connection, stored, read=sealed)
        connection.save(update_fields=written)
        _name_recipients(connection, kind)
        _trace(connection, actor=actor, verb="connection.changed")
    connection.refresh_from_db()
    return Settled(connection, {}, warnings)


def unplug(connection: Connection, *, forced: bool, actor: str) -> None:
    """Delete a connection with its secrets and its rules. Raises ApiError 409 while active rules use it; not if forced.

    404 when it has just been deleted.
    """
    with changes.of_rules(connection.workspace_id):
        if not forced and connection.rules.filter(active=True).exists():
            raise ApiError(409, "Active rules use this connection. Delete them first, or send force_delete: true.")
        if not Connection.objects.select_for_update().filter(id=connection.id).exists():
            raise not_found()
        _trace(connection, actor=actor, verb="connection.deleted")
        Connection.objects.filter(id=connection.id).delete()


def _fill(connection: Connection, kind: Provider, metadata: Mapping[str, Any]) -> list[Fault]:
    """Put what was typed into the row. Returns the warnings. Raises ApiError 422 naming every wrong field."""
    settings, typed = _part(kind, metadata)
    credentials = {**connection.unseal_values("credentials"), **typed}
    faults = _faults(kind, settings, credentials)
    if errors := [(fault.field, fault.message) for fault in faults if not fault.warning]:
        raise ApiError(422, "; ".join(f"{param}: {message}" for param, message in errors), faults=errors)
    connection.settings = settings
    if typed:
        connection.seal_values("credentials", credentials)
    return faults


def _keep_newer_secrets(connection: Connection, stored: Connection, *, read: bytes) -> None:
    """Race: the signing secret was rotated since the row was read. What was typed is put over what is stored now."""
    if bytes(stored.credentials) == bytes(read):
        return
    was = Connection(id=connection.id, credentials=read).unseal_values("credentials")
    now = connection.unseal_values("credentials").items()
    typed = {key: value for key, value in now if was.get(key) != value}
    connection.seal_values("credentials", {**stored.unseal_values("credentials"), **typed})


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


def _part(kind: Provider, metadata: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and secrets apart; what is empty falls back to the field's default."""
    known = {asked.key: asked for asked in kind.fields}
    if unknown := sorted(set(metadata) - set(known)):
        fields = f"it has {', '.join(known)}" if known else "it has none"
        faults = [(name, f"is not a field of {kind.name}: {fields}.") for name in unknown]
        raise ApiError(422, "; ".join(f"{name}: {message}" for name, message in faults), faults=faults)
    tidied = {key: tidy(asked, metadata.get(key)) for key, asked in known.items()}
    typed = {key: value for key, value in tidied.items() if value not in _EMPTY}
    secret = {key for key in typed if known[key].secret}
    return (
        {key: value for key, value in typed.items() if key not in secret},
        {key: typed[key] for key in secret},
    )


def tidy(asked: Field, value: Any) -> Any:
    """What was typed as it is kept: without blanks around it, the default where nothing was.

    A password may begin with a blank; an address that is a secret may not.
    """
    if asked.secret and asked.kind is not Kind.URL:
        return value
    if asked.kind is Kind.EMAILS and isinstance(value, str):
        return value.replace(",", " ").replace(";", " ").split()
    if isinstance(value, str):
        return value.strip() or asked.default
    return asked.default if value is None else value


def _faults(kind: Provider, settings: Mapping[str, Any], credentials: Mapping[str, Any]) -> list[Fault]:
    everything = {**settings, **credentials}
    faults = [fault for asked in kind.fields if (fault := field_fault(asked, everything)) is not None]
    if not faults:
        faults = kind.check_settings(settings, credentials)
    for asked in kind.fields:
        if asked.kind is Kind.URL and asked.key in everything and not any(fault.field == asked.key for fault in faults):
            fault = addresses.check_for_save(everything[asked.key], field=asked.key)
            faults = [*faults, fault] if fault else faults
    return faults


def field_fault(asked: Field, values: Mapping[str, Any]) -> Fault | None:
    """What is wrong with one field's value by its declaration alone, among the others that it may depend on."""
    value = values.get(asked.key)
    if value not in _EMPTY:
        problem = _shape_problem(asked, value)
        return Fault(asked.key, problem) if problem else None
    needed = asked.required and (not asked.depends_on or values.get(asked.depends_on[0]) == asked.depends_on[1])
    return Fault(asked.key, gettext("is missing.")) if needed else None


def _shape_problem(asked: Field, value: Any) -> str:
    match asked.kind:
        case Kind.EMAILS:
            right = isinstance(value, list) and all(isinstance(address, str) for address in value)
            return "" if right else gettext("must be a list of mail addresses.")
        case Kind.HEADERS:
            right = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
            if not right:
                return "must be an object of header names and texts."
            longest = max(map(len, value.values()))
            return f"each must be at most {asked.max_length} characters." if longest > asked.max_length else ""
    return _text_problem(asked, value)


def _text_problem(asked: Field, value: Any) -> str:
    if not isinstance(value, str):
        return gettext("must be a text.")
    if len(value) > asked.max_length:
        return gettext("must be at most %(most)s characters.") % {"most": asked.max_length}
    if "\0" in value:
        return "must not hold the character U+0000."
    choices = [choice for choice, _ in asked.options]
    return f"must be one of {', '.join(choices)}." if choices and value not in choices else ""
