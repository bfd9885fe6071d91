"""HubSpot, put together."""

from __future__ import annotations

from aiohttp import web

from sandbox import dials
from sandbox.addresses import Addresses
from sandbox.dials import Board
from sandbox.hubspot.accounts import Accounts
from sandbox.hubspot.api import FAULTS, Api
from sandbox.hubspot.consent import ConsentPage
from sandbox.hubspot.oauth import OAuth
from sandbox.pages import Pages, application
from sandbox.seed import SeedFile


def hubspot(*, seeds: SeedFile, addresses: Addresses) -> web.Application:
    """The HubSpot simulator as an application."""
    accounts, board = Accounts(seeds), Board(FAULTS)
    oauth = OAuth(seeds=seeds, accounts=accounts)
    pages = Pages(addresses, here="hubspot")

    async def home(request: web.Request) -> web.Response:
        targets = [(str(account.hub_id), account.hub_domain) for account in accounts.all()]
        return pages.html("hubspot/home.html", accounts=accounts.all(), board=board, targets=targets)

    app = application()
    app.router.add_routes([web.get("/", home), *dials.routes(board)])
    app.router.add_routes(ConsentPage(pages=pages, accounts=accounts, oauth=oauth, board=board).routes())
    app.router.add_routes(Api(accounts=accounts, oauth=oauth, board=board).routes())
    return app
