"""What becomes of an account that was signed in to: a new connection, a renewed one, or a question.

A connection that is renewed keeps its name and its rules. It is switched on again, and what was held for it is then
let go by the sweeper (``deliveries/breaking/holding.py``), which looks for connections that are on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from connections import credentials, directory, oauth
from connections.connecting import words
from connections.connecting.tickets import Status
from connections.models import Connection, DirectoryEntry, PendingAuthorization
from connections.provider import Account, Provider, Refusal
from connections.registry import provider
from workspaces import audit
from workspaces.errors import ApiError
from workspaces.models import Workspace

FOR_A_WORD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Connected:
    """It is plugged in."""

    pending: PendingAuthorization
    connection: Connection


@dataclass(frozen=True, slots=True)
class WrongAccount:
    """Somebody signed in to another account than the connection's. Nothing was changed; the customer has the word."""

    pending: PendingAuthorization
    expected: str
    found: str


def keep(pending: PendingAuthorization, account: Account) -> Connected | WrongAccount | Refusal:
    """Make or renew the connection, unless that would swap its account for another.

    Race: two sign-ins of one workspace finish at once. The workspace's row is locked first, so that the second finds
    the connection which the first has made, instead of making it again.
    """
    kind = provider(pending.provider)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(id=pending.workspace_id)
        row = _target(pending, kind, account)
        if row is None and pending.connection_id:
            return words.GONE
        if row is not None and _account_id(row, kind) not in ("", account.id):
            return _ask(pending, row, kind, account)
        return _plug_in(pending, row, kind, account, actor=pending.actor)


def accept_other_account(pending: PendingAuthorization, *, actor: str) -> Connection:
    """The customer's yes to another account: only now it takes the connection over.

    Raises ApiError 409 when there is nothing to say yes to any more. Race: yes is said twice, or beside a no; whoever
    moves the status first is heard.
    """
    kind = provider(pending.provider)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(id=pending.workspace_id)
        asked = _asked(pending).select_for_update().first()
        row = _target(asked, kind, None) if asked else None
        if asked is None or row is None:
            raise ApiError(
                409, gettext("This question is not open any more: it was answered, or ten minutes have passed.")
            )
        seen = asked.account
        account = Account(seen["id"], seen["name"], seen["settings"], asked.unseal_values("credentials"))
        return _plug_in(asked, row, kind, account, actor=actor).connection


def decline_other_account(pending: PendingAuthorization, *, actor: str) -> bool:
    """The customer's no: the credentials go at once. False when there was nothing to say no to.

    They are not revoked: the account may be connected elsewhere, with the very same token.
    """
    error = gettext("You kept the account that was connected before.")
    return bool(_asked(pending).update(status=Status.FAILED, error=error, credentials=b""))


def account_name(connection: Connection) -> str:
    """The account as people know it; "" for a connection that was not signed in to."""
    declared = provider(connection.provider).oauth
    return str(connection.settings.get(declared.account_keys[1], "")) if declared else ""


def _asked(pending: PendingAuthorization) -> QuerySet[PendingAuthorization]:
    """The question about the account, while it is open."""
    rows: QuerySet[PendingAuthorization] = PendingAuthorization.objects.all()
    return rows.filter(id=pending.id, status=Status.WRONG_ACCOUNT, expires_at__gt=timezone.now())


def _target(pending: PendingAuthorization, kind: Provider, account: Account | None) -> Connection | None:
    """The connection to renew: the one that was meant, else the workspace's own to the same account."""
    rows = Connection.objects.for_workspace(pending.workspace_id).select_for_update().filter(provider=kind.slug)
    found: Connection | None
    if pending.connection_id:
        found = rows.filter(id=pending.connection_id).first()
    elif account:
        found = rows.filter(**{f"settings__{_id_key(kind)}": account.id}).order_by("id").first()
    return found


def _plug_in(
    pending: PendingAuthorization, row: Connection | None, kind: Provider, account: Account, *, actor: str
) -> Connected:
    verb = "connection.reconnected" if row else "connection.created"
    row = row or Connection(
        organization_id=pending.organization_id,
        workspace_id=pending.workspace_id,
        provider=kind.slug,
        name=f"{kind.name} {account.name}"[:128],
        created_by=actor,
    )
    swapped = _account_id(row, kind) not in ("", account.id)
    typed = {asked.key: row.settings[asked.key] for asked in kind.fields if asked.key in row.settings}
    row.settings = {**typed, **pending.asked, **account.settings}
    credentials.store(row, account.credentials, now=timezone.now())
    row.active, row.inactive_reason, row.failing_since = True, "", None
    row.save()
    if swapped:  # its channels are nobody's to choose any more
        DirectoryEntry.objects.filter(connection=row).delete()
    directory.read_anew(row)
    _close(pending, row, account)
    _trace(pending, row, account, actor=actor, verb=verb)
    return Connected(pending, row)


def _close(pending: PendingAuthorization, row: Connection, account: Account) -> None:
    pending.status, pending.connection = Status.CONNECTED, row
    pending.account = _seen(account)
    pending.verifier = pending.credentials = b""
    pending.save(update_fields=["status", "connection", "account", "verifier", "credentials"])


def _ask(pending: PendingAuthorization, row: Connection, kind: Provider, account: Account) -> WrongAccount:
    expected = account_name(row) or _account_id(row, kind)
    pending.status, pending.account = Status.WRONG_ACCOUNT, _seen(account)
    error = gettext("You signed in to %(found)s, and this connection is to %(expected)s.")
    pending.error = (error % {"found": account.name, "expected": expected})[:600]
    pending.verifier, pending.expires_at = b"", timezone.now() + FOR_A_WORD
    pending.seal_values("credentials", account.credentials)
    pending.save(update_fields=["status", "account", "error", "verifier", "credentials", "expires_at"])
    return WrongAccount(pending, expected=expected, found=account.name)


def _seen(account: Account) -> dict[str, object]:
    return {"id": account.id, "name": account.name, "settings": dict(account.settings)}


def _id_key(kind: Provider) -> str:
    return oauth.declaration(kind).account_keys[0]


def _account_id(row: Connection, kind: Provider) -> str:
    return str(row.settings.get(_id_key(kind), ""))


def _trace(pending: PendingAuthorization, row: Connection, account: Account, *, actor: str, verb: str) -> None:
    audit.record(
        row,
        actor=actor,
        verb=verb,
        name=row.name,
        account=account.name,
        by=pending.kind,
    )
