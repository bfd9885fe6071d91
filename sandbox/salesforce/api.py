"""The endpoints that a program calls: tokens, queries, records. Dialled faults come first."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.bodies import form_of, parsed
from sandbox.dials import EVERYONE, Board
from sandbox.journal import Journal
from sandbox.oauth import OAuthError, bearer
from sandbox.salesforce import fields, orgs, refusals, soql
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.orgs import Org
from sandbox.salesforce.records import Contact, Member, Records
from sandbox.salesforce.refusals import ApiError

BASE = "/services/data/v66.0"
PAGE = 2_000
GRANTS = {
    "invalid_grant": "Renewal: invalid_grant, the access was taken back",
    "inactive_user": "Renewal: inactive_user",
    "inactive_org": "Renewal: inactive_org",
}
SWITCHES = {
    **GRANTS,
    "rotation": "Refresh tokens are good for one time (rotation)",
    "coop": "Consent page: cut the window off from its opener (COOP)",
}
CODES = {code: code for code in (*refusals.ANYWHERE, *refusals.WRITES)}
FAULTS = {**CODES, **SWITCHES, **faults.FAULTS}


@dataclass(frozen=True, slots=True)
class Call:
    """One call, by the host that it was meant for."""

    host: str
    method: str
    path: str


class Api:
    """Answers over HTTP for ``oauth`` and ``records``."""

    def __init__(self, *, oauth: OAuth, records: Records, board: Board, calls: Journal[Call]) -> None:
        self._oauth = oauth
        self._records = records
        self._board = board
        self._calls = calls
        self._rest: dict[str, list[dict[str, Any]]] = {}  # of long answers, by their locator

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/services/oauth2/token", self._token),
            web.post("/services/oauth2/revoke", self._revoke),
            web.get(f"{BASE}/query", self._query),
            web.get(f"{BASE}/query/{{locator}}", self._more),
            web.get(f"{BASE}/limits", self._limits),
            web.get(f"{BASE}/sobjects/Contact/describe", self._describe),
            web.post(f"{BASE}/sobjects/{{kind}}", self._create),
            web.patch(f"{BASE}/sobjects/Contact/{{id}}", self._update),
            web.delete(f"{BASE}/sobjects/{{kind}}/{{id}}", self._delete),
        ]

    # ----------------------------------------------------------------- tokens

    async def _token(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        form = await form_of(request)
        target = self._oauth.org_of(form)

        async def truly() -> web.Response:
            try:
                return web.json_response(self._granted(form, target, request.host.partition(":")[0]))
            except OAuthError as error:
                return error.answer()

        return await faults.answered(request, board=self._board, target=target, answer=truly, body=lambda _: {})

    def _granted(self, form: Mapping[str, str], target: str, host: str) -> dict[str, Any]:
        if form.get("grant_type") == "refresh_token" and (dial := self._board.take(target, among=set(GRANTS))):
            raise OAuthError(
                dial.fault, "expired access/refresh token" if dial.fault == "invalid_grant" else dial.fault
            )
        rotating = self._board.is_set(target or EVERYONE, "rotation")
        return self._oauth.token(form, host=host, rotating=rotating)

    async def _revoke(self, request: web.Request) -> web.Response:
        self._note(request)
        self._oauth.revoke(str((await request.post()).get("token", "")))
        return web.Response()

    # ----------------------------------------------------------------- records

    async def _query(self, request: web.Request) -> web.StreamResponse:
        query = request.query.get("q", "")
        return await self._answer(request, lambda org: self._page(soql.rows(query, org=org, records=self._records)))

    async def _more(self, request: web.Request) -> web.StreamResponse:
        def truly(_: Org) -> web.Response:
            rest = self._rest.pop(request.match_info["locator"], None)
            if rest is None:
                raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
            return self._page(rest)

        return await self._answer(request, truly)

    def _page(self, rows: list[dict[str, Any]]) -> web.Response:
        told: dict[str, Any] = {"totalSize": len(rows), "done": len(rows) <= PAGE, "records": rows[:PAGE]}
        if rows[PAGE:]:
            locator = f"01g5f{secrets.token_hex(7)[:13].upper()}-{PAGE}"
            self._rest[locator] = rows[PAGE:]
            told["nextRecordsUrl"] = f"{BASE}/query/{locator}"
        return web.json_response(told)

    async def _limits(self, request: web.Request) -> web.StreamResponse:
        told = {"DailyApiRequests": {"Max": 100_000, "Remaining": 99_000}}
        return await self._answer(request, lambda _: web.json_response(told))

    async def _describe(self, request: web.Request) -> web.StreamResponse:
        told = {"name": "Contact", "label": "Contact", "fields": [one.described() for one in fields.FIELDS]}
        return await self._answer(request, lambda _: web.json_response(told))

    async def _create(self, request: web.Request) -> web.StreamResponse:
        makers: dict[str, Callable[[Org, Mapping[str, Any]], Contact | Member]]
        makers = {"Contact": self._records.create, "CampaignMember": self._records.join}
        maker, body = makers.get(request.match_info["kind"]), await request.read()

        def truly(org: Org) -> web.Response:
            if maker is None:
                raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
            made = maker(org, _object(body))
            return web.json_response({"id": made.id, "success": True, "errors": []}, status=201)

        return await self._answer(request, truly, writes=True)

    async def _update(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()

        def truly(org: Org) -> web.Response:
            self._records.update(org, request.match_info["id"], _object(body))
            return web.Response(status=204)

        return await self._answer(request, truly, writes=True)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        def truly(org: Org) -> web.Response:
            kind = request.match_info["kind"]
            if kind not in ("Contact", "CampaignMember"):
                raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
            self._records.delete(org, kind, request.match_info["id"])
            return web.Response(status=204)

        return await self._answer(request, truly, writes=True)

    # ----------------------------------------------------------------- what they have in common

    async def _answer(
        self, request: web.Request, make: Callable[[Org], web.Response], *, writes: bool = False
    ) -> web.StreamResponse:
        self._note(request)
        try:
            org = self._org(request)
            if dial := self._board.take(
                org.id, among=set(refusals.ANYWHERE) | (set(refusals.WRITES) if writes else set())
            ):
                raise refusals.dialled(dial.fault)
        except ApiError as error:
            return error.answer()

        async def truly() -> web.Response:
            try:
                return make(org)
            except ApiError as error:
                return error.answer()

        body = refusals.envelope
        return await faults.answered(request, board=self._board, target=org.id, answer=truly, body=body)

    def _org(self, request: web.Request) -> Org:
        """Whose token it is; and at an org's own host nobody else's."""
        org = self._oauth.opened(bearer(request.headers.get("Authorization", "")))
        host = request.host.partition(":")[0]
        meant = orgs.at(host) if host.endswith(".salesforce.com") else org
        if org is None or org != meant:
            raise ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)
        return org

    def _note(self, request: web.Request) -> None:
        self._calls.add(Call(request.host.partition(":")[0], request.method, request.path))


def _object(body: bytes) -> dict[str, Any]:
    found = parsed(body)
    if not isinstance(found, dict):
        raise ApiError("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]")
    return found
