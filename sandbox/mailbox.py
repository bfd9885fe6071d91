"""The mailbox: an SMTP server that keeps every message, and a page to read them."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox import dials
from sandbox.addresses import Addresses
from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.mails import Mail, parse
from sandbox.pages import Pages, application, feed

FAULTS = {
    "451": "451 Try again later",
    "550": "550 No such mailbox",
    "timeout": "No answer (hang)",
    "close": "Close the connection",
}
HANG_SECONDS = 600
MOST_SHOWN = 100


class Mailbox:
    """Takes mail for anybody. A dial's target is a recipient's address."""

    def __init__(self, *, addresses: Addresses) -> None:
        self._journal: Journal[Mail] = Journal()
        self._board = Board(FAULTS)
        self._pages = Pages(addresses, here="mailbox")
        self._count = 0

    def app(self) -> web.Application:
        app = application()
        app.router.add_routes(
            [
                web.get("/", self._home),
                web.get("/_sandbox/feed", self._feed),
                web.get("/_sandbox/mails", self._mails),
                web.delete("/_sandbox/mails", self._clear),
                *dials.routes(self._board),
            ]
        )
        return app

    def protocol(self) -> SMTP:
        """One SMTP conversation."""
        return SMTP(self, hostname="mailbox.sandbox", enable_SMTPUTF8=True)

    async def handle_RCPT(  # noqa: N802  the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        dial = self._board.take(address.lower())
        if dial is None:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return await _fail(dial.fault, server)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self._count += 1
        recipients = tuple(address.lower() for address in envelope.rcpt_tos)
        self._journal.add(parse(content, number=self._count, sender=envelope.mail_from or "", recipients=recipients))
        return f"250 OK kept as {self._count}"

    async def _home(self, request: web.Request) -> web.Response:
        recipients = sorted({address for mail in self._journal for address in mail.recipients})
        return self._pages.html(
            "mailbox.html",
            # A message's HTML is shown in a sandboxed frame, which inherits this page's policy.
            policy={"style-src": "'self' 'unsafe-inline'"},
            **self._view(request, mail=self._picked(request) or next(iter(self._newest(request)), None)),
            board=self._board,
            targets=[(address, address) for address in recipients],
        )

    async def _feed(self, request: web.Request) -> web.Response:
        render = lambda: self._pages.fragment("_mails.html", **self._view(request, mail=self._picked(request)))  # noqa: E731
        return feed(request, version=self._journal.version, render=render)

    def _view(self, request: web.Request, *, mail: Mail | None) -> dict[str, Any]:
        recipient = request.query.get("to", "")
        return {
            "mails": self._newest(request),
            "mail": mail,
            "to": recipient,
            "version": self._journal.version,
            "query_string": urlencode({"to": recipient, "mail": mail.number if mail else ""}),
        }

    def _newest(self, request: web.Request) -> list[Mail]:
        return self._to(request.query.get("to", ""))[: -MOST_SHOWN - 1 : -1]

    def _picked(self, request: web.Request) -> Mail | None:
        wanted = request.query.get("mail", "")
        return next((mail for mail in self._journal if str(mail.number) == wanted), None)

    def _to(self, recipient: str) -> list[Mail]:
        return [mail for mail in self._journal if not recipient or recipient.lower() in mail.recipients]

    async def _mails(self, request: web.Request) -> web.Response:
        return web.json_response([mail.as_json() for mail in self._to(request.query.get("to", ""))])

    async def _clear(self, request: web.Request) -> web.Response:
        recipient = request.query.get("to", "").lower()
        self._journal.clear(where=lambda mail: not recipient or recipient in mail.recipients)
        return web.Response(status=204)


async def _fail(fault: str, server: SMTP) -> str:
    if fault == "timeout":
        await asyncio.sleep(HANG_SECONDS)
    if fault == "close" and server.transport:
        server.transport.close()
    return f"{fault} dialled in the sandbox" if fault.isdecimal() else "451 dialled in the sandbox"
