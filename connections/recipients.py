"""Mail addresses that a customer typed: each owner is asked once, by a mailed link, and mail flows after their yes.

They get the alerts of a connection or, without one, are told when a connection of the workspace breaks.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urljoin
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext, override

from connections import question_mail, smtp
from connections.models import Connection, Recipient
from connections.provider import Answer, Failure, Reply, Trouble
from workspaces import audit
from workspaces.errors import ApiError
from workspaces.models import Workspace

ASK_AGAIN_AFTER = timedelta(minutes=10)
TOLD_MOST = 20
ADDRESS_MOST = 254  # characters. Source: RFC 5321, section 4.5.3.1.3, less the angle brackets
_OF_ONE_MESSAGE = (Trouble.MAIL_REJECTED, Trouble.MAIL_DEFERRED)
_log = structlog.get_logger("connections")


def name_recipients(connection: Connection, addresses: Iterable[str]) -> None:
    """Keep exactly these addresses. Those that stay keep their yes; new ones will be asked."""
    wanted = list(dict.fromkeys(address.lower() for address in addresses))
    rows = Recipient.objects.filter(connection=connection)
    rows.exclude(address__in=wanted).delete()
    present = set(rows.values_list("address", flat=True))
    Recipient.objects.bulk_create(
        _unasked(connection.workspace, connection, address) for address in wanted if address not in present
    )


def name_told(workspace: Workspace, addresses: Iterable[str], *, actor: str) -> None:
    """Keep exactly these addresses as those that are told when a connection of the workspace breaks.

    Each is asked first, like every recipient; whoever stays keeps their yes. Raises ApiError 422 for what is no
    address, or for more than ``TOLD_MOST``. Race: the form is sent twice; the workspace's row lets one come after the
    other.
    """
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses if address.strip()))
    faults = [words for one in wanted if (words := _wrong_address(one))]
    if len(wanted) > TOLD_MOST:
        faults.append(gettext("At most %(most)s people can be told.") % {"most": TOLD_MOST})
    if faults:
        raise ApiError(422, " ".join(faults), faults=[("addresses", words) for words in faults])
    with transaction.atomic():
        Workspace.objects.select_for_update().get(id=workspace.id)
        rows = Recipient.objects.for_workspace(workspace.id).filter(connection=None)
        rows.exclude(address__in=wanted).delete()
        present = set(rows.values_list("address", flat=True))
        Recipient.objects.bulk_create(_unasked(workspace, None, one) for one in wanted if one not in present)
        audit.record(workspace, actor=actor, verb="notices.addresses_set", count=len(wanted))


def told_of_trouble(workspace_id: UUID) -> list[str]:
    """Who is told when a connection of the workspace breaks: those who said yes."""
    rows = Recipient.objects.for_workspace(workspace_id).filter(connection=None, confirmed_at__isnull=False)
    return list(rows.order_by("id").values_list("address", flat=True))


def _wrong_address(text: str) -> str:
    """Why it cannot be written to; empty when it can."""
    if len(text) > ADDRESS_MOST:
        return gettext("%(text)s is longer than a mail address can be.") % {"text": f"{text[:100]}…"}
    try:
        validate_email(text)
    except ValidationError:
        return gettext("%(text)s is not a mail address.") % {"text": text[:100]}
    return ""


def _unasked(workspace: Workspace, connection: Connection | None, address: str) -> Recipient:
    return Recipient(
        organization_id=workspace.organization_id,
        workspace=workspace,
        connection=connection,
        address=address,
        token_hash=_hash(secrets.token_urlsafe(32)),  # stands until the question is mailed
        language=get_language() or "",  # of the portal in which it was typed
    )


def ask_all() -> int:
    """Mail the question to addresses that have not been asked, a hundred at most. Returns how many were asked.

    Race: two sweepers. The one that moves ``asked_at`` first asks; the other finds nothing to move. The order is left
    to chance, so that a hundred whom the relay puts off cannot keep everybody else waiting.
    """
    waiting = Recipient.objects.filter(asked_at=None, confirmed_at=None).select_related("workspace").order_by("?")
    asked = 0
    for recipient in waiting[:100]:
        reply = _ask(recipient)
        asked += isinstance(reply, Answer)
        if isinstance(reply, Failure) and reply.trouble not in _OF_ONE_MESSAGE:
            break  # the relay takes nothing at the moment; the next sweep tries again
    return asked


def _ask(recipient: Recipient) -> Reply | None:
    """Ask one; None when another sweeper does. Whom the relay refuses for good is not asked again."""
    token = secrets.token_urlsafe(32)
    claimed = Recipient.objects.filter(id=recipient.id, asked_at=None).update(
        asked_at=timezone.now(), token_hash=_hash(token)
    )
    if not claimed:
        return None
    with in_language_of(recipient):
        question = question_mail.mail(recipient, link=urljoin(settings.PUBLIC_URL, f"/confirm/{token}"))
    reply = smtp.send(question)
    if isinstance(reply, Failure):
        _log.warning("recipient.not_asked", recipient=str(recipient.id), trouble=reply.trouble, detail=reply.detail)
        if reply.trouble is not Trouble.MAIL_REJECTED:
            Recipient.objects.filter(id=recipient.id).update(asked_at=None)
    return reply


def may_be_asked(recipient: Recipient) -> bool:
    """Whether somebody who has not answered can be asked once more: nobody's inbox is flooded from here."""
    waited = recipient.asked_at is not None and recipient.asked_at <= timezone.now() - ASK_AGAIN_AFTER
    return waited and recipient.confirmed_at is None and recipient.left_at is None


def ask_again(recipient: Recipient, *, actor: str) -> bool:
    """Let the next sweep mail the question once more, with a new link. False when it is too soon, or was answered.

    Who has left is not asked again: their way back is the link that they were mailed, or a new entry of their address.

    Race: pressed twice. The first update takes the time away that the second one looks for.
    """
    with transaction.atomic():
        due = Recipient.objects.filter(
            id=recipient.id, confirmed_at=None, left_at=None, asked_at__lte=timezone.now() - ASK_AGAIN_AFTER
        )
        if not due.update(asked_at=None):
            return False
        audit.record(
            recipient,
            actor=actor,
            verb="recipient.asked_again",
            subject=recipient.connection_id,
            recipient=str(recipient.id),
        )
    return True


def find(token: str) -> Recipient | None:
    """Whose link this is; None for a link that was never mailed or that a newer one replaced."""
    return Recipient.objects.select_related("workspace").filter(token_hash=_hash(token)).first()


def confirm(recipient: Recipient, *, language: str = "") -> None:
    """Its owner said yes, in their own language if that is known; also after they had left."""
    rows = Recipient.objects.filter(id=recipient.id, confirmed_at=None)
    rows.update(confirmed_at=timezone.now(), left_at=None, language=language or recipient.language)


def in_language_of(recipient: Recipient) -> override:
    """While its mail is written."""
    return override(recipient.language or settings.LANGUAGE_CODE)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
