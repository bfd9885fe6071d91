"""The browser comes back: its state is spent, everything about it compared, and the code exchanged.

Every refusal leaves the connection as it was, and is kept with the sign-in, where the portal reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from connections import oauth
from connections.connecting import words
from connections.connecting.keeping import Connected, WrongAccount, keep
from connections.connecting.tickets import Status, cookie_name, digest, matches
from connections.courses import follow
from connections.models import PendingAuthorization
from connections.provider import Account, Client, Provider, Refusal
from connections.provider_apps import client_for
from connections.registry import provider

CODE_MOST = 4_096  # characters
_WORD = re.compile("[a-z][a-z0-9_]{1,60}")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the provider has put into the address that it sent the browser back to; "" for what is not there."""

    state: str
    code: str = ""
    error: str = ""
    iss: str = ""


def begun(state: str) -> PendingAuthorization | None:
    """The sign-in that a state belongs to, whatever has become of it. To ask changes nothing, and trusts nobody."""
    rows = PendingAuthorization.objects.select_related("session")
    found: PendingAuthorization | None = rows.filter(state_hash=digest(state)).first()
    return found


def arrive(*, slug: str, answered: Answered, cookies: Mapping[str, str]) -> Connected | WrongAccount | Refusal:
    """Finish a sign-in. ``slug`` is the provider whose path was asked for, ``cookies`` are by their bare names."""
    pending = _spend(answered.state)
    if isinstance(pending, Refusal):
        return pending
    result = _finish(pending, slug, answered, cookies.get(cookie_name(pending), ""))
    if isinstance(result, Refusal):
        _fail(pending, result)
    return result


def _spend(state: str) -> PendingAuthorization | Refusal:
    """Race: the address is opened twice. The update that first finds it unfinished is the one."""
    started = PendingAuthorization.objects.filter(state_hash=digest(state))
    if not started.exists():
        return words.NO_STATE
    if not started.filter(status=Status.STARTED, finished_at=None).update(finished_at=timezone.now()):
        return words.FINISHED
    spent: PendingAuthorization = started.select_related("workspace", "session", "connection").get()
    return spent


def _finish(
    pending: PendingAuthorization, slug: str, answered: Answered, nonce: str
) -> Connected | WrongAccount | Refusal:
    kind = provider(pending.provider)
    if refusal := _misfit(pending, kind, slug, answered, nonce):
        return refusal
    client = client_for(pending.workspace, kind.slug)
    if client is None:
        return words.NOT_SET_UP
    account = _account(pending, kind, client, answered.code)
    return account if isinstance(account, Refusal) else keep(pending, account)


def _misfit(pending: PendingAuthorization, kind: Provider, slug: str, answered: Answered, nonce: str) -> Refusal | None:
    """What about the answer does not fit what was asked. The browser comes first: a stranger's learns nothing more."""
    if not matches(nonce, pending.nonce_hash):
        return words.OTHER_BROWSER
    if pending.expires_at <= timezone.now():
        return words.TOO_LATE
    if slug != kind.slug or (answered.iss and not oauth.is_issuer(kind, answered.iss, asked=pending.asked)):
        return words.OTHER_PROVIDER
    if pending.session is not None and pending.session.revoked_at is not None:
        return words.SESSION_OVER
    if answered.error == "access_denied":
        return words.denied(kind.name)
    if answered.error:
        return words.told(kind.name, answered.error if _WORD.fullmatch(answered.error) else "no known reason")
    return None if 0 < len(answered.code) <= CODE_MOST else words.NO_CODE


def _account(pending: PendingAuthorization, kind: Provider, client: Client, code: str) -> Account | Refusal:
    """Outside of any transaction: the provider may take its time."""
    token: dict[str, Any] | Refusal = oauth.exchange(
        kind, client, code=code, verifier=pending.unseal("verifier"), now=timezone.now(), asked=pending.asked
    )
    return token if isinstance(token, Refusal) else follow(kind.identify(token, client))


def _fail(pending: PendingAuthorization, refusal: Refusal) -> None:
    error = f"{gettext(refusal.reason)} {gettext(refusal.fix)}"[:600]
    PendingAuthorization.objects.filter(id=pending.id).update(status=Status.FAILED, error=error, verifier=b"")
