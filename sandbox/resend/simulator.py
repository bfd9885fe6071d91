"""Resend, put together: its API, its page, and what programs ask about both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from sandbox import dials, faults
from sandbox.addresses import Addresses
from sandbox.bodies import parsed
from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.pages import Pages, application, feed
from sandbox.resend.accounts import SEGMENTS, TEMPLATES, Account, Accounts, Template
from sandbox.resend.calling import TELLS, Caller, Hook
from sandbox.resend.contacts import Contacts
from sandbox.resend.errors import DIALLED, ResendError, dialled
from sandbox.resend.mails import Mail, Outbox
from sandbox.seed import SeedFile

AFTERWARDS = {f"then_{kind}": f"Taken, and then told of: {kind}" for kind in TELLS}
FAULTS = {**{name: f"{name}: {words}" for name, (_, words) in DIALLED.items()}, **AFTERWARDS, **faults.FAULTS}
BEFORE = [*DIALLED, *faults.FAULTS, *map(str, range(400, 600))]
PAGE_MOST = 100

type Work = Callable[[Account, web.Request, bytes], Any]


class Simulator:
    """The API under ``api.resend.com``, and the page at ``/``."""

    def __init__(self, *, seeds: SeedFile, addresses: Addresses) -> None:
        self._accounts = Accounts(seeds)
        self._journal: Journal[Mail] = Journal()
        self._outbox, self._contacts, self._caller = Outbox(self._journal), Contacts(), Caller()
        self._board = Board(FAULTS)
        self._pages = Pages(addresses, here="resend")

    def app(self) -> web.Application:
        app = application()
        segment = "/contacts/{email}/segments/{segment}"
        app.router.add_routes(
            [
                web.get("/", self._home),
                web.get("/_sandbox/feed", self._feed),
                web.get("/_sandbox/mails", self._mails),
                web.delete("/_sandbox/mails", self._clear),
                web.get("/_sandbox/contacts", self._list_contacts),
                web.get("/_sandbox/hooks", self._list_calls),
                web.put("/_sandbox/hooks", self._put_hook),
                *dials.routes(self._board),
                web.post("/emails", self._api(self._send, sends_only=True)),
                web.get("/templates", self._api(lambda *call: _page(call[1], [_listed(one) for one in TEMPLATES]))),
                web.get("/templates/{id}", self._api(_template)),
                web.get("/segments", self._api(lambda *call: _page(call[1], [_segment(*one) for one in SEGMENTS]))),
                web.get("/segments/{id}", self._api(_one_segment)),
                web.post("/contacts", self._api(self._create, status=201)),
                web.post(segment, self._api(self._change)),
                web.delete(segment, self._api(self._change)),
            ]
        )
        return app

    def _api(self, work: Work, *, sends_only: bool = False, status: int = 200) -> Any:
        """A route of the API: the key, the dials, then the work."""

        async def answer(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            try:
                account = self._accounts.opened(request.headers.get("Authorization", ""), sends_only=sends_only)
                dial = self._board.take(account.name, among=BEFORE)
                if dial and dial.fault in DIALLED:
                    raise dialled(dial.fault, dial.retry_after)
            except ResendError as error:
                return error.answer()

            async def truly() -> web.Response:
                try:
                    return web.json_response(work(account, request, body), status=status)
                except ResendError as error:
                    return error.answer()

            if dial is None:
                return await truly()
            return await faults.perform(dial, request, answer=truly, body=lambda code: {"statusCode": code})

        return answer

    def _send(self, account: Account, request: web.Request, body: bytes) -> Any:
        id, mail = self._outbox.send(account, parsed(body), body, request.headers.get("Idempotency-Key", ""))
        if mail:
            dial = self._board.take(account.name, among=AFTERWARDS)
            bounces = any(address.startswith("bounce@") for address in mail.to)
            kind = dial.fault.removeprefix("then_") if dial else "bounced" if bounces else ""
            if kind:
                self._caller.tell(mail, kind)
        return {"id": id}

    def _create(self, account: Account, request: web.Request, body: bytes) -> Any:
        return self._contacts.create(account.name, parsed(body))

    def _change(self, account: Account, request: web.Request, body: bytes) -> Any:
        email, segment = request.match_info["email"], request.match_info["segment"]
        return self._contacts.change(account.name, email, segment, inside=request.method == "POST")

    # ----------------------------------------------------------------------- the page, and what programs ask

    async def _home(self, request: web.Request) -> web.Response:
        targets = [(account.name, account.name) for account in self._accounts.all()]
        return self._pages.html(
            "resend/home.html",
            # A mail's HTML is shown in a sandboxed frame, which inherits this page's policy.
            policy={"style-src": "'self' 'unsafe-inline'"},
            **self._view(request),
            board=self._board,
            targets=targets,
        )

    async def _feed(self, request: web.Request) -> web.Response:
        render = lambda: self._pages.fragment("resend/_mails.html", **self._view(request))  # noqa: E731
        return feed(request, version=self._journal.version, render=render)

    def _view(self, request: web.Request) -> dict[str, Any]:
        mails = list(self._journal)[::-1][:PAGE_MOST]
        return {
            "accounts": self._accounts.all(),
            "mails": mails,
            "mail": next((one for one in mails if one.id == request.query.get("mail")), None),
            "contacts": [contact for account in self._accounts.all() for contact in self._contacts.of(account.name)],
            "segments": dict(SEGMENTS),
            "templates": TEMPLATES,
            "version": self._journal.version,
            "query_string": request.query_string,
        }

    async def _mails(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(mail) for mail in self._journal])

    async def _clear(self, request: web.Request) -> web.Response:
        self._journal.clear(where=lambda _: True)
        self._contacts.clear()
        return web.Response(status=204)

    async def _list_contacts(self, request: web.Request) -> web.Response:
        found = [each for account in self._accounts.all() for each in self._contacts.of(account.name)]
        return web.json_response([{"email": one.email, "segments": sorted(one.segments)} for one in found])

    async def _list_calls(self, request: web.Request) -> web.Response:
        return web.json_response(self._caller.answers)

    async def _put_hook(self, request: web.Request) -> web.Response:
        wanted = parsed(await request.read())
        if not isinstance(wanted, dict) or not all(wanted.get(key) for key in ("account", "url", "secret")):
            return web.json_response({"message": "Send a JSON object with account, url and secret."}, status=422)
        self._caller.hooks[str(wanted["account"])] = Hook(url=str(wanted["url"]), secret=str(wanted["secret"]))
        return web.Response(status=204)


def resend(*, seeds: SeedFile, addresses: Addresses) -> web.Application:
    """The Resend simulator as an application."""
    return Simulator(seeds=seeds, addresses=addresses).app()


def _page(request: web.Request, found: list[dict[str, Any]]) -> dict[str, Any]:
    limit, after = int(request.query.get("limit", "20")), request.query.get("after", "")
    ids = [one["id"] for one in found]
    start = ids.index(after) + 1 if after in ids else 0
    return {"object": "list", "has_more": start + limit < len(found), "data": found[start : start + limit]}


def _listed(template: Template) -> dict[str, Any]:
    return {"id": template.id, "name": template.name, "status": template.status, "published_at": None}


def _template(account: Account, request: web.Request, body: bytes) -> dict[str, Any]:
    found = next((one for one in TEMPLATES if one.id == request.match_info["id"]), None)
    if found is None:
        raise ResendError(404, "not_found", "Template not found")
    variables = [
        {"id": f"{found.id}-{name}", "key": name, "type": kind, **({} if given is None else {"fallback_value": given})}
        for name, kind, given in found.variables
    ]
    more = {"object": "template", "subject": found.subject, "html": found.html, "variables": variables}
    return {**_listed(found), **more, "from": found.sender.format(domain=account.domain)}


def _segment(id: str, name: str) -> dict[str, Any]:
    return {"id": id, "name": name}


def _one_segment(account: Account, request: web.Request, body: bytes) -> dict[str, Any]:
    name = dict(SEGMENTS).get(request.match_info["id"])
    if name is None:
        raise ResendError(404, "not_found", "Segment not found")
    return {"object": "segment", **_segment(request.match_info["id"], name)}
