"""Fault dials: what should go wrong, for whom, and how often. Set on each simulator's page or over HTTP."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.bodies import form_of

EVERYONE = "*"
PATH = "/_sandbox/dials"
STATUS = re.compile(r"[45]\d\d")


class DialError(ValueError):
    """A dial that cannot be set; the message names the field and the mend."""


@dataclass(slots=True)
class Dial:
    """One fault for one target. ``times`` counts down to nothing; None means until it is cleared."""

    target: str
    fault: str
    times: int | None = None
    retry_after: int = 30

    def concerns(self, target: str) -> bool:
        return self.target in (EVERYONE, target)


class Board:
    """The dials of one simulator. ``faults`` are those it knows, with the words its page offers them in."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = faults
        self._dials: list[Dial] = []

    def __iter__(self) -> Any:
        return iter(self._dials)

    def turn(self, wanted: Mapping[str, Any]) -> Dial:
        """Set a dial from a JSON object or form; it takes the place of the same fault on the same target."""
        dial = Dial(
            target=str(wanted.get("target") or EVERYONE),
            fault=self._known(str(wanted.get("fault", ""))),
            times=_count(wanted, "times"),
            retry_after=_count(wanted, "retry_after") or 30,
        )
        self.clear(target=dial.target, fault=dial.fault)
        self._dials.append(dial)
        return dial

    def take(self, target: str, *, among: Collection[str] | None = None) -> Dial | None:
        """The fault due for ``target`` now, its own before everyone's, and count it."""
        for dial in sorted(self._dials, key=lambda each: each.target == EVERYONE):
            if dial.concerns(target) and (among is None or dial.fault in among):
                self._count_down(dial)
                return dial
        return None

    def is_set(self, target: str, fault: str) -> bool:
        """Whether a fault that is a switch rather than an event is on."""
        return any(dial.concerns(target) and dial.fault == fault for dial in self._dials)

    def clear(self, *, target: str = "", fault: str = "") -> None:
        """Forget the dials of that target and fault; an empty one means any."""
        self._dials = [
            dial for dial in self._dials if (target and dial.target != target) or (fault and dial.fault != fault)
        ]

    def _known(self, fault: str) -> str:
        if fault not in self.faults and not STATUS.fullmatch(fault):
            raise DialError(f"fault must be a status from 400 to 599 or one of {', '.join(self.faults)}.")
        return fault

    def _count_down(self, dial: Dial) -> None:
        if dial.times is None:
            return
        dial.times -= 1
        if dial.times == 0:
            self._dials.remove(dial)


def _count(wanted: Mapping[str, Any], field: str) -> int | None:
    value = wanted.get(field)
    if value in (None, ""):
        return None
    if not str(value).isdecimal() or int(str(value)) < 1:
        raise DialError(f"{field} must be a whole number from 1, or left out.")
    return int(str(value))


def routes(board: Board) -> list[web.RouteDef]:
    """The dials over HTTP: GET lists, PUT sets, DELETE clears (``?target=``, ``?fault=``), POST is the page's form."""

    async def listing(request: web.Request) -> web.Response:
        return web.json_response([asdict(dial) for dial in board])

    async def setting(request: web.Request) -> web.Response:
        try:
            wanted = await request.json()
            return web.json_response(asdict(board.turn(wanted if isinstance(wanted, dict) else {})))
        except ValueError as error:
            return web.json_response({"message": str(error)}, status=422)

    async def clearing(request: web.Request) -> web.Response:
        board.clear(target=request.query.get("target", ""), fault=request.query.get("fault", ""))
        return web.Response(status=204)

    async def form(request: web.Request) -> web.Response:
        wanted = await form_of(request)
        try:
            _obey(board, wanted)
        except DialError as error:
            return web.Response(status=422, text=str(error))
        raise web.HTTPSeeOther(_page_of(request))

    return [web.get(PATH, listing), web.put(PATH, setting), web.delete(PATH, clearing), web.post(PATH, form)]


def _obey(board: Board, wanted: Mapping[str, str]) -> None:
    if wanted.get("verb") == "clear":
        board.clear(target=wanted.get("target", ""), fault=wanted.get("fault", ""))
    else:
        board.turn(wanted)


def _page_of(request: web.Request) -> str:
    """The page that the form stood on, without its host: a form never leads off the simulator."""
    parts = urlsplit(request.headers.get("Referer", ""))
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{parts.query}#dials" if parts.query else f"{path}#dials"
