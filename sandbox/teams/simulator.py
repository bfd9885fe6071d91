"""Teams, put together: the address of each workflow, and the channel in which its cards are seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from sandbox import dials, faults
from sandbox.addresses import Addresses
from sandbox.bodies import parsed
from sandbox.dials import Board
from sandbox.journal import Journal
from sandbox.pages import Pages, application, feed, now
from sandbox.seed import SeedFile
from sandbox.teams.cards import card_of, complaints
from sandbox.teams.workflows import PATH, YOUNGER, Workflow, Workflows

# The status and the word of each.
REFUSALS = {
    "deleted": (404, "WorkflowNotFound"),
    "switched_off": (400, "WorkflowTriggerIsNotEnabled"),
    "owner_left": (401, "InvalidSharedAccessSignature"),
    "tenant_only": (401, "DirectApiAuthorizationRequired"),
}
FAULTS = {
    "deleted": "The workflow was deleted",
    "switched_off": "The workflow was switched off",
    "owner_left": "Its owner left: the signature is no longer good",
    "tenant_only": "Only its own organization may trigger it",
    **faults.FAULTS,
}
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a workflow. ``wrong`` says why no card was shown; the caller got its 202 all the same."""

    number: int
    workflow: str
    team: str
    channel: str
    card: dict[str, Any]
    wrong: tuple[str, ...]
    received_at: str


class Simulator:
    """The channel page, the calls of workflows, and what arrived."""

    def __init__(self, *, seeds: SeedFile, addresses: Addresses) -> None:
        self._workflows = Workflows(seeds)
        self._journal: Journal[Run] = Journal()
        self._board = Board(FAULTS)
        self._pages = Pages(addresses, here="teams")
        self._count = 0

    def app(self) -> web.Application:
        app = application()
        app.router.add_routes(
            [
                web.get("/", self._home),
                web.get("/_sandbox/feed", self._feed),
                web.get("/_sandbox/cards", self._cards),
                web.delete("/_sandbox/cards", self._clear),
                *dials.routes(self._board),
                web.post(PATH, self._run),
                web.post(f"{YOUNGER}{PATH}", self._run),
            ]
        )
        return app

    async def _run(self, request: web.Request) -> web.StreamResponse:
        workflow = self._workflows.find(request.match_info["workflow"])
        if workflow is None:
            return _refusal("deleted")
        if request.query.get("sig") != workflow.signature:
            return _refusal("owner_left")
        body = await request.read()
        dial = self._board.take(workflow.id)
        if dial is None:
            return self._accepted(workflow, body)
        if dial.fault in REFUSALS:
            return _refusal(dial.fault)

        async def answer() -> web.Response:
            return self._accepted(workflow, body)

        return await faults.perform(dial, request, answer=answer, body=lambda status: _error(str(status)))

    def _accepted(self, workflow: Workflow, body: bytes) -> web.Response:
        message = parsed(body)
        self._count += 1
        self._journal.add(
            Run(
                number=self._count,
                workflow=workflow.id,
                team=workflow.team,
                channel=workflow.channel,
                card=card_of(message) or {},
                wrong=tuple(complaints(message)),
                received_at=now(),
            )
        )
        return web.Response(status=202, headers={"x-ms-workflow-run-id": f"{self._count:020d}"})

    async def _home(self, request: web.Request) -> web.Response:
        targets = [(each.id, f"{each.team}, {each.channel}") for each in self._workflows.all()]
        return self._pages.html("teams/home.html", **self._view(request), board=self._board, targets=targets)

    async def _feed(self, request: web.Request) -> web.Response:
        render = lambda: self._pages.fragment("teams/_channel.html", **self._view(request))  # noqa: E731
        return feed(request, version=self._journal.version, render=render)

    def _view(self, request: web.Request) -> dict[str, Any]:
        workflows = self._workflows.all()
        shown = self._workflows.find(request.query.get("workflow", "")) or workflows[0]
        return {
            "workflows": workflows,
            "shown": shown,
            "runs": [run for run in self._journal if run.workflow == shown.id][-MOST_SHOWN:],
            "version": self._journal.version,
            "query_string": f"workflow={shown.id}",
        }

    async def _cards(self, request: web.Request) -> web.Response:
        wanted = request.query.get("workflow", "")
        return web.json_response([asdict(run) for run in self._journal if wanted in ("", run.workflow)])

    async def _clear(self, request: web.Request) -> web.Response:
        wanted = request.query.get("workflow", "")
        self._journal.clear(where=lambda run: wanted in ("", run.workflow))
        return web.Response(status=204)


def teams(*, seeds: SeedFile, addresses: Addresses) -> web.Application:
    """The Teams simulator as an application."""
    return Simulator(seeds=seeds, addresses=addresses).app()


def _refusal(fault: str) -> web.Response:
    status, word = REFUSALS[fault]
    return web.json_response(_error(word), status=status)


def _error(word: str) -> dict[str, Any]:
    return {"error": {"code": word, "message": f"The sandbox answers as if: {word}."}}
