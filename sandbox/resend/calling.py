"""The webhook of an account: signed calls that tell what became of a mail."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from standardwebhooks import Webhook as Signer

from sandbox.pages import now
from sandbox.resend.mails import Mail

SECONDS = 5
TELLS: dict[str, dict[str, Any]] = {
    "bounced": {
        "bounce": {
            "type": "Permanent",
            "subType": "MailboxFull",
            "message": "The recipient's mailbox is full.",
            "diagnosticCode": ["smtp; 552 5.2.2 mailbox full"],
        }
    },
    "complained": {},
    "suppressed": {
        "suppressed": {
            "type": "OnAccountSuppressionList",
            "reason": "previous_bounce",
            "message": "The address is on the suppression list.",
            "diagnosticCode": [],
        }
    },
    "delivered": {},
}


@dataclass(frozen=True, slots=True)
class Hook:
    """Where an account's webhook leads, and what signs its calls."""

    url: str
    secret: str


class Caller:
    """Calls the hooks, a moment after the mail was taken."""

    def __init__(self) -> None:
        self.hooks: dict[str, Hook] = {}
        self.answers: list[dict[str, Any]] = []
        self._running: set[asyncio.Task[None]] = set()

    def tell(self, mail: Mail, kind: str) -> None:
        """Begin to tell; nothing where the account has no hook."""
        hook = self.hooks.get(mail.account)
        if hook:
            task = asyncio.get_running_loop().create_task(self._call(hook, mail, kind))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _call(self, hook: Hook, mail: Mail, kind: str) -> None:
        body = json.dumps({"type": f"email.{kind}", "created_at": now(), "data": _data(mail, TELLS[kind])})
        headers = signed(body, secret=hook.secret)
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
                session.post(hook.url, data=body.encode(), headers=headers) as answer,
            ):
                self.answers.append({"kind": kind, "status": answer.status, "url": hook.url})
        except (aiohttp.ClientError, TimeoutError) as error:
            self.answers.append({"kind": kind, "status": 0, "url": hook.url, "error": type(error).__name__})


def signed(body: str, *, secret: str) -> dict[str, str]:
    """The headers of a call."""
    id, moment = f"msg_{secrets.token_hex(12)}", datetime.now(UTC)
    signature = Signer(secret).sign(msg_id=id, timestamp=moment, data=body)
    return {
        "Content-Type": "application/json",
        "svix-id": id,
        "svix-timestamp": str(int(moment.timestamp())),
        "svix-signature": signature,
    }


def _data(mail: Mail, more: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "email_id": mail.id,
        "created_at": mail.received_at,
        "from": mail.sender,
        "to": list(mail.to),
        "subject": mail.subject,
        "tags": mail.tags,
        **more,
    }
