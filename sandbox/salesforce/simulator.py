"""Salesforce, put together, with the page that shows what the orgs hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox import dials
from sandbox.addresses import Addresses
from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.pages import Pages, application, feed
from sandbox.salesforce import orgs
from sandbox.salesforce.api import FAULTS, Api, Call
from sandbox.salesforce.consent import ConsentPage
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.orgs import ORGS, Org
from sandbox.salesforce.records import Records, campaigns
from sandbox.seed import SeedFile

MOST_SHOWN = 100


def salesforce(*, seeds: SeedFile, addresses: Addresses) -> web.Application:
    """The Salesforce simulator as an application. It has its orgs in its own folder, and none in the seed."""
    oauth, records, calls, board = OAuth(), Records(), Journal[Call](), Board(FAULTS)
    pages = Pages(addresses, here="salesforce")
    app = application()
    app.router.add_routes(Site(pages=pages, oauth=oauth, records=records, calls=calls, board=board).routes())
    app.router.add_routes(ConsentPage(pages=pages, oauth=oauth, board=board).routes())
    app.router.add_routes(Api(oauth=oauth, records=records, board=board, calls=calls).routes())
    return app


class Site:
    """The page at ``/``, what it polls, and what programs read and empty."""

    def __init__(self, *, pages: Pages, oauth: OAuth, records: Records, calls: Journal[Call], board: Board) -> None:
        self._pages = pages
        self._oauth = oauth
        self._records = records
        self._calls = calls
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._home),
            web.get("/_sandbox/feed", self._feed),
            web.get("/_sandbox/contacts", self._contacts),
            web.delete("/_sandbox/contacts", self._clear),
            web.get("/_sandbox/calls", self._listed),
            web.delete("/_sandbox/access-tokens", self._end_access_tokens),
            *dials.routes(self._board),
        ]

    async def _home(self, request: web.Request) -> web.Response:
        targets = [(org.id, f"{org.name} ({org.domain})") for org in ORGS]
        return self._pages.html("salesforce/home.html", **self._view(request), board=self._board, targets=targets)

    async def _feed(self, request: web.Request) -> web.Response:
        render = lambda: self._pages.fragment("salesforce/_org.html", **self._view(request))  # noqa: E731
        return feed(request, version=self._records.version, render=render)

    def _view(self, request: web.Request) -> dict[str, Any]:
        org = orgs.find(request.query.get("org", "")) or ORGS[0]
        contacts = self._records.of(org)
        names = {one.id: one.name for one in campaigns(org)}
        return {
            "orgs": ORGS,
            "org": org,
            "total": len(contacts),
            "contacts": [(one, self._campaigns(one.id, names)) for one in contacts[:MOST_SHOWN]],
            "campaigns": [(one, len(self._records.members_of(org, one.id))) for one in campaigns(org)[:8]],
            "campaign_count": len(names),
            "version": self._records.version,
            "query_string": urlencode({"org": org.id}),
        }

    def _campaigns(self, contact_id: str, names: dict[str, str]) -> list[str]:
        return [names[one.campaign_id] for one in self._records.members.values() if one.contact_id == contact_id]

    async def _contacts(self, request: web.Request) -> web.Response:
        """What is in the orgs, or in the one that ``?org=`` names."""
        wanted = request.query.get("org", "")
        told = [self._told(org) for org in ORGS if wanted in ("", org.id)]
        return web.json_response([contact for contacts in told for contact in contacts])

    def _told(self, org: Org) -> list[dict[str, Any]]:
        names = {one.id: one.name for one in campaigns(org)}
        return [{**asdict(one), "campaigns": self._campaigns(one.id, names)} for one in self._records.of(org)]

    async def _clear(self, request: web.Request) -> web.Response:
        self._records.clear()
        self._calls.clear(where=lambda _: True)
        return web.Response(status=204)

    async def _listed(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(call) for call in self._calls])

    async def _end_access_tokens(self, request: web.Request) -> web.Response:
        self._oauth.end_access_tokens()
        return web.Response(status=204)
