"""HubSpot as a person sees it: an account's contacts, lists and notes; and what arrived, as JSON for tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox import dials
from sandbox.dials import Board
from sandbox.hubspot.accounts import Accounts
from sandbox.hubspot.crm import Contact, ContactList, Crm, Crms
from sandbox.hubspot.pace import Pacer
from sandbox.hubspot.properties import CONTACT_PROPERTIES
from sandbox.hubspot.seeding import account_seed
from sandbox.pages import Pages, feed
from sandbox.seed import HubSpotAccount, SeedFile

MOST_SHOWN = 100

_BREAK = re.compile(r"</(p|div|li)>|<br\s*/?>")
_TAG = re.compile("<[^>]*>")


class Site:
    """The page at ``/``, what it polls, and ``/_sandbox/contacts``, with their lists and notes."""

    def __init__(
        self, *, pages: Pages, seeds: SeedFile, accounts: Accounts, crms: Crms, board: Board, pacer: Pacer
    ) -> None:
        self._pages = pages
        self._seeds = seeds
        self._accounts = accounts
        self._crms = crms
        self._board = board
        self._pacer = pacer

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._home),
            web.get("/_sandbox/feed", self._feed),
            web.get("/_sandbox/contacts", self._contacts),
            web.delete("/_sandbox/contacts", self._clear),
            *dials.routes(self._board),
        ]

    async def _home(self, request: web.Request) -> web.Response:
        targets = [(str(account.hub_id), account.hub_domain) for account in self._accounts.all()]
        return self._pages.html("hubspot/home.html", **self._view(request), board=self._board, targets=targets)

    async def _feed(self, request: web.Request) -> web.Response:
        render = lambda: self._pages.fragment("hubspot/_account.html", **self._view(request))  # noqa: E731
        return feed(request, version=self._crms.version, render=render)

    def _view(self, request: web.Request) -> dict[str, Any]:
        accounts = self._accounts.all()
        asked = self._accounts.find(request.query.get("account", ""))
        account = asked or next(iter(accounts), None)
        return {
            "accounts": accounts,
            "account": account,
            "version": self._crms.version,
            "query_string": urlencode({"account": account.hub_id if account else ""}),
            **(_shown(self._crm(account)) if account else {}),
        }

    async def _contacts(self, request: web.Request) -> web.Response:
        """``?account=``: each contact with its properties, lists and notes."""
        account = self._accounts.find(request.query.get("account", ""))
        if account is None:
            return web.json_response([])
        crm = self._crm(account)
        return web.json_response([_told(crm, contact) for contact in crm.contacts.values()])

    async def _clear(self, request: web.Request) -> web.Response:
        self._crms.clear()
        self._pacer.forget()
        return web.Response(status=204)

    def _crm(self, account: HubSpotAccount) -> Crm:
        return self._crms.of(account.hub_id, account_seed(self._seeds, account.hub_id))


def note_text(html: str) -> str:
    """A note's text, its paragraphs as lines."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", html))).strip()


def _shown(crm: Crm) -> dict[str, Any]:
    """The latest contacts with what is known of them; lists with somebody on them first."""
    latest = sorted(crm.contacts.values(), key=lambda contact: contact.updated_at, reverse=True)
    lists = sorted(crm.lists.values(), key=lambda one: -len(one.members))
    return {
        "contacts": [{"of": contact, **_about(crm, contact)} for contact in latest[:MOST_SHOWN]],
        "contact_count": len(latest),
        "lists": lists[:MOST_SHOWN],
        "list_count": len(lists),
        "note_count": len(crm.notes),
    }


def _about(crm: Crm, contact: Contact) -> dict[str, Any]:
    return {
        "facts": [(CONTACT_PROPERTIES[name].label, value) for name, value in contact.properties.items()],
        "lists": list(_lists_of(crm, contact)),
        "notes": [note for note in reversed(crm.notes) if contact.id in note.contacts],
    }


def _lists_of(crm: Crm, contact: Contact) -> Iterator[ContactList]:
    return (one for one in crm.lists.values() if contact.id in one.members)


def _told(crm: Crm, contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "properties": contact.properties,
        "lists": [one.id for one in _lists_of(crm, contact)],
        "notes": [{"body": note.body, "timestamp": note.timestamp} for note in _about(crm, contact)["notes"]],
    }
