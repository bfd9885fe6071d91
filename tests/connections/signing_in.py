"""A sign-in as a browser and a provider play it: pages over Django's client, the provider at our door."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.http import HttpResponse
from django.test import Client

from connections.connecting import tickets
from connections.connecting.tickets import Issued
from connections.models import Connection, PendingAuthorization
from connections.provider import Answer, Reply, Request
from tests.world import ACTOR
from workspaces.embed import sessions
from workspaces.embed.sessions import Wanted
from workspaces.models import EmbedSession, Workspace

SLACK_TOKEN = {
    "ok": True,
    "access_token": "xoxb-acme-canary-1",
    "token_type": "bot",
    "scope": "chat:write,chat:write.public,channels:read,groups:read,team:read",
    "bot_user_id": "U0BOT",
    "app_id": "A0APP",
    "team": {"id": "T0ACME", "name": "Acme Team"},
    "enterprise": None,
    "is_enterprise_install": False,
}
OTHER_TOKEN = {**SLACK_TOKEN, "access_token": "xoxb-other-canary-2", "team": {"id": "T0OTHER", "name": "Other Team"}}


def says(answer: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=json.dumps(answer).encode())


@dataclass
class Door:
    """Stands where ``connections.http.send`` does; ``replies`` are by the end of the address."""

    replies: dict[str, Reply | Callable[[Request], Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def send(self, request: Request, *, seconds: float = 15.0, **_: object) -> Reply:
        self.requests.append(request)
        found = next(reply for end, reply in self.replies.items() if request.url.endswith(end))
        return found(request) if callable(found) else found

    def form(self, end: str) -> dict[str, str]:
        """The form of the only request to that address."""
        [request] = [request for request in self.requests if request.url.endswith(end)]
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def open_session(workspace: Workspace) -> EmbedSession:
    return sessions.mint(workspace=workspace, wanted=Wanted(external_user_id="ann"), actor=ACTOR).session


def begin(workspace: Workspace, provider: str = "slack", connection: Connection | None = None) -> Issued:
    session = open_session(workspace)
    return tickets.begin(session=session, provider_slug=provider, actor="ann", connection=connection)


def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def ticket_of(issued: Issued) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(issued.path).query))


def press(client: Client, issued: Issued, **headers: str) -> HttpResponse:
    """The button of the page at the path."""
    answer = client.post("/oauth/start", ticket_of(issued), headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


def depart(client: Client, issued: Issued) -> dict[str, str]:
    """Open the page, press its button, and return what the provider is asked."""
    assert client.get(issued.path).status_code == 200
    answer = press(client, issued)
    assert answer.status_code == 302, answer.content
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def come_back(client: Client, provider: str = "slack", **told: str) -> HttpResponse:
    answer = client.get(f"/oauth/callback/{provider}", told)
    assert isinstance(answer, HttpResponse)
    return answer


def sign_in(client: Client, issued: Issued, **told: str) -> HttpResponse:
    asked = depart(client, issued)
    return come_back(client, issued.pending.provider, **{"state": asked["state"], "code": "the-code", **told})


def text_of(answer: HttpResponse) -> str:
    """What a person reads."""
    words = re.sub("<[^>]+>", " ", answer.content.decode().partition("<main")[2])
    return " ".join(words.split())


def now_of(pending: PendingAuthorization) -> PendingAuthorization:
    found: PendingAuthorization = PendingAuthorization.objects.get(id=pending.id)
    return found


def kept(connection: Connection) -> Mapping[str, Any]:
    """Everything about a connection that a refused sign-in must leave as it was."""
    row: Mapping[str, Any] = Connection.objects.filter(id=connection.id).values().get()
    return {**row, "credentials": bytes(row["credentials"])}
