"""The endpoints that a program calls: tokens, and what an account says of itself. Dialled faults come first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.bodies import form_of
from sandbox.dials import Board
from sandbox.hubspot.accounts import Accounts
from sandbox.hubspot.errors import HubSpotError, envelope
from sandbox.hubspot.oauth import OAuth
from sandbox.hubspot.troubles import TOKEN_FAULTS, error_of
from sandbox.hubspot.versions import VERSION
from sandbox.oauth import OAuthError

TOKEN = f"/oauth/{VERSION}/token"


class Api:
    """Answers over HTTP for ``oauth`` and ``accounts``."""

    def __init__(self, *, accounts: Accounts, oauth: OAuth, board: Board) -> None:
        self._accounts = accounts
        self._oauth = oauth
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(TOKEN, self._token),
            web.post(f"{TOKEN}/introspect", self._introspect),
            web.post(f"{TOKEN}/revoke", self._revoke),
            web.get(f"/account-info/{VERSION}/details", self._details),
            web.delete("/_sandbox/access-tokens", self._end_access_tokens),
        ]

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await form_of(request)

        def truly() -> dict[str, Any]:
            if self._board.take(self._oauth.account_of(form), among=("invalid_grant",)):
                raise OAuthError("invalid_grant", "missing or unknown refresh token")
            return self._oauth.token(form)

        return await self._answer(request, self._oauth.account_of(form), truly)

    async def _introspect(self, request: web.Request) -> web.StreamResponse:
        form = await form_of(request)
        opened = self._accounts.opened(form.get("token", ""))
        target = str(opened[1].hub_id) if opened else ""
        return await self._answer(request, target, lambda: self._oauth.introspect(form))

    async def _revoke(self, request: web.Request) -> web.StreamResponse:
        form = await form_of(request)

        def truly() -> dict[str, Any]:
            self._oauth.authenticate(form)
            self._accounts.revoke(form.get("token", ""))
            return {}

        return await self._answer(request, "", truly)

    async def _details(self, request: web.Request) -> web.StreamResponse:
        try:
            grant = self._accounts.authenticate(request)
            if dial := self._board.take(str(grant.hub_id), among=TOKEN_FAULTS):
                raise error_of(dial.fault, retry_after=dial.retry_after)
        except HubSpotError as error:
            return web.json_response(error.body(), status=error.status, headers=error.headers)
        account = self._accounts.find(str(grant.hub_id))
        assert account is not None  # noqa: S101  it was found by its token
        shown = {
            "portalId": account.hub_id,
            "accountType": account.account_type,
            "timeZone": "Europe/Berlin",
            "companyCurrency": "EUR",
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
        return await self._answer(request, str(account.hub_id), lambda: shown)

    async def _end_access_tokens(self, request: web.Request) -> web.Response:
        self._accounts.end_access_tokens()
        return web.Response(status=204)

    async def _answer(
        self, request: web.Request, target: str, make: Callable[[], dict[str, Any]]
    ) -> web.StreamResponse:
        async def truly() -> web.Response:
            try:
                return web.json_response(make())
            except OAuthError as error:
                return error.answer()

        return await faults.answered(request, board=self._board, target=target, answer=truly, body=envelope)
