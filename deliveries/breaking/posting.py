"""Send the messages of notices: signed requests to the vendor's lifecycle webhooks, and mails.

Each goes at least once: ``due_at`` is the schedule, a claim moves it ahead by a lease, and a killed sender's messages
come due again by themselves. A webhook gets the same ``webhook-id`` and body on every try.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone

from connections import http, smtp
from connections.models import Recipient
from connections.provider import Answer, Failure, Mail, Reply, Request, Trouble
from connections.verdicts import retry_after
from deliveries.backoff import next_delay
from deliveries.breaking import lifecycle, notice_mail
from workspaces.models import LifecycleWebhook, Message

AT_ONCE = 8
SECONDS = 5.0  # for one message: a slow receiver must not keep the others waiting
LEASE_SECONDS = 30
GONE = 410
_log = structlog.get_logger("deliveries")


@dataclass(frozen=True, slots=True)
class _Claimed:
    """One message, ours until the lease ends; ``attempt`` is the fence. Without a step there is nobody to tell."""

    message: Message
    attempt: int
    step: Request | Mail | None


def post_due() -> int:
    """Send what is due, one batch. Returns how many messages it was."""
    claimed = [_claimed(message) for message in _claim()]
    sent = [one for one in claimed if one.step is not None]
    for one in claimed:
        if one.step is None:
            _end(one, "Nobody is told any more.")
    for one, reply in zip(sent, _send_all(sent), strict=True):
        _record(one, reply)
    return len(claimed)


def _claim() -> list[Message]:
    """Race: two senders. Each skips what the other is just claiming; a claim counts as an attempt from its start."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workspaces_message SET attempt_count = attempt_count + 1,"
            " due_at = statement_timestamp() + %s * interval '1 second'"
            " WHERE id IN (SELECT id FROM workspaces_message WHERE due_at <= statement_timestamp()"
            " ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING id",
            [LEASE_SECONDS, AT_ONCE],
        )
        ids = [row[0] for row in cursor.fetchall()]
    rows = Message.objects.select_related("notice__workspace", "webhook").filter(id__in=ids)
    return list(rows.order_by("id"))


def _claimed(message: Message) -> _Claimed:
    """Written while the database may be asked: the threads that wait on the outside have no connection to it."""
    return _Claimed(message, message.attempt_count, _step(message))


def _step(message: Message) -> Request | Mail | None:
    if message.webhook:
        return (
            lifecycle.request(message.notice, message.webhook, now=timezone.now()) if message.webhook.active else None
        )
    confirmed = Recipient.objects.for_workspace(message.notice.workspace_id).filter(
        connection=None, address=message.address, confirmed_at__isnull=False
    )
    recipient = confirmed.first()
    return notice_mail.mail(message, recipient) if recipient else None


def _send_all(claimed: Sequence[_Claimed]) -> list[Reply]:
    if not claimed:
        return []
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="post") as threads:
        return list(threads.map(_send, claimed))


def _send(one: _Claimed) -> Reply:
    if isinstance(one.step, Mail):
        return smtp.send(one.step, seconds=SECONDS)
    assert isinstance(one.step, Request)  # noqa: S101  what has no step is not sent
    return http.send(one.step, seconds=SECONDS)


# --------------------------------------------------------------------------- what came back


def _record(one: _Claimed, reply: Reply) -> None:
    if isinstance(reply, Answer) and 200 <= reply.status < 300:
        _move(one, due_at=None, sent_at=timezone.now(), last_error="")
        return
    why = f"answered {reply.status}" if isinstance(reply, Answer) else str(reply.trouble)
    _log.warning("notice.not_sent", message=str(one.message.id), attempt=one.attempt, why=why)
    if one.message.webhook and isinstance(reply, Answer) and reply.status == GONE:
        LifecycleWebhook.objects.filter(id=one.message.webhook.id).update(active=False)
    wait = None if _hopeless(reply) else _wait(one, reply)
    _move(one, due_at=None if wait is None else timezone.now() + timedelta(seconds=wait), last_error=why)


def _hopeless(reply: Reply) -> bool:
    """The relay refuses that mail for good, or the receiver says that it is gone for good."""
    if isinstance(reply, Failure):
        return reply.trouble is Trouble.MAIL_REJECTED
    return reply.status == GONE


def _wait(one: _Claimed, reply: Reply) -> float | None:
    """Ten attempts over three days, like a delivery's."""
    wish = retry_after(reply) if isinstance(reply, Answer) else None
    return next_delay(attempts=one.attempt, delays=None, retry_after=wish, chance=random.random())  # noqa: S311


def _end(one: _Claimed, why: str) -> None:
    _move(one, due_at=None, last_error=why)


def _move(one: _Claimed, **columns: object) -> None:
    """Unless the lease ran out, and it is another sender's by now."""
    Message.objects.filter(id=one.message.id, attempt_count=one.attempt, sent_at=None).update(**columns)
