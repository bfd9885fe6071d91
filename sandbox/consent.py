"""The page on which a person agrees that an app may have access to an account: what it is at every vendor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from sandbox.bodies import form_of
from sandbox.dials import EVERYONE, Board
from sandbox.pages import Pages, cut_off
from sandbox.redirects import back_to

type Asked = Mapping[str, str]


class ConsentPage[Account](ABC):
    """Shows the request on GET; on POST goes back to the app with a code, or with ``access_denied``.

    ``carried`` are the parameters that go along with the person's decision, ``unpicked`` is said when it comes without
    an account, and ``denied`` is what the app hears of a no.
    """

    path: ClassVar[str]
    template: ClassVar[str]
    carried: ClassVar[tuple[str, ...]]
    unpicked: ClassVar[str]
    denied: ClassVar[Mapping[str, str]] = {"error": "access_denied"}

    def __init__(self, *, pages: Pages, board: Board) -> None:
        self._pages = pages
        self._board = board

    @abstractmethod
    def trouble(self, asked: Asked) -> str:
        """Why the request cannot be shown to anyone; "" when it can. Such errors never redirect."""

    @abstractmethod
    def shown(self, asked: Asked) -> dict[str, Any]:
        """What the page shows of a request without trouble: ``app``, ``scopes``, and where to pick from."""

    @abstractmethod
    def picked(self, asked: Asked) -> Account | None:
        """The account that the person chose."""

    @abstractmethod
    def agree(self, account: Account, asked: Asked) -> str:
        """Make the code that goes back to the app."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get(self.path, self._ask), web.post(self.path, self._decide)]

    async def _ask(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        if trouble := self.trouble(asked):
            return self._refuse(trouble)
        page = self._pages.html(
            self.template,
            policy={"form-action": ""},  # it would also judge the redirect back to the app, and stop it
            path=self.path,
            asked=asked,
            carried={name: asked[name] for name in self.carried if name in asked},
            **self.shown(asked),
        )
        return cut_off(page) if self._board.is_set(EVERYONE, "coop") else page

    async def _decide(self, request: web.Request) -> web.Response:
        asked = await form_of(request)
        trouble, account = self.trouble(asked), self.picked(asked)
        if trouble or account is None:
            return self._refuse(trouble or self.unpicked)
        allowed = asked.get("decision") == "allow"
        answer = {"code": self.agree(account, asked)} if allowed else self.denied
        state = {"state": asked["state"]} if "state" in asked else {}
        raise web.HTTPFound(back_to(asked["redirect_uri"], **answer, **state))

    def _refuse(self, trouble: str) -> web.Response:
        return self._pages.html("refused.html", status=400, trouble=trouble)
