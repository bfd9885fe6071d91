"""The CRM's endpoints: the dialled faults, then token, pace and permissions, then the call itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.dials import Board
from sandbox.hubspot import lists, objects
from sandbox.hubspot.accounts import Accounts, Grant
from sandbox.hubspot.crm import Crm, Crms
from sandbox.hubspot.errors import HubSpotError, envelope, lacking, not_found, too_many
from sandbox.hubspot.pace import INTERVAL_SECONDS, MOST, MOST_STRICT, Pacer
from sandbox.hubspot.properties import CONTACT, CONTACT_PROPERTIES
from sandbox.hubspot.seeding import account_seed
from sandbox.hubspot.shapes import body_of
from sandbox.hubspot.troubles import EVERYWHERE, ON_LISTS, ON_ONE, ON_WRITING, error_of
from sandbox.hubspot.versions import VERSION
from sandbox.seed import SeedFile

READ, WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"
SEE_LISTS, CHANGE_LISTS = "crm.lists.read", "crm.lists.write"

type Told = tuple[int, dict[str, Any]]
type Verb = Callable[[Crm, web.Request], Awaitable[Told]]
type Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CrmApi:
    """Answers over HTTP for what the accounts hold."""

    def __init__(self, *, seeds: SeedFile, accounts: Accounts, crms: Crms, board: Board, pacer: Pacer) -> None:
        self._seeds = seeds
        self._accounts = accounts
        self._crms = crms
        self._board = board
        self._pacer = pacer

    def routes(self) -> list[web.RouteDef]:
        contacts, found = f"/crm/objects/{VERSION}/contacts", f"/crm/lists/{VERSION}"
        properties = f"/crm/properties/{VERSION}/contacts"
        return [
            web.post(f"{contacts}/batch/upsert", self._guarded(_upsert, WRITE, among=ON_WRITING)),
            web.post(f"{contacts}/batch/read", self._guarded(_read, READ)),
            web.post(f"/crm/objects/{VERSION}/notes", self._guarded(_note, WRITE, among=ON_ONE)),
            web.get(properties, self._guarded(_properties, READ)),
            web.get(f"{properties}/{{name}}", self._guarded(_property, READ, among=ON_ONE)),
            web.post(f"{found}/search", self._guarded(_search, SEE_LISTS, among=ON_LISTS)),
            web.get(f"{found}/{{id}}", self._guarded(_list, SEE_LISTS, among=(*ON_LISTS, *ON_ONE))),
            web.put(f"{found}/{{id}}/memberships/add", self._changing(_add)),
            web.put(f"{found}/{{id}}/memberships/remove", self._changing(_remove)),
        ]

    def _changing(self, verb: Verb) -> Answering:
        return self._guarded(verb, SEE_LISTS, CHANGE_LISTS, among=(*ON_LISTS, *ON_ONE))

    def _guarded(self, verb: Verb, *scopes: str, among: tuple[str, ...] = ()) -> Answering:
        async def answer(request: web.Request) -> web.StreamResponse:
            target = self._accounts.account_of(request)

            async def truly() -> web.Response:
                return await self._answered(request, verb, scopes, (*EVERYWHERE, *among))

            return await faults.answered(request, board=self._board, target=target, answer=truly, body=envelope)

        return answer

    async def _answered(
        self, request: web.Request, verb: Verb, scopes: tuple[str, ...], among: tuple[str, ...]
    ) -> web.Response:
        try:
            grant = self._accounts.authenticate(request)
            if dial := self._board.take(str(grant.hub_id), among=among):
                raise error_of(dial.fault, retry_after=dial.retry_after)
            headers = self._pace(grant)
            missing = [scope for scope in scopes if scope not in grant.scopes]
            if missing:
                raise lacking(*missing)
            status, told = await verb(self._crms.of(grant.hub_id, account_seed(self._seeds, grant.hub_id)), request)
        except HubSpotError as error:
            return web.json_response(error.body(), status=error.status, headers=error.headers)
        return web.json_response(told, status=status, headers=headers)

    def _pace(self, grant: Grant) -> dict[str, str]:
        target = str(grant.hub_id)
        if self._board.is_set(target, "unpaced"):
            return {}
        most = MOST_STRICT if self._board.is_set(target, "strict_pace") else MOST
        remaining = self._pacer.remaining((grant.client_id, grant.hub_id), most=most)
        if remaining < 0:
            raise too_many("TEN_SECONDLY_ROLLING")
        return {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(remaining),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(INTERVAL_SECONDS * 1000),
        }


async def _upsert(crm: Crm, request: web.Request) -> Told:
    return 200, objects.upsert(crm, await body_of(request))


async def _read(crm: Crm, request: web.Request) -> Told:
    return objects.read(crm, await body_of(request))


async def _note(crm: Crm, request: web.Request) -> Told:
    return 201, objects.note(crm, await body_of(request))


async def _properties(_: Crm, __: web.Request) -> Told:
    return 200, {"results": [one.describe() for one in CONTACT]}


async def _property(_: Crm, request: web.Request) -> Told:
    name = request.match_info["name"]
    if name not in CONTACT_PROPERTIES:
        raise not_found(f"Property '{name}' not found")
    return 200, CONTACT_PROPERTIES[name].describe()


async def _search(crm: Crm, request: web.Request) -> Told:
    return 200, lists.search(crm, await body_of(request))


async def _list(crm: Crm, request: web.Request) -> Told:
    return 200, lists.one(crm, request.match_info["id"])


async def _add(crm: Crm, request: web.Request) -> Told:
    return 200, lists.add(crm, request.match_info["id"], await body_of(request))


async def _remove(crm: Crm, request: web.Request) -> Told:
    return 200, lists.remove(crm, request.match_info["id"], await body_of(request))
