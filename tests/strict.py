"""A vendor that is strict about tokens: one refresh token, one use; whoever comes with it twice loses the permission.

A real server on loopback that stands in for Slack, with rotation. It counts what it was asked, and what it refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qsl

CLIENT = ("strict-client", "strict-secret")


@dataclass
class Strict:
    """The one account that it knows. ``slowly`` is how many seconds a renewal takes."""

    slowly: float = 0.0
    life: int = 43_200
    number: int = 1
    revoked: bool = False
    trouble: str = ""  # the word with which every renewal is refused, before anything else is looked at
    alive: set[str] = field(default_factory=lambda: {"xoxe.xoxb-access-1"})  # a renewal leaves the token before alone
    renewals: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    posted: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)  # access tokens that we revoked
    asked: Event = field(default_factory=Event)  # somebody is renewing
    over: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)
    port: int = 0

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def access(self) -> str:
        return f"xoxe.xoxb-access-{self.number}"

    @property
    def refresh(self) -> str:
        return f"xoxe-1-refresh-{self.number}"

    def sign_in(self) -> None:
        """Somebody gives the permission again: there is a new pair."""
        self.number += 1
        self.alive.add(self.access)
        self.revoked = False

    def end(self) -> None:
        """No access token that it has given is good any more."""
        self.alive.clear()

    def renew(self, form: dict[str, str]) -> dict[str, Any]:
        with self.lock:
            self.renewals += 1
            if self.trouble:
                return self._no(self.trouble)
            if (form.get("client_id"), form.get("client_secret")) != CLIENT:
                return self._no("invalid_client_id")
            if self.revoked or form.get("refresh_token") != self.refresh:
                self.revoked = True
                return self._no("invalid_refresh_token")
            self.number += 1
            self.alive.add(self.access)
            given = {"access_token": self.access, "refresh_token": self.refresh, "expires_in": self.life}
        self.asked.set()
        self.over.wait(self.slowly)
        return {"ok": True, "token_type": "bot", **given}

    def post(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            if token not in self.alive or self.revoked:
                return self._no("token_expired")
            self.posted.append(str(body.get("channel")))
        return {"ok": True, "ts": "1.1"}

    def revoke(self, token: str) -> dict[str, Any]:
        with self.lock:
            self.given_back.append(token)
            self.alive.discard(token)
        return {"ok": True, "revoked": True}

    def _no(self, word: str) -> dict[str, Any]:
        self.refused[word] += 1
        return {"ok": False, "error": word}


@contextmanager
def strict(slowly: float = 0.0) -> Iterator[Strict]:
    """The server, until the block ends."""
    vendor = Strict(slowly)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Answers,), {"vendor": vendor}))
    vendor.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        vendor.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Answers(BaseHTTPRequestHandler):
    vendor: ClassVar[Strict]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("oauth.v2.access"):
            answer = self.vendor.renew(dict(parse_qsl(body.decode())))
        else:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            gives_back = self.path.endswith("auth.revoke")
            answer = self.vendor.revoke(token) if gives_back else self.vendor.post(token, json.loads(body))
        said = json.dumps(answer).encode()
        with suppress(OSError):  # whoever asked may be dead by now
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing: the tests count."""
