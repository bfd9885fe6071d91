"""The webhook catcher: any path takes a call, keeps it as it came, and says whether its signature holds."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox import dials, faults
from sandbox.addresses import Addresses
from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.pages import Pages, application, feed, now
from sandbox.seed import Receiver, SeedFile
from sandbox.signatures import Verdict, judge

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Caught:
    """One call. ``delivery`` counts the calls with the same webhook-id at the same path, from 1."""

    number: int
    received_at: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    verdict: Verdict
    webhook_id: str
    delivery: int
    fault: str

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def pretty(self) -> str:
        """The body indented when it is JSON."""
        try:
            return json.dumps(json.loads(self.body), indent=2, ensure_ascii=False)
        except ValueError:
            return self.text

    @property
    def event(self) -> str:
        """The event type that a JSON body names, "" when it names none."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return ""
        return str(parsed.get("event") or parsed.get("type") or "") if isinstance(parsed, dict) else ""

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "received_at": self.received_at,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": {name.lower(): value for name, value in self.headers},
            "body": self.text,
            "body_base64": base64.b64encode(self.body).decode(),
            "verified": self.verdict.verified,
            "reason": self.verdict.reason,
            "webhook_id": self.webhook_id,
            "delivery": self.delivery,
            "fault": self.fault,
        }


class Catcher:
    """The receivers that are known, and every call that came in."""

    def __init__(self, *, seeds: SeedFile, addresses: Addresses) -> None:
        self._seeds = seeds
        self._added: dict[str, Receiver] = {}
        self._journal: Journal[Caught] = Journal()
        self._board = Board(faults.FAULTS)
        self._pages = Pages(addresses, here="webhooks")
        self._count = 0

    def app(self) -> web.Application:
        app = application()
        app.router.add_routes(
            [
                web.get("/", self._home),
                web.get("/_sandbox/feed", self._feed),
                web.get("/_sandbox/calls", self._calls),
                web.delete("/_sandbox/calls", self._clear),
                web.get("/_sandbox/receivers", self._list_receivers),
                web.put("/_sandbox/receivers", self._put_receiver),
                *dials.routes(self._board),
                *(web.route(method, "/{path:.*}", self._catch) for method in ("POST", "PUT", "PATCH")),
            ]
        )
        return app

    async def _catch(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        dial = self._board.take(request.path)
        caught = self._keep(request, body, fault=dial.fault if dial else "")

        async def answer() -> web.Response:
            return web.json_response({"received": True, "verified": caught.verdict.verified})

        if dial is None:
            return await answer()
        return await faults.perform(dial, request, answer=answer, body=lambda _: {"received": False})

    def _keep(self, request: web.Request, body: bytes, *, fault: str) -> Caught:
        self._count += 1
        receiver = self._receivers().get(request.path, Receiver(path=request.path))
        webhook_id = request.headers.get("webhook-id", "")
        caught = Caught(
            number=self._count,
            received_at=now(),
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers=tuple(request.headers.items()),
            body=body,
            verdict=judge(secret=receiver.secret, headers=dict(request.headers), body=body),
            webhook_id=webhook_id,
            delivery=1 + self._seen(request.path, webhook_id),
            fault=fault,
        )
        self._journal.add(caught)
        return caught

    def _seen(self, path: str, webhook_id: str) -> int:
        return sum(bool(webhook_id) and call.path == path and call.webhook_id == webhook_id for call in self._journal)

    def _receivers(self) -> dict[str, Receiver]:
        return {receiver.path: receiver for receiver in self._seeds.current().webhook_receivers} | self._added

    async def _home(self, request: web.Request) -> web.Response:
        targets = [(path, receiver.name or path) for path, receiver in self._receivers().items()]
        return self._pages.html("webhooks.html", **self._view(request), board=self._board, targets=targets)

    async def _feed(self, request: web.Request) -> web.Response:
        render = lambda: self._pages.fragment("_calls.html", **self._view(request))  # noqa: E731
        return feed(request, version=self._journal.version, render=render)

    def _view(self, request: web.Request) -> dict[str, Any]:
        path = request.query.get("path", "")
        return {
            "calls": [call for call in self._journal if path in ("", call.path)][: -MOST_SHOWN - 1 : -1],
            "receivers": list(self._receivers().values()),
            "path": path,
            "version": self._journal.version,
            "query_string": request.query_string,
        }

    async def _calls(self, request: web.Request) -> web.Response:
        path = request.query.get("path", "")
        return web.json_response([call.as_json() for call in self._journal if path in ("", call.path)])

    async def _clear(self, request: web.Request) -> web.Response:
        path = request.query.get("path", "")
        self._journal.clear(where=lambda call: path in ("", call.path))
        return web.Response(status=204)

    async def _list_receivers(self, request: web.Request) -> web.Response:
        found = [{"path": each.path, "name": each.name, "secret": each.secret} for each in self._receivers().values()]
        return web.json_response(found)

    async def _put_receiver(self, request: web.Request) -> web.Response:
        try:
            wanted = await request.json()
        except ValueError:
            wanted = None
        if not isinstance(wanted, dict) or not wanted.get("path"):
            return web.json_response({"message": "Send a JSON object with path, name and secret."}, status=422)
        path = "/" + str(wanted["path"]).lstrip("/")
        self._added[path] = Receiver(path=path, name=str(wanted.get("name", "")), secret=str(wanted.get("secret", "")))
        return web.json_response({"path": path})
