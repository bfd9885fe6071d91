"""Slack, put together."""

from __future__ import annotations

from aiohttp import web

from sandbox.addresses import Addresses
from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.pages import Pages, application
from sandbox.seed import SeedFile
from sandbox.slack.api import FAULTS, Api
from sandbox.slack.consent import ConsentPage
from sandbox.slack.mrkdwn import mrkdwn, shown
from sandbox.slack.oauth import OAuth
from sandbox.slack.pace import Pacer
from sandbox.slack.posting import Message, Posting
from sandbox.slack.site import Site
from sandbox.slack.teams import Teams


def slack(*, seeds: SeedFile, addresses: Addresses) -> web.Application:
    """The Slack simulator as an application."""
    teams, journal, board, pacer = Teams(seeds), Journal[Message](), Board(FAULTS), Pacer()
    oauth = OAuth(seeds=seeds, teams=teams, rotates=lambda team: board.is_set(team, "rotation"))
    posting = Posting(journal=journal, board=board, pacer=pacer)
    api = Api(teams=teams, oauth=oauth, posting=posting, board=board, pacer=pacer)
    pages = Pages(addresses, here="slack", filters={"mrkdwn": mrkdwn, "shown": shown})
    app = application()
    app.router.add_routes(Site(pages=pages, teams=teams, journal=journal, board=board).routes())
    app.router.add_routes(ConsentPage(pages=pages, teams=teams, oauth=oauth, board=board).routes())
    app.router.add_route("*", "/api/{method}", api.answer)
    app.router.add_delete("/_sandbox/access-tokens", api.end_access_tokens)
    return app
