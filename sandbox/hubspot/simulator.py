"""HubSpot, put together."""

from __future__ import annotations

from aiohttp import web

from sandbox.addresses import Addresses
from sandbox.dials import Board
from sandbox.hubspot.accounts import Accounts
from sandbox.hubspot.api import Api
from sandbox.hubspot.consent import ConsentPage
from sandbox.hubspot.crm import Crms
from sandbox.hubspot.crm_api import CrmApi
from sandbox.hubspot.oauth import OAuth
from sandbox.hubspot.pace import Pacer
from sandbox.hubspot.site import Site, note_text
from sandbox.hubspot.troubles import FAULTS
from sandbox.pages import Pages, application
from sandbox.seed import SeedFile


def hubspot(*, seeds: SeedFile, addresses: Addresses) -> web.Application:
    """The HubSpot simulator as an application."""
    accounts, crms, board, pacer = Accounts(seeds), Crms(), Board(FAULTS), Pacer()
    oauth = OAuth(seeds=seeds, accounts=accounts)
    pages = Pages(addresses, here="hubspot", filters={"note_text": note_text})
    site = Site(pages=pages, seeds=seeds, accounts=accounts, crms=crms, board=board, pacer=pacer)
    crm_api = CrmApi(seeds=seeds, accounts=accounts, crms=crms, board=board, pacer=pacer)
    app = application()
    app.router.add_routes(site.routes())
    app.router.add_routes(ConsentPage(pages=pages, accounts=accounts, oauth=oauth, board=board).routes())
    app.router.add_routes(Api(accounts=accounts, oauth=oauth, board=board).routes())
    app.router.add_routes(crm_api.routes())
    return app
